"""The selector of a network source's event loop: it rests before it waits, where the pace of the process asks for it.

A rest stops the whole loop, which is cheaper than to stop reading: what comes meanwhile waits in the sockets. What the loop
found after a rest is all there is for the moment, so its next turns, which only hand that on, ask the kernel for nothing.
"""

import selectors
from collections.abc import Callable

from flumepy.core.pace import PACE, Pace, Rhythm
from flumepy.core.threads import Wakeup

#: from reading to the put it takes two turns (core/intake.py)
POLLS_SPARED = 2


class RestingSelector(selectors.DefaultSelector):
    """Rests while `may_rest` allows it; `end_rest` ends a rest, and those that would come, from any thread."""

    def __init__(self, may_rest: Callable[[], bool], pace: Pace = PACE) -> None:
        super().__init__()
        self._may_rest = may_rest
        self._wakeup = Wakeup()
        self._rhythm = Rhythm(self._wakeup, pace)
        self._is_ended = False
        self._spared = 0  # how many of the next polls find nothing without looking

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for files as the base does. A loop with a timeout has timers, or more to do, and does not rest."""
        if timeout is None:
            has_rested = self._may_rest() and not self._is_ended and self._rhythm.rest()
            self._spared = POLLS_SPARED if has_rested else 0
        elif self._spared and timeout <= 0:
            self._spared -= 1
            return []
        found = super().select(timeout)
        if timeout is None:
            self._rhythm.work_came()
        return found

    def end_rest(self) -> None:
        """Never rest again."""
        self._is_ended = True
        self._wakeup.set()
