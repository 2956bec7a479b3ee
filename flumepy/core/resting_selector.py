"""The selector of a network source's event loop: it rests before it waits, where the pace of the process asks for it.

A rest stops the whole loop, which is cheaper than to stop reading: what comes meanwhile waits in the sockets.
"""

import selectors
from collections.abc import Callable

from flumepy.core.pace import PACE, Pace, Rhythm
from flumepy.core.threads import Wakeup


class RestingSelector(selectors.DefaultSelector):
    """Rests while `may_rest` allows it; `end_rest` ends a rest, and those that would come, from any thread."""

    def __init__(self, may_rest: Callable[[], bool], pace: Pace = PACE) -> None:
        super().__init__()
        self._may_rest = may_rest
        self._wakeup = Wakeup()
        self._rhythm = Rhythm(self._wakeup, pace)
        self._is_ended = False

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for files as the base does. A loop with a timeout has timers, or more to do, and does not rest."""
        if timeout is None and self._may_rest() and not self._is_ended:
            self._rhythm.rest()
        found = super().select(timeout)
        if timeout is None:
            self._rhythm.work_came()
        return found

    def end_rest(self) -> None:
        """Never rest again."""
        self._is_ended = True
        self._wakeup.set()
