"""Where the events of the spillable channel go, and in which order they leave."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from flumepy.channels.spillable_memory.channel import SpillableMemoryChannel, SpillableMemoryOptions, slots_of
from flumepy.core.channel import Channel
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, FlumeError, StoppedError
from flumepy.core.offer import Line
from flumepy.core.options import require_options
from flumepy.core.threads import Wakeup, start_thread
from flumepy.testing.conformance.channel_tools import Ends, batch_of, bodies_of, put, take
from flumepy.testing.conformance.component import running
from tests.channels.spillable_cases import STORES, offer, spillable

pytestmark = pytest.mark.parametrize("store", STORES)


def takes(channel: Channel[Any]) -> list[list[bytes]]:
    """Return what each take gets until there is nothing."""
    return list(iter(lambda: take(channel, 100), []))


def mixed(channel: SpillableMemoryChannel) -> None:
    """Put 1 and 2 into memory, 3 and 4 into the file, 5 into memory, 6 into the file; 1 is taken."""
    put(channel, b"1", b"2")
    put(channel, b"3", b"4")
    assert take(channel, 1) == [b"1"]
    put(channel, b"5")
    put(channel, b"6")
    assert (channel._order.in_memory, channel._order.in_file) == (2, 3)


def test_events_leave_in_the_order_of_their_puts_and_takes_are_cut_between_memory_and_file(
    store: str, tmp_path: Path
) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2)) as channel:
        mixed(channel)
        assert channel.size == channel.counters.channel_size == 5
        assert takes(channel) == [[b"2"], [b"3", b"4"], [b"5"], [b"6"]]
        assert channel.size == channel.counters.channel_size == 0
        assert (channel.counters.put_success, channel.counters.take_success) == (6, 6)


def test_a_put_that_finds_no_room_in_memory_goes_to_the_file_after_the_timeout(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2, overflowTimeout=1)) as channel:
        put(channel, b"1", b"2")
        ends = offer(channel, b"3")
        assert not ends.offers, "it did not wait for memory"
        assert ends.wait(1)[0].error is None
        second = offer(channel, b"4")
        assert second.wait(1)[0].error is None
        assert channel._order.in_file == 2, "overflow is active, and a put went elsewhere"
        assert takes(channel) == [[b"1", b"2"], [b"3", b"4"]]


def test_a_put_that_waits_goes_to_memory_as_soon_as_there_is_room(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2, overflowTimeout=60)) as channel:
        put(channel, b"1", b"2")
        ends = offer(channel, b"3")
        assert take(channel, 1) == [b"1"]
        assert ends.wait(1)[0].error is None
        assert channel._order.in_file == 0


def test_overflow_ends_when_enough_of_the_memory_is_free(store: str, tmp_path: Path) -> None:
    channel = spillable(store, tmp_path, memoryCapacity=4, overflowDeactivationThreshold=50, overflowTimeout=0)
    with running(channel):
        put(channel, b"1", b"2", b"3", b"4")
        put(channel, b"5")
        assert channel._is_active
        take(channel, 1)
        assert channel._is_active
        take(channel, 1)
        assert not channel._is_active


def test_a_batch_goes_whole_to_one_place(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=4)) as channel:
        put(channel, b"1", b"2", b"3")
        put(channel, b"4", b"5")
        assert (channel._order.in_memory, channel._order.in_file) == (3, 2)


def test_a_batch_larger_than_the_memory_goes_to_the_file_without_waiting(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2, overflowTimeout=60)) as channel:
        assert offer(channel, b"1", b"2", b"3").wait(1)[0].error is None
        assert channel._order.in_file == 3
        assert not channel._is_active


def test_takes_that_are_rolled_back_in_any_order_find_their_places_again(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2)) as channel:
        mixed(channel)
        orders = [(3, 2, 1, 0), (0, 1, 2, 3), (1, 3, 0, 2), (2, 0, 3, 1)]
        for order in orders if store == "file" else orders[:1]:  # the other one keeps to the order of the roll-backs
            opened = [channel.transaction().__enter__() for _ in range(4)]
            assert [bodies_of(one.take(10)) for one in opened] == [[b"2"], [b"3", b"4"], [b"5"], [b"6"]]
            assert channel.size == 0
            for position in order:
                opened[position].rollback()
            assert channel.size == 5
        assert takes(channel) == [[b"2"], [b"3", b"4"], [b"5"], [b"6"]]


def test_what_goes_to_the_file_stands_behind_a_take_from_memory_that_comes_back(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2)) as channel:
        put(channel, b"1", b"2")
        put(channel, b"3")
        assert take(channel, 2) == [b"1", b"2"]
        put(channel, b"4")
        from_file, from_memory = channel.transaction().__enter__(), channel.transaction().__enter__()
        assert [bodies_of(from_file.take(9)), bodies_of(from_memory.take(9))] == [[b"3"], [b"4"]]
        from_file.rollback()
        put(channel, b"5", b"6")
        from_memory.rollback()
        assert takes(channel) == [[b"3"], [b"4"], [b"5", b"6"]]


def test_a_partial_commit_returns_the_rest_of_what_the_file_gave(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=1)) as channel:
        put(channel, b"1", b"2", b"3", b"4")
        with channel.transaction() as transaction:
            assert bodies_of(transaction.take(4)) == [b"1", b"2", b"3", b"4"]
            put(channel, b"5")
            transaction.commit(taken=1)
        assert takes(channel) == [[b"2", b"3", b"4"], [b"5"]]


def test_when_both_are_full_a_put_is_refused_and_a_later_one_is_not(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2, overflowCapacity=4)) as channel:
        put(channel, b"1", b"2")
        put(channel, b"3", b"4", b"5", b"6")
        assert channel.counters.channel_capacity == 6
        assert channel.room() == 0
        with pytest.raises(ChannelFullError, match="memoryCapacity 2 and overflowCapacity 4 have been reached"):
            put(channel, b"7")
        assert takes(channel) == [[b"1", b"2"], [b"3", b"4", b"5", b"6"]]
        put(channel, b"7")


def test_when_both_are_full_a_put_waits_for_room_in_either(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=1, overflowCapacity=4, overflowTimeout=60)) as channel:
        put(channel, b"1", b"2", b"3", b"4")
        put(channel, b"5")
        large, small = offer(channel, b"6", b"7"), offer(channel, b"8")
        assert take(channel, 2) == [b"1", b"2"]
        assert large.wait(1)[0].error is None
        assert not small.offers
        assert take(channel, 100) == [b"3", b"4"]
        assert take(channel, 100) == [b"5"]
        assert small.wait(1)[0].error is None
        assert takes(channel) == [[b"6", b"7"], [b"8"]]


def test_puts_of_one_line_keep_their_order_through_the_file(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=3, overflowCapacity=1000)) as channel:
        line = Line()
        all_ends = [offer(channel, b"%d" % number, line=line) for number in range(200)]
        assert all(ends.wait(1)[0].error is None for ends in all_ends)
        assert [int(body) for part in takes(channel) for body in part] == list(range(200))


@pytest.mark.parametrize("timeout_s", [0, 60])
def test_two_lines_keep_their_orders_while_overflow_comes_and_goes(store: str, tmp_path: Path, timeout_s: int) -> None:
    settings: Any = {"memoryCapacity": 20, "overflowCapacity": 100_000, "overflowTimeout": timeout_s}
    with running(spillable(store, tmp_path, **settings)) as channel:
        ends: list[Ends] = []

        def put_all(name: str) -> None:
            line = Line()
            for start in range(0, 1500, 3):
                ends.append(offer(channel, *[b"%s %d" % (name.encode(), start + n) for n in range(3)], line=line))

        threads = [start_thread(f"put-{name}", partial(put_all, name)) for name in "ab"]
        taken: list[bytes] = []
        wakeup = Wakeup()
        channel.listen(wakeup)
        while len(taken) < 3000:
            wakeup.is_armed = True
            got = take(channel, 100)
            assert got or channel.size or wakeup.wait(10), "a taker was not woken"
            taken += got
        for thread in threads:
            thread.join(10)
        assert all(one.wait(1)[0].error is None for one in ends)
        for name in (b"a", b"b"):
            assert [int(body[2:]) for body in taken if body.startswith(name)] == list(range(1500))
        assert (channel.size, channel.undelivered, channel._file_used, channel._used_slots) == (0, 0, 0, 0)


def test_events_on_the_way_to_the_file_are_not_overtaken(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2, overflowTimeout=60)) as channel:
        large, small = offer(channel, b"1", b"2", b"3"), offer(channel, b"4")
        large.wait(1)
        small.wait(1)
        assert takes(channel) == [[b"1", b"2", b"3"], [b"4"]]


def test_a_put_held_in_the_file_can_be_committed_or_withdrawn(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=0, overflowCapacity=4)) as channel:
        ends = Ends()
        held = [channel.offer(batch_of(b"1", b"2"), ends, hold=True) for _ in range(2)]
        ends.wait(2)
        assert channel.room() == 0
        held[0].withdraw()
        assert channel.room() == 2
        errors: list[FlumeError | None] = []
        held[1].commit_then(errors.append)
        held[0].commit_then(errors.append)
        assert any(isinstance(error, StoppedError) for error in errors)
        put(channel, b"3")
        assert [int(body) for part in takes(channel) for body in part] == [1, 2, 3]


def test_bytes_are_counted_in_slots(store: str, tmp_path: Path) -> None:
    settings: Any = {"byteCapacity": "100", "byteCapacityBufferPercentage": "0", "avgEventSize": "10"}
    assert slots_of(batch_of(b"", b"x" * 10, b"x" * 11), 10) == 4
    assert slots_of(batch_of(b"", b"x" * 10), 10) == 2
    with running(spillable(store, tmp_path, **settings)) as channel:
        put(channel, *[b"x"] * 4)
        put(channel, b"x" * 51)
        put(channel, b"y")
        assert (channel._order.in_memory, channel._order.in_file) == (5, 1)
        put(channel, b"z")
        assert take(channel, 1) == [b"x"]
        put(channel, b"x" * 20, b"y")
        put(channel, b"q")
        assert (channel._order.in_memory, channel._order.in_file) == (5, 4)
        assert [len(part) for part in takes(channel)] == [4, 4, 1]
        assert channel._used_slots == 0


def test_without_overflow_a_put_is_refused_in_flumes_words(store: str, tmp_path: Path) -> None:
    settings: Any = {"byteCapacity": "100", "byteCapacityBufferPercentage": "0", "avgEventSize": "10"}
    with running(spillable(store, tmp_path, memoryCapacity=4, overflowCapacity=0, **settings)) as channel:
        assert channel.counters.channel_capacity == 4
        put(channel, b"x" * 50)
        with pytest.raises(ChannelFullError, match="50 bytes are free and overflowing is disabled"):
            put(channel, b"x" * 60)
        with pytest.raises(ChannelFullError, match="capacity has been reached and overflowing is disabled"):
            put(channel, *[b"x"] * 4)
        with pytest.raises(BatchTooLargeError, match="overflowing is disabled"):
            put(channel, b"x" * 101)


def test_events_of_memory_and_file_survive_a_reload_in_order(store: str, tmp_path: Path) -> None:
    channel = spillable(store, tmp_path, memoryCapacity=2)
    with running(channel):
        mixed(channel)
    files = {} if store == "memory" else {"dataDirs": f"{tmp_path}/data", "checkpointDir": f"{tmp_path}/checkpoint"}
    options = {"memoryCapacity": "1", "transactionCapacity": "3", "overflowTimeout": "0", **files}
    wakeup = Wakeup()
    channel.listen(wakeup)
    channel.reconfigure(require_options(SpillableMemoryOptions, options))
    with running(channel):
        assert channel.transaction_capacity == 3
        put(channel, b"7")
        if store == "file":
            assert takes(channel) == [[b"2"], [b"3", b"4"], [b"5"], [b"6", b"7"]]
        else:
            assert takes(channel) == [[b"2", b"5"], [b"7"]], "the new store was empty"


def test_what_would_be_lost_is_what_is_in_memory(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=2)) as channel:
        mixed(channel)
        assert channel.durability == "volatile"
        assert channel.undelivered == 2
        age_s = channel.oldest_event_age_s
        assert age_s is not None
        assert 0 <= age_s < 60
        assert channel.bytes_queued >= 2


def test_takers_are_woken_when_another_one_was_at_the_file(store: str, tmp_path: Path) -> None:
    with running(spillable(store, tmp_path, memoryCapacity=0)) as channel:
        put(channel, b"1", b"2", b"3")
        wakeup = Wakeup()
        channel.listen(wakeup)
        reserved = channel.begin_file_take(1)
        wakeup.is_armed = True
        assert take(channel, 10) == []
        assert not wakeup.wait(0)
        channel.end_file_take(reserved)
        assert wakeup.wait(0)
        assert take(channel, 10) == [b"1", b"2", b"3"]
