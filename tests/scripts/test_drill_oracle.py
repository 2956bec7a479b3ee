"""The oracle of scripts/drill notices every way in which a channel could cheat, and accuses no honest one."""

from collections.abc import Callable

import pytest
from drills.oracle import Oracle, Violation

History = Callable[[Oracle], None]


def two_puts(oracle: Oracle) -> None:
    """Two acknowledged puts of three events, the second begun after the first was acknowledged."""
    oracle.begin(takers=1)
    for number in (1, 2):
        oracle.put(number, 3, putter=number)
        oracle.put_done(number)


def restart(oracle: Oracle) -> None:
    oracle.ended()
    oracle.begin(takers=1)


def test_what_was_acknowledged_and_not_taken_is_found_in_order() -> None:
    oracle = Oracle()
    two_puts(oracle)
    oracle.take(3, [(1, 0, 2)])
    oracle.take_done(3)
    restart(oracle)
    oracle.found([(1, 2, 3), (2, 0, 3)], 4)


@pytest.mark.parametrize(
    ("runs", "size", "message"),
    [
        ([(1, 0, 3), (2, 0, 2)], 5, r"put 2 has lost 1 of 3 events"),
        ([(2, 0, 3)], 3, r"put 1 has lost 3 of 3"),
        ([(2, 0, 3), (1, 0, 3)], 6, r"put 1 came behind put 2, which began after it was acknowledged"),
        ([(1, 0, 1), (1, 2, 3), (1, 1, 2), (2, 0, 3)], 6, r"event 1 of put 1 came behind event 2"),
        ([(1, 0, 3), (1, 0, 3), (2, 0, 3)], 9, r"event 0 of put 1 came behind event 2"),
        ([(1, 0, 3), (2, 0, 4)], 7, r"event \(2, 3\) was never put"),
        ([(1, 0, 3), (9, 0, 1)], 4, r"event \(9, 0\) was never put"),
        ([(1, 0, 3), (2, 0, 3)], 7, r"says that it has 7 events, and has 6"),
    ],
)
def test_what_an_opening_finds_is_compared(runs: list[tuple[int, int, int]], size: int, message: str) -> None:
    oracle = Oracle()
    two_puts(oracle)
    restart(oracle)
    with pytest.raises(Violation, match=message):
        oracle.found(runs, size)


def test_what_an_acknowledged_take_had_must_not_come_back() -> None:
    oracle = Oracle()
    two_puts(oracle)
    oracle.take(3, [(1, 0, 1)])
    oracle.take_done(3)
    with pytest.raises(Violation, match=r"event \(1, 0\) is there again after an acknowledged take"):
        oracle.take(4, [(1, 0, 1)])
    restart(oracle)
    with pytest.raises(Violation, match=r"event \(1, 0\) is there again"):
        oracle.found([(1, 0, 3), (2, 0, 3)], 6)


def test_two_takers_never_have_the_same_event() -> None:
    oracle = Oracle()
    two_puts(oracle)
    oracle.take(3, [(1, 0, 2)])
    with pytest.raises(Violation, match="in two takes at once"):
        oracle.take(4, [(1, 1, 3)])


@pytest.mark.parametrize("found", [[(1, 0, 3), (2, 0, 3)], [(1, 2, 3), (2, 0, 3)]], ids=["undone", "done"])
def test_a_take_in_flight_is_done_or_undone(found: list[tuple[int, int, int]]) -> None:
    oracle = Oracle()
    two_puts(oracle)
    oracle.take(3, [(1, 0, 2)])
    restart(oracle)
    oracle.found(found, sum(stop - first for _, first, stop in found))
    restart(oracle)
    oracle.found(found, sum(stop - first for _, first, stop in found))


def test_half_of_a_take_in_flight_is_noticed() -> None:
    oracle = Oracle()
    two_puts(oracle)
    oracle.take(3, [(1, 0, 2)])
    restart(oracle)
    with pytest.raises(Violation, match=r"of a take in flight 1 events are gone, not all: \[\(1, 0\)\]"):
        oracle.found([(1, 1, 3), (2, 0, 3)], 5)


@pytest.mark.parametrize("found", [[], [(1, 0, 3)]], ids=["absent", "stored"])
def test_a_put_in_flight_is_there_whole_or_not_and_stays_so(found: list[tuple[int, int, int]]) -> None:
    oracle = Oracle()
    oracle.put(1, 3, putter=1)
    restart(oracle)
    oracle.found(found, 3 * len(found))
    restart(oracle)
    with pytest.raises(Violation, match=r"has lost 3 of 3|rolled back, refused, or not found before"):
        oracle.found([] if found else [(1, 0, 3)], 0 if found else 3)


def test_half_of_a_put_in_flight_is_noticed() -> None:
    oracle = Oracle()
    oracle.put(1, 3, putter=1)
    restart(oracle)
    with pytest.raises(Violation, match="put 1 has lost 1 of 3"):
        oracle.found([(1, 0, 2)], 2)


def test_what_a_taker_has_seen_must_stay() -> None:
    oracle = Oracle()
    oracle.put(1, 3, putter=1)
    oracle.take(2, [(1, 0, 1)])
    restart(oracle)
    with pytest.raises(Violation, match=r"put 1 has lost 2 of 3"):
        oracle.found([], 0)


def test_a_put_that_was_dropped_must_not_appear() -> None:
    oracle = Oracle()
    oracle.put(1, 3, putter=1)
    oracle.put_dropped(1)
    with pytest.raises(Violation, match="rolled back, refused"):
        oracle.take(2, [(1, 0, 1)])


def test_puts_of_one_thread_stay_in_order_even_in_flight() -> None:
    oracle = Oracle()
    for number in (1, 2):
        oracle.put(number, 1, putter=7)
    restart(oracle)
    with pytest.raises(Violation, match="put 1 came behind put 2 of the same thread"):
        oracle.found([(2, 0, 1), (1, 0, 1)], 2)


def test_puts_of_two_threads_that_overlap_may_come_in_any_order() -> None:
    for first, second in ((1, 2), (2, 1)):
        oracle = Oracle()
        oracle.put(1, 1, putter=1)
        oracle.put(2, 1, putter=2)
        oracle.put_done(1)
        oracle.put_done(2)
        restart(oracle)
        oracle.found([(first, 0, 1), (second, 0, 1)], 2)


def test_a_single_taker_sees_the_order_too() -> None:
    oracle = Oracle()
    two_puts(oracle)
    oracle.take(3, [(2, 0, 1)])
    oracle.take_done(3)
    with pytest.raises(Violation, match="put 1 came behind put 2"):
        oracle.take(4, [(1, 0, 1)])


def test_events_of_a_failed_take_may_come_again() -> None:
    oracle = Oracle()
    two_puts(oracle)
    oracle.take(3, [(1, 0, 2)])
    oracle.take_failed(3)
    oracle.take(4, [(1, 0, 3)])
    oracle.take_done(4)
    restart(oracle)
    oracle.found([(2, 0, 3)], 3)


def test_a_take_that_did_not_wait_may_come_again_in_another_process_whole() -> None:
    for found in ([(1, 0, 3), (2, 0, 3)], [(1, 2, 3), (2, 0, 3)]):
        oracle = Oracle()
        two_puts(oracle)
        oracle.take(3, [(1, 0, 2)])
        oracle.take_left(3)
        restart(oracle)
        oracle.found(found, sum(stop - first for _, first, stop in found))


def test_a_take_that_did_not_wait_comes_again_neither_in_part_nor_in_the_same_process_nor_after_a_stop() -> None:
    def left() -> Oracle:
        oracle = Oracle()
        two_puts(oracle)
        oracle.take(3, [(1, 0, 2)])
        oracle.take_left(3)
        return oracle

    with pytest.raises(Violation, match="in two takes at once"):
        left().take(4, [(1, 0, 1)])
    oracle = left()
    restart(oracle)
    with pytest.raises(Violation, match="not all"):
        oracle.found([(1, 1, 3), (2, 0, 3)], 5)
    oracle = left()
    oracle.stopped()
    restart(oracle)
    with pytest.raises(Violation, match="again after an acknowledged take"):
        oracle.found([(1, 0, 3), (2, 0, 3)], 6)
