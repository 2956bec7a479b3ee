"""Leader/follower group commit: appenders queue, the first leads, writes and syncs for all that wait, and wakes them.

A round takes everything that is pending, writes it, syncs if anybody waits for that, and hands the lead to one of those who
came meanwhile. A waiting thread costs one lock; callbacks are served by one syncer thread, started on first use, which
leads when no thread does. Nothing here does I/O itself: `write` and `sync` are the log's.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

from flumepy.core.errors import FlumeError
from flumepy.core.threads import Wakeup, start_thread
from flumepy.log.errors import LogFailedError

if TYPE_CHECKING:
    from flumepy.log.disk import Buffer
    from flumepy.log.shelf import Spare

NEVER = 1 << 63  # a position that no log reaches


class Level(IntEnum):
    """How far a frame has come."""

    WRITTEN = 1  #: in the page cache: survives the process
    SYNCED = 2  #: on the disk: survives the machine


class Ticket:
    """A frame that was appended: its place, and the way to wait for it. `end` is the position behind it."""

    __slots__ = ("_commit", "count", "end", "new_segment", "parts", "position", "sequence")

    def __init__(
        self,
        commit: "GroupCommit",
        position: int,
        sequence: int,
        count: int,
        parts: "list[Buffer]",
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

        The callback must be short and must not raise. Callbacks of one level come in the order of their frames.
        """
        self._commit.call_when(self.end, level, callback)


class _Waiter:
    """Somebody who waits until a position has reached a level."""

    __slots__ = ("callback", "end", "error", "gate", "is_promoted", "level")

    def __init__(self, end: int, level: Level, callback: "Callable[[FlumeError | None], None] | None" = None) -> None:
        self.end = end
        self.level = level
        self.callback = callback
        self.error: FlumeError | None = None
        self.is_promoted = False
        self.gate = None if callback is not None else Wakeup()

    def release(self) -> None:
        """Let the thread go on, or call back."""
        if self.gate is not None:
            self.gate.set()
        elif self.callback is not None:
            self.callback(self.error)

    def rest(self) -> bool:
        """Block until released; tell whether this thread is to lead now."""
        assert self.gate is not None
        self.gate.wait(None)
        return self.is_promoted


class GroupCommit:
    """The queue of appended frames and of those who wait for them. `lock` is the log's append lock."""

    def __init__(
        self, name: str, write: Callable[[list[Ticket]], None], sync: Callable[[], None], advanced: Callable[[], None]
    ) -> None:
        self.lock = threading.Lock()  # guards everything below
        self._name = name
        self._write = write
        self._sync = sync
        self._advanced = advanced
        self._pending: list[Ticket] = []
        self._waiters: list[_Waiter] = []
        self._is_led = False
        self._is_closed = False
        self._syncer: Wakeup | None = None
        self.failure: LogFailedError | None = None
        self.written_end = 0
        self.synced_end = 0

    def start_at(self, position: int) -> None:
        """Begin with everything before this position written and synced."""
        with self.lock:
            self.written_end = self.synced_end = position

    def reached(self, level: Level) -> int:
        """Return the position up to which all frames have come so far."""
        return self.synced_end if level is Level.SYNCED else self.written_end

    def add(self, ticket: Ticket) -> None:
        """Queue a frame; called with the lock held."""
        self._pending.append(ticket)

    def wait(self, end: int, level: Level) -> None:
        """Block until this position has reached the level. Raises LogFailedError."""
        with self.lock:
            if self.reached(level) >= end:
                return
            if self.failure is not None:
                raise self.failure
            waiter = _Waiter(end, level)
            self._waiters.append(waiter)
            leads = not self._is_led
            self._is_led = True
        if leads or waiter.rest():
            self._round(hands_over=True)
        if waiter.error is not None:
            raise waiter.error

    def call_when(self, end: int, level: Level, callback: "Callable[[FlumeError | None], None]") -> None:
        """Call back when this position has reached the level, or with the failure."""
        error: FlumeError | None
        with self.lock:
            error = self.failure
            if self.reached(level) >= end:
                error = None
            elif error is None:
                self._waiters.append(_Waiter(end, level, callback))
                wakes = not self._is_led
                if self._syncer is None:
                    self._syncer = Wakeup()
                    start_thread(f"log-sync-{self._name}", self._run_syncer)
                if wakes:
                    self._syncer.set()
                return
        callback(error)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep everybody from leading inside the block; what was appended before is written and synced first."""
        with self.lock:
            waiter = None
            if self._is_led:
                waiter = _Waiter(NEVER, Level.SYNCED)
                self._waiters.append(waiter)
            self._is_led = True
        if waiter is not None:
            waiter.rest()
            with self.lock:
                self._waiters = [other for other in self._waiters if other is not waiter]
        try:
            if self.failure is None:
                self._round(hands_over=False)
            yield
        finally:
            self._hand_over()

    def close(self) -> None:
        """End the syncer thread; those who still wait get the failure, or LogFailedError."""
        with self.lock:
            self._is_closed = True
            failure = self.failure = self.failure or LogFailedError(f"{self._name}: the log is closed")
            waiters, self._waiters = self._waiters, []
            if self._syncer is not None:
                self._syncer.set()
        for waiter in waiters:
            waiter.error = failure
            waiter.release()

    def _run_syncer(self) -> None:
        assert self._syncer is not None
        while True:
            self._syncer.wait(None)
            with self.lock:
                if self._is_closed:
                    return
                leads = not self._is_led and bool(self._waiters)
                self._is_led = self._is_led or leads
            if leads:
                self._round(hands_over=True)

    def _round(self, *, hands_over: bool) -> None:
        """Write what is pending, sync if anybody waits for it, wake those whose wait is over; called by the leader."""
        with self.lock:
            batch, self._pending = self._pending, []
            syncs = not hands_over or any(waiter.level is Level.SYNCED for waiter in self._waiters)
            end = batch[-1].end if batch else self.written_end
        try:
            if batch:
                self._write(batch)
                self._move(end, 0)
            if syncs and self.synced_end < end:
                self._sync()
        except OSError as error:
            self._fail(error)
            return
        if syncs:
            self._move(end, end)
        if hands_over:
            self._hand_over()

    def _move(self, written_end: int, synced_end: int) -> None:
        """Move the ends forward and wake those whose wait is over."""
        with self.lock:
            self.written_end = written_end
            self.synced_end = max(self.synced_end, synced_end)
            ready = [waiter for waiter in self._waiters if waiter.end <= self.reached(waiter.level)]
            if ready:
                self._waiters = [waiter for waiter in self._waiters if waiter.end > self.reached(waiter.level)]
        self._advanced()
        for waiter in ready:
            waiter.release()

    def _hand_over(self) -> None:
        """Let one of those who still wait lead the next round: a thread if there is one, else the syncer."""
        with self.lock:
            successor = next((waiter for waiter in self._waiters if waiter.gate is not None), None)
            if successor is not None:
                successor.is_promoted = True
                successor.release()
                return
            self._is_led = False
            if self._waiters and self._syncer is not None:
                self._syncer.set()

    def _fail(self, error: OSError) -> None:
        """Fail every open ticket: after a failed sync nobody knows what the disk holds."""
        failure = LogFailedError(
            f"{self._name}: the disk failed ({error.strerror or error}); what was not acknowledged is given back,"
            " and the log is opened anew"
        )
        failure.__cause__ = error
        with self.lock:
            self.failure = failure
            self._pending = []
            waiters, self._waiters = self._waiters, []
            self._is_led = False
        for waiter in waiters:
            waiter.error = failure
            waiter.release()
