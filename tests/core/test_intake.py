"""Units in, answers out: in order, each with its own outcome, whatever the channel does."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context, Interceptor, Source
from flumepy.core.errors import (
    BatchTooLargeError,
    ChannelError,
    ChannelFullError,
    FlumeError,
    InterceptorError,
    StoppedError,
)
from flumepy.core.intake import READ_AHEAD_BYTES, Intake, Parcel
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import NoOptions
from flumepy.core.outlet import DEEP_BYTES
from flumepy.testing.fakes import ListChannel, build, connect, wait_until


class ManualLoop:
    """A loop whose turns are made by the test."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []
        self.later: list[Callable[[], object]] = []

    def call_soon(self, callback: Callable[[], object]) -> object:
        self.calls.append(callback)
        return None

    def call_soon_threadsafe(self, callback: Callable[[], object]) -> object:
        return self.call_soon(callback)

    def call_later(self, delay: float, callback: Callable[[], object]) -> object:
        self.later.append(callback)
        return None

    def turn(self) -> None:
        """Make the turn in which the intake lets the loop read once more, and the one in which it flushes."""
        for _ in range(2):
            calls, self.calls = self.calls, []
            for call in calls:
                call()


class SlowChannel(ListChannel):
    """Offers end when the test says so, in any order; `room` is what the test says."""

    def __init__(self, **limits: Any) -> None:
        super().__init__(**limits)
        self.open: list[tuple[Offer, EventBatch, Done, bool]] = []
        self.room_left: int | None = None

    def room(self) -> int | None:
        return self.room_left

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        offer = _SlowOffer(self, batch, done)
        if wait:
            self.open.append((offer, batch, done, wait))
        else:
            super().offer(batch, lambda inner: offer.end(inner.error))
        return offer

    def end_first(self, error: FlumeError | None = None) -> None:
        offer, batch, _, _ = self.open.pop(0)
        if error is None:
            self.add(*batch.bodies)
        offer.end(error)  # type: ignore[attr-defined]


class _SlowOffer(Offer):
    def __init__(self, channel: SlowChannel, batch: EventBatch, done: Done) -> None:
        super().__init__()
        self.channel, self.batch, self.done = channel, batch, done

    def end(self, error: FlumeError | None) -> None:
        self.error = error
        self.is_done = True
        self.done(self)

    def withdraw(self) -> None:
        if not self.is_done:
            self.channel.open = [entry for entry in self.channel.open if entry[0] is not self]
            self.end(StoppedError("given up"))


class Bench:
    """An intake on a manual loop, with a record of answers and pauses."""

    def __init__(self, *channels: Channel[Any], interceptors: list[Interceptor[Any]] | None = None) -> None:
        self.loop = ManualLoop()
        self.pauses: list[str] = []
        self.answers: list[tuple[str, int, FlumeError | None]] = []
        self.outlet = connect(Source(Context("r1"), NoOptions()), *channels, interceptors=interceptors)
        self.intake = Intake(
            self.outlet, self.loop, lambda: self.pauses.append("pause"), lambda: self.pauses.append("resume")
        )

    def add(self, name: str, bodies: list[bytes], unit_sizes: list[int] | None = None) -> None:
        self.intake.add(
            Parcel(EventBatch(bodies), lambda units, error: self.answers.append((name, units, error)), unit_sizes)
        )

    def outcome(self, name: str) -> list[bool]:
        """Return per unit of this parcel whether it was accepted, in order of the answers."""
        return [error is None for who, units, error in self.answers if who == name for _ in range(units)]


def bodies(count: int, prefix: str = "") -> list[bytes]:
    return [f"{prefix}{number}".encode() for number in range(count)]


def test_parcels_of_one_turn_become_one_transaction() -> None:
    channel = ListChannel()
    bench = Bench(channel)
    bench.add("a", [b"1", b"2"])
    bench.add("b", [b"3"])
    assert channel.put_batches == []
    bench.loop.turn()
    assert [batch.bodies for batch in channel.put_batches] == [[b"1", b"2", b"3"]]
    assert bench.answers == [("a", 2, None), ("b", 1, None)]
    assert bench.pauses == []
    assert bench.intake.is_idle


def test_no_transaction_is_larger_than_the_limit_and_no_unit_is_cut() -> None:
    channel = ListChannel(transaction_capacity=10)
    bench = Bench(channel)
    bench.add("a", bodies(25))
    bench.add("b", bodies(12), [4, 4, 4])
    bench.loop.turn()
    assert [len(batch) for batch in channel.put_batches] == [10, 10, 9, 8]
    assert channel.bodies == bodies(25) + bodies(12)
    assert bench.outcome("a") == [True] * 25
    assert bench.outcome("b") == [True] * 3


def test_a_unit_over_the_limit_is_refused_and_the_others_pass() -> None:
    channel = ListChannel(transaction_capacity=10)
    bench = Bench(channel)
    bench.add("a", bodies(3))
    bench.add("b", bodies(11), [11])
    bench.add("c", bodies(3))
    bench.loop.turn()
    assert [(name, type(error)) for name, _, error in bench.answers] == [
        ("a", type(None)),
        ("b", BatchTooLargeError),
        ("c", type(None)),
    ]
    assert len(channel.bodies) == 6


def test_of_150_lines_a_channel_with_room_for_40_takes_the_first_40() -> None:
    channel = build(MemoryChannel, {"capacity": "100", "transactionCapacity": "100", "keep-alive": "0"})
    with channel.transaction() as transaction:
        transaction.put(EventBatch(bodies(60)))
    bench = Bench(channel)
    bench.add("a", bodies(150, "line"))
    bench.loop.turn()
    assert bench.outcome("a") == [True] * 40 + [False] * 110
    assert all(isinstance(error, ChannelFullError) for _, _, error in bench.answers if error)
    assert channel.size == 100


def test_lines_that_wait_for_room_wait_together_and_only_once() -> None:
    channel = build(MemoryChannel, {"capacity": "20", "transactionCapacity": "10", "keep-alive": "1"})
    bench = Bench(channel)
    bench.add("a", bodies(100))
    bench.loop.turn()
    assert bench.outcome("a") == [True] * 20
    assert bench.pauses == ["pause"]
    wait_until(lambda: bench.loop.calls, what="the keep-alive", timeout_s=5)
    bench.loop.turn()
    assert bench.outcome("a") == [True] * 20 + [False] * 80
    assert bench.pauses == ["pause", "resume"]
    assert bench.intake.is_idle


def test_a_taker_makes_room_for_the_waiting_rest() -> None:
    channel = build(MemoryChannel, {"capacity": "20", "transactionCapacity": "10", "keep-alive": "60"})
    bench = Bench(channel)
    bench.add("a", bodies(35))
    bench.loop.turn()
    taken: list[bytes] = []
    while len(taken) < 35:
        with channel.transaction() as transaction:
            taken += [body for batch in transaction.take(10) for body in batch.bodies]
        bench.loop.turn()
    assert taken == bodies(35)
    assert bench.outcome("a") == [True] * 35
    assert bench.pauses == ["pause", "resume"]


def test_reading_pauses_while_a_commit_is_open_and_later_parcels_keep_behind() -> None:
    channel = SlowChannel()
    bench = Bench(channel)
    bench.add("a", [b"1"])
    bench.loop.turn()
    assert bench.pauses == ["pause"]
    bench.add("b", [b"2"])
    bench.loop.turn()
    assert len(channel.open) == 1
    channel.end_first()
    bench.loop.turn()
    assert bench.answers == [("a", 1, None)]
    channel.end_first()
    bench.loop.turn()
    assert bench.answers == [("a", 1, None), ("b", 1, None)]
    assert channel.bodies == [b"1", b"2"]
    assert bench.pauses == ["pause", "resume"]


class SlowDisk(SlowChannel):
    """A channel whose offers wait for a disk."""

    durability = "power-safe"


def test_while_a_disk_works_reading_goes_on_and_what_comes_is_one_transaction() -> None:
    channel = SlowDisk()
    bench = Bench(channel)
    bench.add("a", [b"1"])
    bench.loop.turn()
    for number in range(2, 6):
        bench.add("b", [b"%d" % number])
        bench.loop.turn()
    assert bench.pauses == []
    assert len(channel.open) == 1, "they wait for the one before"
    channel.end_first()
    bench.loop.turn()
    assert [len(batch) for _, batch, _, _ in channel.open] == [4]
    assert bench.answers == [("a", 1, None)], "nothing is answered before it is stored"
    channel.end_first()
    bench.loop.turn()
    assert channel.bodies == [b"1", b"2", b"3", b"4", b"5"]
    assert bench.outcome("b") == [True] * 4
    assert bench.intake.is_idle


def test_reading_ahead_ends_where_enough_is_gathered_and_begins_again_when_that_is_on_its_way() -> None:
    channel = SlowDisk()
    bench = Bench(channel)
    bench.add("a", [b"1"])
    bench.loop.turn()
    for _ in range(4):
        bench.add("b", [bytes(READ_AHEAD_BYTES // 4)])
        bench.loop.turn()
    assert bench.pauses == ["pause"]
    channel.end_first()
    bench.loop.turn()
    assert bench.pauses == ["pause", "resume"]
    assert len(channel.open) == 1


def test_empty_events_are_not_read_ahead_without_end() -> None:
    channel = SlowDisk()
    bench = Bench(channel)
    bench.add("a", [b"1"])
    bench.loop.turn()
    bench.add("b", [b""] * (READ_AHEAD_BYTES // 8))
    bench.loop.turn()
    assert bench.pauses == ["pause"]


def test_what_was_read_ahead_of_a_failure_comes_behind_what_is_tried_again() -> None:
    channel = SlowDisk()
    bench = Bench(channel)
    bench.add("a", [b"1", b"2"])
    bench.loop.turn()
    bench.add("b", [b"3"])
    bench.loop.turn()
    channel.end_first(ChannelError("disk"))
    bench.loop.turn()
    channel.end_first()
    bench.loop.turn()
    assert channel.bodies == [b"1", b"2", b"3"]
    assert [name for name, _, _ in bench.answers] == ["a", "a", "b"]


def test_nothing_overtakes_a_transaction_that_is_tried_again() -> None:
    channel = SlowChannel(transaction_capacity=2)
    channel.room_left = 0
    bench = Bench(channel)
    bench.add("a", bodies(5))
    bench.loop.turn()
    assert len(channel.open) == 1
    channel.end_first(ChannelFullError("full"))
    bench.loop.turn()
    assert channel.bodies == bodies(5)
    assert bench.outcome("a") == [True] * 5


def test_transactions_with_room_go_out_together_and_are_answered_in_order() -> None:
    channel = SlowChannel(transaction_capacity=2)
    channel.room_left = 100
    bench = Bench(channel)
    bench.add("a", bodies(6))
    bench.loop.turn()
    assert len(channel.open) == 3
    channel.end_first()
    channel.end_first(ChannelError("disk"))
    channel.end_first()
    bench.loop.turn()
    assert bench.outcome("a") == [True, True, False, False, True, True]


def test_a_bad_unit_does_not_take_its_neighbours_with_it() -> None:
    channel = ListChannel()
    bench = Bench(channel, interceptors=[RefusesBad(Context("i1"), NoOptions())])
    bench.add("a", [b"good", b"bad", b"fine"])
    bench.add("b", [b"well"])
    bench.loop.turn()
    assert bench.outcome("a") == [True, False, True]
    assert bench.outcome("b") == [True]
    assert channel.bodies == [b"good", b"fine", b"well"]
    failure = next(error for _, _, error in bench.answers if error)
    assert isinstance(failure, InterceptorError)
    assert "bad one" in str(failure)


class RefusesBad(Interceptor[NoOptions]):
    """A plugin with a bug."""

    def intercept(self, batch: EventBatch) -> EventBatch:
        if b"bad" in batch.bodies:
            raise ValueError("bad one")
        return batch


def test_a_partly_committed_transaction_is_not_sent_again() -> None:
    channel = ListChannel()
    failure = ChannelError("second channel failed")
    failure.committed = True
    channel.failures = [failure]
    bench = Bench(channel)
    bench.add("a", [b"1", b"2"])
    bench.loop.turn()
    assert bench.outcome("a") == [False, False]
    assert channel.bodies == []


def test_too_many_bytes_for_one_transaction_are_sent_in_smaller_ones() -> None:
    settings = {"byteCapacity": "2000", "byteCapacityBufferPercentage": "0", "keep-alive": "0", "capacity": "100"}
    channel = build(MemoryChannel, settings)
    bench = Bench(channel)
    bench.add("a", [bytes(900)] * 3)
    bench.loop.turn()
    assert bench.outcome("a") == [True, True, False]


def test_a_parcel_without_events_is_answered_in_its_turn() -> None:
    channel = SlowChannel()
    bench = Bench(channel)
    bench.add("a", [b"1"])
    bench.add("b", [], [0])
    bench.loop.turn()
    bench.add("c", [], [0])
    assert bench.answers == []
    channel.end_first()
    bench.loop.turn()
    assert [name for name, _, _ in bench.answers] == ["a", "b", "c"]
    assert all(error is None for _, _, error in bench.answers)


def test_a_parcel_without_events_needs_no_channel() -> None:
    channel = ListChannel()
    channel.failures = [ChannelError("no")]
    bench = Bench(channel)
    bench.add("a", [], [0])
    bench.loop.turn()
    assert bench.answers == [("a", 1, None)]
    assert channel.put_batches == []


def test_stopping_ends_what_waits() -> None:
    channel = SlowChannel(transaction_capacity=1)
    bench = Bench(channel)
    bench.add("a", bodies(3))
    bench.loop.turn()
    bench.outlet.interrupt()
    bench.loop.turn()
    assert [type(error) for _, _, error in bench.answers] == [StoppedError] * 3
    assert bench.intake.is_idle


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=6), min_size=1, max_size=6),
    st.integers(1, 12),
    st.integers(0, 30),
)
def test_every_unit_is_answered_once_in_order_and_exactly_the_accepted_ones_arrive(
    parcels: list[list[int]], limit: int, capacity: int
) -> None:
    channel = ListChannel(transaction_capacity=limit, capacity=capacity)
    bench = Bench(channel)
    units: dict[str, list[list[bytes]]] = {}
    for number, sizes in enumerate(parcels):
        name = f"p{number}"
        units[name] = [[f"{name}.{unit}.{event}".encode() for event in range(size)] for unit, size in enumerate(sizes)]
        bench.add(name, [body for unit in units[name] for body in unit], sizes)
    bench.loop.turn()
    expected: list[bytes] = []
    for name, parts in units.items():
        outcome = bench.outcome(name)
        assert len(outcome) == len(parts)
        expected += [body for unit, accepted in zip(parts, outcome, strict=True) if accepted for body in unit]
    assert channel.bodies == expected
    assert [name for name, _, _ in bench.answers] == sorted((n for n, _, _ in bench.answers), key=lambda n: int(n[1:]))
    assert all(len(batch) <= limit for batch in channel.put_batches)


@pytest.mark.parametrize("turns", [1, 3])
def test_flushing_nothing_changes_nothing(turns: int) -> None:
    bench = Bench(ListChannel())
    for _ in range(turns):
        bench.intake.flush()
    assert (bench.answers, bench.pauses) == ([], [])


def test_what_arrives_in_the_turn_before_the_flush_shares_the_transaction() -> None:
    channel = ListChannel()
    bench = Bench(channel)
    bench.add("a", [b"1"])
    bench.loop.calls.append(lambda: bench.add("b", [b"2"]))
    bench.loop.turn()
    assert channel.put_batches == [EventBatch([b"1", b"2"])]


class DeepChannel(ListChannel):
    """A channel that says how many bytes it holds."""

    depth = 0

    @property
    def bytes_queued(self) -> int:
        return self.depth


def test_reading_rests_once_where_the_sinks_are_far_behind_and_then_goes_on() -> None:
    channel = DeepChannel()
    bench = Bench(channel)
    channel.depth = 10 * DEEP_BYTES
    bench.add("a", bodies(1))
    bench.loop.turn()
    assert bench.outcome("a") == [True], "what was received is answered before the rest"
    assert bench.pauses == ["pause"]
    for call in bench.loop.later:
        call()
    assert bench.pauses == ["pause", "resume"], "a channel that stays deep slows reading and does not stop it"


def test_a_shallow_channel_is_read_into_without_a_rest() -> None:
    channel = DeepChannel()
    bench = Bench(channel)
    channel.depth = DEEP_BYTES
    bench.add("a", bodies(1))
    bench.loop.turn()
    assert bench.pauses == []
