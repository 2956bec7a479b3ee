"""When a loop rests before it waits."""

import socket
from collections.abc import Iterator

import pytest

from flumepy.core.pace import Pace
from flumepy.core.resting_selector import POLLS_SPARED, RestingSelector


class FarMoments(Pace):
    """Gives out moments that lie a fifth of a second ahead."""

    def next_moment_s(self, now_s: float, thread: int) -> float:
        return now_s + 0.2


class Resting:
    """A selector with something to read at any time, whose rests are on record."""

    def __init__(self) -> None:
        self.may_rest = True
        self.reader, writer = socket.socketpair()
        writer.send(b"x")
        self.writer = writer
        self.selector = RestingSelector(lambda: self.may_rest, FarMoments())
        self.selector.register(self.reader, 1)
        self.rests: list[float] = []
        self.selector._wakeup = self  # type: ignore[assignment]
        self.selector._rhythm._wakeup = self  # type: ignore[assignment]

    def wait(self, timeout_s: float) -> bool:
        self.rests.append(timeout_s)
        return True

    def set(self) -> None:
        """Nobody sleeps here."""


@pytest.fixture
def resting() -> Iterator[Resting]:
    made = Resting()
    made.selector.select()  # the first time nothing is known of the work that comes
    assert made.rests == []
    yield made
    made.selector.close()
    made.reader.close()
    made.writer.close()


def test_a_loop_whose_work_comes_often_rests_before_it_waits(resting: Resting) -> None:
    assert [key.fileobj for key, _ in resting.selector.select()] == [resting.reader]
    assert len(resting.rests) == 1


def test_a_loop_with_timers_or_more_to_do_does_not_rest(resting: Resting) -> None:
    resting.selector.select(0)
    resting.selector.select(5)
    assert resting.rests == []


def test_nobody_rests_who_must_not(resting: Resting) -> None:
    resting.may_rest = False
    resting.selector.select()
    assert resting.rests == []


def test_after_the_end_of_all_rests_there_is_none(resting: Resting) -> None:
    resting.selector.end_rest()
    resting.selector.select()
    assert resting.rests == []


def test_after_a_rest_the_next_polls_are_spared_and_then_it_looks_again(resting: Resting) -> None:
    resting.selector.select()
    assert len(resting.rests) == 1
    assert [bool(resting.selector.select(0)) for _ in range(POLLS_SPARED + 1)] == [False] * POLLS_SPARED + [True]


def test_a_loop_with_timers_looks_at_once_even_after_a_rest(resting: Resting) -> None:
    resting.selector.select()
    assert resting.selector.select(5)


def test_without_a_rest_every_poll_looks(resting: Resting) -> None:
    resting.selector.select()
    resting.may_rest = False
    resting.selector.select()
    assert resting.selector.select(0)
