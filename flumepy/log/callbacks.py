"""Callbacks that wait for a position: called one at a time, in the order of their frames, never with a lock held.

Whoever finds callbacks due serves them, unless another thread is at it: that one then takes these over as well.
"""

import threading
from collections.abc import Callable

from flumepy.core.errors import FlumeError
from flumepy.log.ticket import Level

Callback = Callable[[FlumeError | None], None]


class Call:
    """A callback and what it waits for."""

    __slots__ = ("callback", "end", "error", "level")

    def __init__(self, end: int, level: Level, callback: Callback) -> None:
        self.end = end
        self.level = level
        self.callback = callback
        self.error: FlumeError | None = None


class CallQueue:
    """Callbacks that wait, and callbacks that are due. All but `serve` are called with the lock held."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock  # the log's; guards everything below
        self.due: list[Call] = []
        self._is_serving = False
        self.waiting: list[Call] = []

    def wants_sync(self) -> bool:
        """Tell whether one of those that wait needs a sync."""
        return any(call.level is Level.SYNCED for call in self.waiting)

    def put_due(self, calls: list[Call]) -> None:
        """Queue callbacks whose wait is over."""
        self.due += calls

    def move(self, written_end: int, synced_end: int) -> None:
        """Queue those whose wait is over now."""
        ready: list[Call] = []
        still: list[Call] = []
        for call in self.waiting:
            reached = synced_end if call.level is Level.SYNCED else written_end
            (ready if call.end <= reached else still).append(call)
        self.waiting = still
        ready.sort(key=lambda call: call.end)  # they may have been registered in another order
        self.put_due(ready)

    def fail(self, failure: FlumeError) -> None:
        """Queue all that wait, with this failure."""
        calls, self.waiting = self.waiting, []
        for call in calls:
            call.error = failure
        calls.sort(key=lambda call: call.end)
        self.put_due(calls)

    def serve(self) -> None:
        """Call what is due, until nothing is."""
        with self._lock:
            if self._is_serving or not self.due:
                return
            self._is_serving = True
        try:
            while call := self._next():
                call.callback(call.error)
        except BaseException:  # a callback must not raise; the next one to serve goes on behind it
            with self._lock:
                self._is_serving = False
            raise

    def _next(self) -> Call | None:
        with self._lock:
            if self.due:
                return self.due.pop(0)
            self._is_serving = False
            return None
