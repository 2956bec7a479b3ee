"""Reads the busy plain connections of a loop in one callback, and hands over what they sent as one turn.

asyncio gives every connection a callback of its own, and needs another turn of the loop to see what came meanwhile; with
small requests that costs as much as the work. Here the connections stand in an epoll of their own, which the loop watches
as one file. Its callback reads round by round until nothing more is there, at most `ROUNDS`, and then ends the turn.
Where everybody has been answered in it, the next requests are waited for right there for a moment, since the loop's own
way of waiting costs as much as one of them. Linux only; elsewhere, and with TLS, asyncio goes on reading.
"""

import asyncio
import select
from collections.abc import Callable
from time import monotonic
from typing import ClassVar, Protocol

ROUNDS = 8
#: so many turns follow each other before timers and other files have their turn
TURNS = 8
#: how long one waits for the next turn where all that was read is answered: epoll knows whole milliseconds only
WAIT_S = 0.001
#: after this time nothing is waited for
BUSY_S = 0.002
#: connections of one round: the others come in the next
ROUND_CONNECTIONS = 64


class Member(Protocol):
    """What reads one connection."""

    def read_ready(self) -> None:
        """Read what is there."""

    def read_failed(self) -> None:
        """Give the connection up."""


class SharedReader:
    """Calls `began`, then `read_ready` of each connection that has sent something, then `ended` with the number of reads.

    `ended` tells whether these were all requests that are answered, so that soon the next ones come.
    """

    is_possible: ClassVar[bool] = hasattr(select, "epoll")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, began: Callable[[], None], ended: Callable[[int], bool]
    ) -> None:
        self._loop = loop
        self._began = began
        self._ended = ended
        self._members: dict[int, Member] = {}
        self._reads = 0
        self._epoll = select.epoll()
        loop.add_reader(self._epoll.fileno(), self._read)

    def watch(self, descriptor: int, member: Member | None) -> None:
        """Read this connection from now on; None: no more, which must come before its descriptor is closed."""
        if member is not None:
            self._epoll.register(descriptor, select.EPOLLIN)
            self._members[descriptor] = member
        elif self._members.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def close(self) -> None:
        """End for good."""
        self._members.clear()
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _read(self) -> None:
        wait_s, until_s = 0.0, monotonic() + BUSY_S
        for _ in range(TURNS):
            ready = self._epoll.poll(wait_s, ROUND_CONNECTIONS)
            if not ready:
                break
            self._began()
            self._reads = 0
            expects_more = False
            try:
                self._read_rounds(ready)
            finally:
                expects_more = self._ended(self._reads)
            wait_s = WAIT_S if expects_more and monotonic() < until_s else 0.0

    def _read_rounds(self, ready: list[tuple[int, int]]) -> None:
        members = self._members
        for _ in range(ROUNDS):
            for descriptor, _ in ready:
                member = members.get(descriptor)
                if member is None:  # closed by one before it
                    continue
                try:
                    member.read_ready()
                except BaseException:
                    member.read_failed()
                    raise
            self._reads += len(ready)
            # Who has sent a request mostly waits for the answer: once each has been read, nothing more is expected.
            if self._reads >= len(members) or not (ready := self._epoll.poll(0, ROUND_CONNECTIONS)):
                break
