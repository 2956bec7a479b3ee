"""The pseudo-transactional channel."""

import threading

import pytest

from flumepy.channels.pseudo_transactional import PseudoTransactionalChannel
from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelFullError, ConfigurationError, FlumeError, StoppedError
from flumepy.core.offer import Line, Offer
from flumepy.core.threads import Wakeup
from flumepy.testing.conformance import ChannelConformance
from flumepy.testing.fakes import FakeClock, build, wait_until


def channel_of(**settings: str) -> PseudoTransactionalChannel:
    channel = build(PseudoTransactionalChannel, settings, name="c1")
    channel.start()
    return channel


def put(channel: PseudoTransactionalChannel, *bodies: bytes) -> None:
    with channel.transaction() as transaction:
        transaction.put(EventBatch(list(bodies)))


def take(channel: PseudoTransactionalChannel, limit: int = 1000) -> list[bytes]:
    with channel.transaction() as transaction:
        return [body for batch in transaction.take(limit) for body in batch.bodies]


def offer(channel: PseudoTransactionalChannel, count: int, **how: bool) -> tuple[Offer, list[FlumeError | None]]:
    ends: list[FlumeError | None] = []
    return channel.offer(EventBatch([b"x"] * count), lambda ended: ends.append(ended.error), **how), ends


class TestLaw(ChannelConformance):
    def make(self) -> PseudoTransactionalChannel:
        return build(PseudoTransactionalChannel, {"capacity": "1000"})

    def make_waiting(self) -> PseudoTransactionalChannel:
        return build(PseudoTransactionalChannel, {"capacity": "4"})


def test_events_leave_in_the_order_they_came_and_are_counted() -> None:
    channel = channel_of()
    put(channel, b"a", b"b")
    put(channel, b"c")
    assert [take(channel, 2), take(channel), take(channel)] == [[b"a", b"b"], [b"c"], []]
    counters = channel.counters
    assert (counters.channel_capacity, counters.channel_size) == (50, 0)
    assert (counters.put_attempt, counters.put_success, counters.take_attempt, counters.take_success) == (3, 3, 5, 3)


def test_rolled_back_takes_return_to_the_head_and_rolled_back_puts_vanish() -> None:
    channel = channel_of()
    put(channel, b"a", b"b", b"c")
    with channel.transaction() as transaction:
        transaction.take(2)
        transaction.put(EventBatch([b"never"]))
        transaction.rollback()
    assert take(channel) == [b"a", b"b", b"c"]


def test_a_commit_of_some_gives_the_others_back() -> None:
    channel = channel_of(capacity="3")
    put(channel, b"a", b"b", b"c")
    with channel.transaction() as transaction:
        transaction.take(3)
        transaction.commit(taken=1)
    assert (channel.size, channel.room(), channel.counters.take_success) == (2, 1, 1)
    assert take(channel) == [b"b", b"c"]


def test_a_put_waits_for_room_as_long_as_it_takes() -> None:
    channel = channel_of(capacity="2")
    put(channel, b"a", b"b")
    thread = threading.Thread(target=put, args=(channel, b"c"))
    thread.start()
    wait_until(lambda: channel._waiting, what="the put's wait")
    assert channel.room() == 0
    with channel.transaction() as transaction:
        transaction.take(1)
        assert channel.size == 1  # an open take still counts against the capacity
    thread.join(10)
    assert take(channel) == [b"b", b"c"]


def test_waiting_offers_are_served_in_order() -> None:
    channel = channel_of(capacity="4")
    put(channel, b"a", b"b", b"c")
    big, small = offer(channel, 3), offer(channel, 1)
    assert (big[1], small[1]) == ([], [])
    take(channel, 2)
    assert (big[1], small[1]) == ([None], [])
    take(channel, 1)
    assert small[1] == [None]


def test_an_offer_that_must_not_wait_fails_at_once() -> None:
    channel = channel_of(capacity="2")
    put(channel, b"a")
    _, ends = offer(channel, 2, wait=False)
    assert [(type(error), str(error)) for error in ends] == [(ChannelFullError, "c1: no room for 2 events now")]


def test_held_room_is_filled_by_commit_and_freed_by_withdraw() -> None:
    channel = channel_of(capacity="2")
    held, _ = offer(channel, 2, hold=True)
    assert (channel.size, channel.room()) == (0, 0)
    held.commit()
    assert channel.size == 2
    take(channel)
    held, _ = offer(channel, 2, hold=True)
    held.withdraw()
    assert (channel.size, channel.room()) == (0, 2)


def test_a_waiting_offer_that_is_withdrawn_ends_and_lets_the_next_go() -> None:
    channel = channel_of(capacity="2")
    put(channel, b"a")
    big, small = offer(channel, 2), offer(channel, 1)
    big[0].withdraw()
    assert [type(error) for error in big[1]] == [StoppedError]
    assert (small[1], channel.size) == ([None], 2)


def test_stop_ends_waiting_puts_and_keeps_the_events() -> None:
    channel = channel_of(capacity="1")
    put(channel, b"a")
    _, ends = offer(channel, 1)
    channel.stop()
    channel.stop()
    assert [type(error) for error in ends] == [StoppedError]
    assert take(channel) == [b"a"]


def test_a_batch_larger_than_the_capacity_goes_in_alone() -> None:
    channel = channel_of(capacity="2")
    put(channel, b"a")
    large, ends = offer(channel, 5)
    assert (large.is_done, ends) == (False, [])
    take(channel)
    assert (ends, channel.size, channel.room()) == ([None], 5, 0)


def test_a_batch_larger_than_the_capacity_keeps_its_place_in_line() -> None:
    channel, line = channel_of(capacity="2"), Line()
    put(channel, b"a")
    ended: list[str] = []
    for name, count in (("large", 5), ("small", 1)):
        channel.offer(EventBatch([b"x"] * count), lambda _, name=name: ended.append(name), line=line)
    assert ended == []
    take(channel)
    assert ended == ["large"]
    take(channel)
    assert ended == ["large", "small"]


def test_one_that_leaves_the_line_takes_those_behind_it_along() -> None:
    channel, line = channel_of(capacity="2"), Line()
    put(channel, b"a")
    ends: list[FlumeError | None] = []
    first = channel.offer(EventBatch([b"1", b"2"]), lambda ended: ends.append(ended.error), line=line)
    channel.offer(EventBatch([b"3"]), lambda ended: ends.append(ended.error), line=line)
    first.withdraw()
    assert [type(error) for error in ends] == [StoppedError, StoppedError]
    assert take(channel) == [b"a"]


def test_one_transaction_takes_and_puts_as_much_as_the_channel_holds() -> None:
    channel = channel_of(capacity="3")
    with channel.transaction() as transaction:
        transaction.put(EventBatch([b"a", b"b"]))
        transaction.put(EventBatch([b"c"]))
    assert channel.transaction_capacity is None
    with channel.transaction() as transaction:
        assert [len(batch) for batch in transaction.take(2)] == [2]
        assert [len(batch) for batch in transaction.take(2)] == [1]
        assert (channel.size, channel.undelivered) == (0, 3)
    assert channel.undelivered == 0


def test_the_age_and_the_bytes_are_known() -> None:
    clock = FakeClock()
    channel = build(PseudoTransactionalChannel, clock=clock)
    put(channel, b"old", b"too")
    clock.advance_ms(5000)
    assert (channel.oldest_event_age_s, channel.bytes_queued) == (5.0, 6)
    take(channel)
    assert (channel.oldest_event_age_s, channel.bytes_queued) == (0.0, 0)


def test_a_put_wakes_who_listens() -> None:
    channel, wakeup = channel_of(), Wakeup()
    channel.listen(wakeup)
    wakeup.is_armed = True
    put(channel, b"a")
    assert wakeup.wait(0)


def test_more_capacity_lets_waiting_puts_in() -> None:
    channel = channel_of(capacity="1")
    put(channel, b"a")
    _, ends = offer(channel, 1)
    channel.reconfigure(PseudoTransactionalChannel.Options(capacity=2))
    assert (ends, channel.size, channel.counters.channel_capacity) == ([None], 2, 2)


def test_a_capacity_below_one_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        channel_of(capacity="0")
