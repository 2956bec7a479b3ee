"""Threads that wait for a commit, and the chain in which they wake one another."""

from itertools import pairwise

from flumepy.core.errors import FlumeError
from flumepy.core.threads import Wakeup
from flumepy.log.ticket import SYNCED, Level


class Waiter:
    """A thread that waits until a position has reached a level. `next` is who it wakes when it has been woken.

    A chain, since the interpreter runs one thread at a time: threads woken all at once would fall asleep again, in the
    queue for the interpreter.
    """

    __slots__ = ("end", "error", "gate", "hands_over", "is_promoted", "level", "next")

    def __init__(self, end: int, level: Level) -> None:
        self.end = end
        self.level = level
        self.error: FlumeError | None = None
        self.is_promoted = False
        self.hands_over = False  # has the lead only to give it to the next one
        self.gate = Wakeup()
        self.next: Waiter | None = None

    def rest(self) -> None:
        """Block until woken; wake the next."""
        self.gate.wait(None)
        self.wake_next()

    def wake_next(self) -> None:
        """Let the next in the chain go on."""
        if self.next is not None:
            self.next.gate.set()


def chain(waiters: list[Waiter]) -> Waiter:
    """Link those that are to be woken, one at least; return the first. Called with the lock held."""
    for waiter, follower in pairwise(waiters):
        waiter.next = follower
    return waiters[0]


def split(waiters: list[Waiter], written_end: int, synced_end: int) -> tuple[list[Waiter], list[Waiter]]:
    """Return those whose wait is over, and the others."""
    ready: list[Waiter] = []
    still: list[Waiter] = []
    for waiter in waiters:
        reached = synced_end if waiter.level is SYNCED else written_end
        (ready if waiter.end <= reached else still).append(waiter)
    return ready, still
