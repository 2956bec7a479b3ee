"""The seq source."""

import threading
from typing import Any

import pytest

from flumepy.channels.memory import MemoryChannel
from flumepy.core.component import Source, Status
from flumepy.core.errors import ChannelError, ConfigurationError, StoppedError
from flumepy.sources.seq import SeqSource
from flumepy.testing.conformance import PollableSourceConformance
from flumepy.testing.fakes import ListChannel, build, connect, wait_until


def numbers(count: int, start: int = 0) -> list[bytes]:
    return [str(number).encode() for number in range(start, start + count)]


def source_into(*channels: ListChannel, **settings: str) -> SeqSource:
    source = build(SeqSource, settings)
    connect(source, *channels)
    source.start()
    return source


class TestLaw(PollableSourceConformance):
    def make(self) -> SeqSource:
        return build(SeqSource, {"totalEvents": "1000"})

    def feed(self, source: Source[Any], bodies: list[bytes]) -> None:
        """It feeds itself."""

    def bodies(self, count: int) -> list[bytes]:
        return numbers(1000 if count > 1 else 1)


def test_bodies_count_from_zero_without_headers() -> None:
    channel = ListChannel(transaction_capacity=100)
    source = source_into(channel)
    assert [source.process() for _ in range(3)] == [Status.READY] * 3
    assert channel.bodies == numbers(300)
    assert [batch.headers for batch in channel.put_batches] == [{}, {}, {}]
    assert (source.counters.event_accepted, source.counters.append_batch_accepted) == (300, 0)
    assert source.counters.event_received == 0


def test_a_put_is_no_larger_than_what_fits() -> None:
    channel = ListChannel(capacity=130, transaction_capacity=100)
    source = source_into(channel)
    source.process()
    source.process()
    assert [len(batch) for batch in channel.put_batches] == [100, 30]


def test_batches_are_counted_as_configured() -> None:
    channel = ListChannel(transaction_capacity=100)
    source = source_into(channel, batchSize="30", totalEvents="100")
    assert [source.process() for _ in range(3)] == [Status.READY, Status.READY, Status.BACKOFF]
    assert channel.bodies == numbers(100)
    assert [len(batch) for batch in channel.put_batches] == [90, 10]
    assert (source.counters.event_accepted, source.counters.append_batch_accepted) == (100, 4)


def test_after_the_total_it_backs_off_for_ever() -> None:
    channel = ListChannel()
    source = source_into(channel, totalEvents="5")
    assert [source.process() for _ in range(3)] == [Status.READY, Status.BACKOFF, Status.BACKOFF]
    assert channel.bodies == numbers(5)


def test_refused_numbers_come_again() -> None:
    channel = ListChannel(transaction_capacity=10)
    channel.failures = [ChannelError("no"), ChannelError("no")]
    source = source_into(channel)
    assert [source.process() for _ in range(4)] == [Status.READY] * 4
    assert channel.bodies == numbers(20)
    assert (source.counters.channel_write_fail, source.counters.event_accepted) == (2, 20)


def test_a_retry_goes_only_to_the_channel_that_lacks_the_batch() -> None:
    first, second = ListChannel("c1", transaction_capacity=10), ListChannel("c2", transaction_capacity=10)
    second.commit_failures = [ChannelError("no")]
    source = source_into(first, second)
    source.process()
    source.process()
    assert (first.bodies, second.bodies) == (numbers(10), numbers(10))


def test_a_full_channel_holds_the_source_until_a_take_or_the_stop() -> None:
    channel = build(MemoryChannel, {"capacity": "100", "keep-alive": "60"})
    source = build(SeqSource)
    outlet = connect(source, channel)
    source.start()
    ends: list[type[BaseException]] = []

    def run() -> None:
        try:
            while True:
                source.process()
        except StoppedError as error:
            ends.append(type(error))

    thread = threading.Thread(target=run)
    thread.start()
    taken: list[bytes] = []
    while len(taken) < 1000:
        wait_until(lambda: channel.size, what="an event")
        with channel.transaction() as transaction:
            taken += [body for batch in transaction.take(100) for body in batch.bodies]
    outlet.interrupt()
    source.interrupt()
    thread.join(10)
    assert not thread.is_alive()
    assert ends == [StoppedError]
    assert taken == numbers(len(taken))
    assert source.counters.event_accepted == len(taken) + channel.size


def test_the_waits_of_the_runner_are_options() -> None:
    source = build(SeqSource, {"backoffSleepIncrement": "7", "maxBackoffSleep": "70"})
    assert (source.backoff_sleep_increment_ms, source.max_backoff_sleep_ms) == (7, 70)


@pytest.mark.parametrize("size", ["0", "-1", "x"])
def test_a_batch_size_below_one_is_refused(size: str) -> None:
    with pytest.raises(ConfigurationError):
        build(SeqSource, {"batchSize": size})


def test_the_batch_size_is_declared() -> None:
    assert build(SeqSource).declared_batch_size == 1
