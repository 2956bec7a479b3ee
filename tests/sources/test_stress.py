"""The stress source."""

import threading
import time
from typing import Any

import pytest

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.component import Source, Status
from flumepy.core.errors import ChannelError, ConfigurationError
from flumepy.core.offer import Done, Line, Offer
from flumepy.sources.stress import StressSource
from flumepy.testing.conformance import PollableSourceConformance
from flumepy.testing.fakes import FakeClock, ListChannel, build, connect, wait_until


def source_into(*channels: ListChannel, clock: FakeClock | None = None, **settings: str) -> StressSource:
    source = build(StressSource, settings, **({"clock": clock} if clock else {}))
    connect(source, *channels)
    source.start()
    return source


class TestLaw(PollableSourceConformance):
    def make(self) -> StressSource:
        return build(StressSource, {"maxSuccessfulEvents": "1000", "size": "2"})

    def feed(self, source: Source[Any], bodies: list[bytes]) -> None:
        """It feeds itself."""

    def bodies(self, count: int) -> list[bytes]:
        return [b"\x7f\x7f"] * (1000 if count > 1 else 1)


def test_bodies_are_constant_and_have_no_headers() -> None:
    channel = ListChannel(transaction_capacity=10)
    source = source_into(channel, size="3")
    assert source.process() is Status.READY
    assert channel.bodies == [b"\x7f\x7f\x7f"] * 10
    assert (channel.put_batches[0].headers, source.counters) == ({}, None)


def test_a_body_has_500_bytes_unless_told() -> None:
    channel = ListChannel(transaction_capacity=1)
    source_into(channel).process()
    assert channel.bodies == [b"\x7f" * 500]


@pytest.mark.parametrize("batch_size", ["1", "30"])
def test_max_total_events_is_hit_exactly(batch_size: str) -> None:
    channel = ListChannel(transaction_capacity=40)
    source = source_into(channel, batchSize=batch_size, maxTotalEvents="100")
    while source.process() is Status.READY:
        pass
    assert source.process() is Status.BACKOFF
    assert (channel.size, source.events_total) == (100, 100)


def test_failed_events_count_towards_the_total_but_not_as_successful() -> None:
    channel = ListChannel(transaction_capacity=10)
    channel.failures = [ChannelError("no")]
    source = source_into(channel, maxTotalEvents="30")
    assert [source.process() for _ in range(4)] == [Status.BACKOFF, Status.READY, Status.READY, Status.BACKOFF]
    assert (source.events_total, source.events_successful, channel.size) == (30, 20, 20)


def test_a_retry_goes_only_to_the_channel_that_lacks_the_batch() -> None:
    first, second = ListChannel("c1", transaction_capacity=10), ListChannel("c2", transaction_capacity=10)
    second.commit_failures = [ChannelError("no")]
    source = source_into(first, second)
    assert [source.process(), source.process()] == [Status.BACKOFF, Status.READY]
    assert (first.size, second.size) == (10, 10)


def test_max_successful_events_ends_after_the_batch_that_reaches_it() -> None:
    channel = ListChannel(transaction_capacity=100)
    source = source_into(channel, batchSize="30", maxSuccessfulEvents="50")
    assert [source.process(), source.process()] == [Status.READY, Status.BACKOFF]
    assert channel.size == 60


def test_a_put_is_no_larger_than_what_fits() -> None:
    channel = ListChannel(capacity=25, transaction_capacity=100)
    source_into(channel, batchSize="10").process()
    assert channel.size == 20


def test_a_limited_rate_neither_drifts_nor_bursts() -> None:
    channel, clock = ListChannel(transaction_capacity=10_000), FakeClock()
    source = source_into(channel, clock=clock, maxEventsPerSecond="1000")
    # Each turn is 10 ms' worth; the clock is moved late and unevenly, yet the sum is what the rate allows.
    for late_ms in [17, 3, 23, 9, 48] * 20:
        clock.advance_ms(late_ms)
        while source._due_s <= clock.monotonic_s():  # the next call would not wait
            source.process()
    assert channel.size == pytest.approx(1000 * 2.0, abs=10)


def test_a_long_pause_is_caught_up_by_a_second_at_most() -> None:
    channel, clock = ListChannel(transaction_capacity=10_000), FakeClock()
    source = source_into(channel, clock=clock, maxEventsPerSecond="1000")
    clock.advance_ms(60_000)
    while True:
        source.process()
        if source._due_s > clock.monotonic_s():
            break
    assert channel.size == pytest.approx(1000, abs=10)


def test_a_wait_for_the_rate_ends_at_an_interrupt() -> None:
    channel = ListChannel(transaction_capacity=100)
    source = source_into(channel, batchSize="100", maxEventsPerSecond="1")
    source.process()
    ended: list[Status] = []
    thread = threading.Thread(target=lambda: ended.append(source.process()))
    begun_s = time.monotonic()
    thread.start()
    wait_until(thread.is_alive)
    source.interrupt()
    thread.join(30)
    assert ended == [Status.BACKOFF]
    assert time.monotonic() - begun_s < 30
    assert channel.size == 100


def test_the_waits_of_the_runner_are_options() -> None:
    source = build(StressSource, {"backoffSleepIncrement": "7", "maxBackoffSleep": "70"})
    assert (source.backoff_sleep_increment_ms, source.max_backoff_sleep_ms) == (7, 70)


@pytest.mark.parametrize(("key", "value"), [("batchSize", "0"), ("size", "-1")])
def test_a_number_that_makes_no_sense_is_refused(key: str, value: str) -> None:
    with pytest.raises(ConfigurationError):
        build(StressSource, {key: value})


def test_the_batch_size_is_declared() -> None:
    assert build(StressSource, {"batchSize": "9"}).declared_batch_size == 9


class SlowDurableChannel(MemoryChannel):
    """Ends its puts when it is told to, as a channel whose disk is at work."""

    durability = "power-safe"
    open_offers: list[tuple[Offer, Done]]

    def start(self) -> None:
        self.open_offers = []

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        open_offer = Offer()
        self.open_offers.append((open_offer, done))
        return open_offer

    def end(self, error: ChannelError | None = None) -> None:
        offer, done = self.open_offers.pop(0)
        offer.is_done, offer.error = True, error
        done(offer)

    def stop(self) -> None:
        while self.open_offers:
            self.end()


def durable(**settings: str) -> tuple[StressSource, SlowDurableChannel]:
    channel = build(SlowDurableChannel, {"transactionCapacity": "1"})
    channel.start()
    source = build(StressSource, {"batchSize": "1", **settings})
    connect(source, channel)
    source.start()
    return source, channel


def test_into_a_durable_channel_several_puts_are_on_their_way() -> None:
    source, channel = durable()
    for _ in range(5):
        assert source.process() is Status.READY
    assert (len(channel.open_offers), source.events_successful) == (5, 0)
    for _ in range(5):
        channel.end()
    assert source.process() is Status.READY
    assert source.events_successful == 5


def test_a_put_on_its_way_counts_towards_the_most_successful_events_until_it_fails() -> None:
    source, channel = durable(maxSuccessfulEvents="3")
    for _ in range(3):
        assert source.process() is Status.READY
    channel.end()
    channel.end(ChannelError("no"))
    channel.end()
    assert source.process() is Status.BACKOFF  # it learns of the failure
    assert source.process() is Status.READY
    channel.end()
    assert source.process() is Status.BACKOFF
    assert source.events_successful == 3


def test_a_stop_counts_what_was_on_its_way() -> None:
    source, channel = durable()
    for _ in range(3):
        source.process()
    channel.stop()
    source.stop()
    assert (source.events_total, source.events_successful) == (3, 3)
