"""One call-back of the log at a time, however many frames wait: one for each would cost more than the frame."""

import threading
from collections.abc import Callable

from flumepy.core.errors import FlumeError
from flumepy.log.frame import Frame
from flumepy.log.log import Log
from flumepy.log.ticket import Level


class Watch:
    """Calls `reached` when what was appended before `start` has come to the level, and again while there is more.

    reached: is given the failure, if any; called on a thread that commits, one at a time. has_more: tells, with the lock
    held, whether something else is under way.
    """

    def __init__(
        self,
        log: Log[Frame],
        level: Level,
        lock: threading.Lock,
        reached: Callable[[FlumeError | None], None],
        has_more: Callable[[FlumeError | None], bool],
    ) -> None:
        self._log = log
        self._level = level
        self._lock = lock  # the queue's; guards is_on
        self._reached = reached
        self._has_more = has_more
        self.is_on = False  #: what is noted while it is on, with the lock held, is seen by `has_more`

    def start(self) -> None:
        """Have what was appended committed; nothing happens while it is on."""
        with self._lock:
            if self.is_on:
                return
            self.is_on = True
        self._log.call_when(self._level, self._called)

    def _called(self, error: FlumeError | None) -> None:
        self._reached(error)
        with self._lock:
            self.is_on = self._has_more(error)
        if self.is_on:
            self._log.call_when(self._level, self._called)
