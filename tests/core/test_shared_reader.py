"""How long the shared reader stays with busy connections, before a script instead of the kernel."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from flumepy.core import shared_reader
from flumepy.core.shared_reader import BUSY_S, ROUNDS, TURNS, WAIT_S, SharedReader

pytestmark = pytest.mark.skipif(not SharedReader.is_possible, reason="no epoll here")


class ScriptedEpoll:
    """Finds one connection at each poll until the script ends; keeps how long each poll might have waited."""

    def __init__(self, finds: int) -> None:
        self.finds = finds
        self.waits_s: list[float] = []

    def poll(self, wait_s: float, most: int) -> list[tuple[int, int]]:
        self.waits_s.append(wait_s)
        self.finds -= 1
        return [(7, 1)] if self.finds >= 0 else []


class Member:
    """Counts its reads."""

    reads = 0

    def read_ready(self) -> None:
        self.reads += 1


class Turns:
    """What the reader's owner sees."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.reads: list[int] = []
        self.is_answered = True
        self.member = Member()
        self.reader = SharedReader(loop, lambda: None, self.ended)
        reader: Any = self.reader
        self.members: dict[int, Member] = reader._members
        self.members[7] = self.member

    def ended(self, reads: int) -> bool:
        self.reads.append(reads)
        return self.is_answered

    def run(self, finds: int) -> list[float]:
        """Read by a script with so many finds; return how long each poll might have waited."""
        script = ScriptedEpoll(finds)
        reader: Any = self.reader
        kept, reader._epoll = reader._epoll, script
        reader._read()
        reader._epoll = kept
        return script.waits_s


@pytest.fixture
def turns() -> Iterator[Turns]:
    loop = asyncio.new_event_loop()
    found = Turns(loop)
    yield found
    found.reader.close()
    loop.close()


def test_after_a_turn_that_is_answered_the_next_one_is_waited_for(turns: Turns) -> None:
    assert turns.run(3) == [0, WAIT_S, WAIT_S, WAIT_S]
    assert turns.reads == [1, 1, 1]
    assert turns.member.reads == 3


def test_after_a_turn_that_is_not_answered_nothing_is_waited_for(turns: Turns) -> None:
    turns.is_answered = False
    assert turns.run(3) == [0, 0, 0, 0]


def test_timers_and_other_files_have_their_turn_soon(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(turns.run(100)) == TURNS
    ticks = iter(range(100))
    monkeypatch.setattr(shared_reader, "monotonic", lambda: next(ticks) * BUSY_S / 2.5)
    assert turns.run(100) == [0, WAIT_S, WAIT_S, *[0] * (TURNS - 3)]


def test_a_turn_ends_when_each_connection_has_been_read(turns: Turns) -> None:
    turns.members[8] = turns.member
    turns.run(2)
    assert turns.reads == [2]
    turns.members.update(dict.fromkeys(range(100, 200), turns.member))
    turns.run(ROUNDS + 2)  # what the last round finds is left to the next turn
    assert turns.reads == [2, ROUNDS, 1]
