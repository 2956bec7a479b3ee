"""How frames of a queue get their places in its log."""

from mypy_extensions import mypyc_attr

from flumepy.event_log.owner import Owner
from flumepy.log.frame import Frame
from flumepy.log.log import Log
from flumepy.log.ticket import Ticket


@mypyc_attr(allow_interpreted_subclasses=True)
class Appender:
    """Appends to the log, and tells the queue's owner when it is time to make a file ahead."""

    __slots__ = ("_log", "_owner")

    def __init__(self, log: Log[Frame], owner: Owner) -> None:
        self._log = log
        self._owner = owner

    def append(self, frame: Frame, *, uses_reserve: bool = False) -> Ticket:
        """Give a frame its place. Raises LogFullError, LogFailedError."""
        ticket = self._log.append(frame, uses_reserve=uses_reserve)
        if ticket.new_segment is not None:
            self._owner.make_space_later()
        return ticket
