"""How frames of a queue get their places in its log."""

from mypy_extensions import mypyc_attr

from flumepy.event_log.owner import Owner
from flumepy.log.errors import LogFullError
from flumepy.log.frame import Frame
from flumepy.log.log import Log
from flumepy.log.ticket import Ticket


@mypyc_attr(allow_interpreted_subclasses=True)
class Appender:
    """Appends to the log, and tells the queue's owner when it is time to make a file ahead."""

    __slots__ = ("_log", "_owner", "is_starved")

    def __init__(self, log: Log[Frame], owner: Owner) -> None:
        self._log = log
        self._owner = owner
        self.is_starved = False  # there was no space for a frame, and the owner knows

    def append(self, frame: Frame, *, uses_reserve: bool = False, rolls: bool = False) -> Ticket:
        """Give a frame its place; see `Log.append`. Raises LogFullError, LogFailedError."""
        try:
            ticket = self._log.append(frame, uses_reserve=uses_reserve, rolls=rolls)
        except LogFullError:
            if not self.is_starved:
                self.is_starved = True
                self._owner.make_space_later()
            raise
        if ticket.new_segment is not None:
            self._owner.make_space_later()
        return ticket
