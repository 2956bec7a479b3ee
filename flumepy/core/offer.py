"""Offers: puts that may have to wait for room, without a thread that waits.

An offer ends once: `done(offer)` is called on whichever thread made room, gave up or stopped the channel; nobody holds a
lock then. With `hold`, the room is kept and `commit` makes the events visible: so an outlet puts one batch into several
channels all or nothing.
"""

import threading
from collections.abc import Callable

from mypy_extensions import mypyc_attr

from flumepy.core.errors import FlumeError, StoppedError

_HOLD_LOCK = threading.Lock()  # guards how the holds of all offers end


@mypyc_attr(allow_interpreted_subclasses=True)
class Offer:
    """A put on its way; after its end, `is_done` is true and `error` says how it went."""

    __slots__ = ("_ended_by", "error", "is_done")

    def __init__(self) -> None:
        self.is_done = False
        self.error: FlumeError | None = None
        self._ended_by: str | None = None

    def claim_hold(self, verb: str) -> bool:
        """Tell whether this call ends the hold: of a commit and a withdraw on two threads only one does.

        Raises StoppedError for a commit after a withdraw, so that nobody takes the events for stored.
        """
        with _HOLD_LOCK:
            ended_by = self._ended_by
            self._ended_by = ended_by or verb
        if verb == "commit" and ended_by == "withdraw":
            raise StoppedError("the put was given up before its commit")
        return ended_by is None

    def commit(self) -> None:
        """Make held events visible; a second call does nothing. Raises ChannelError, StoppedError after a withdraw."""

    def commit_then(self, done: Callable[[FlumeError | None], None]) -> None:
        """Commit without blocking; `done` is called once, maybe before this returns, maybe on another thread."""
        try:
            self.commit()
        except FlumeError as error:
            failure: FlumeError | None = error
        else:
            failure = None
        done(failure)

    def withdraw(self) -> None:
        """Give up: held room is freed, a waiting offer ends with StoppedError. Nothing happens after the end."""


Done = Callable[[Offer], None]


class Line:
    """Offers of one putter that wait one behind the other: when one gives up, those behind it do too.

    So a putter may have many offers waiting, and none is ever overtaken by a later one. A broken line takes no more offers.
    """

    __slots__ = ("is_broken",)

    def __init__(self) -> None:
        self.is_broken = False
