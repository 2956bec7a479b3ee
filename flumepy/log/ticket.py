"""Tickets: what an append returns, and how far a frame has come."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from flumepy.core.errors import FlumeError

if TYPE_CHECKING:
    from flumepy.log.commit import GroupCommit
    from flumepy.log.disk import Buffer
    from flumepy.log.shelf import Spare


class Level(IntEnum):
    """How far a frame has come."""

    WRITTEN = 1  #: in the page cache: survives the process
    SYNCED = 2  #: on the disk: survives the machine


SYNCED: Final = Level.SYNCED  # compiled, a constant is read at once; a member of an enum would be looked up twice


class Ticket:
    """A frame that was appended: its place, and the way to wait for it. `end` is the position behind it."""

    __slots__ = ("_commit", "count", "end", "new_segment", "parts", "position", "sequence")

    def __init__(
        self,
        commit: "GroupCommit",
        position: int,
        sequence: int,
        count: int,
        parts: "Sequence[Buffer]",
        length: int,
        new_segment: "Spare | None",
    ) -> None:
        self._commit = commit
        self.position = position
        self.sequence = sequence
        self.count = count
        self.end = position + length
        self.parts = parts
        self.new_segment = new_segment  # the file to go on in, from this frame on

    def is_done(self, level: Level = Level.SYNCED) -> bool:
        """Tell whether the frame has come so far."""
        return self._commit.reached(level) >= self.end

    def wait(self, level: Level = Level.SYNCED) -> None:
        """Block until the frame has come so far, leading the commit if nobody does. Raises LogFailedError."""
        self._commit.wait(self.end, level)

    def call_when(self, level: Level, callback: "Callable[[FlumeError | None], None]") -> None:
        """Call back once it has come so far, or with the error; maybe at once, else on a thread that commits.

        The callback must be short, must not raise, and must not wait for a ticket or close the log: the commit waits for it.
        Callbacks of one level come one at a time, in the order of their frames.
        """
        self._commit.call_when(self.end, level, callback)
