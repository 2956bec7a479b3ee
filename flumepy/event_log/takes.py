"""Commits of takes on their way into the log, and what is taken for good.

A commit that waits has a TAKE frame of its own, and its sync. One that does not wait *rides*: while the log commits, its
sequence numbers are only collected, and the next frame has them all; so many small takes cost one frame and one sync. What
rides, or is on its way to the disk, is delivered again after a crash, as what is delivered and not committed is anyway;
`MOST_RIDING_EVENTS` bounds it. A fact reaches `ranges` only once its frame has reached the level, so whatever is derived
from it (a watermark in another frame, a summary, what may be released) is true after any crash.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

from flumepy.core.errors import FlumeError
from flumepy.event_log.appender import Appender
from flumepy.event_log.frames import Span, take_frame
from flumepy.event_log.ranges import TakenRanges
from flumepy.event_log.runs import joined
from flumepy.event_log.watch import Watch
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.frame import Frame
from flumepy.log.log import Log
from flumepy.log.ticket import Level, Ticket

#: a commit that finds so many events riding waits for the disk
MOST_RIDING_EVENTS = 4000


class Takes:
    """Guarded by the queue's lock, which is never held while a frame is appended or waited for.

    watch: leads to `arrive` when what was appended has reached the level.
    arrived: called, with the lock held, when facts have reached `ranges`.
    """

    def __init__(
        self,
        log: Log[Frame],
        level: Level,
        lock: threading.Lock,
        ranges: TakenRanges,
        appender: Appender,
        watch: Watch,
        arrived: Callable[[], None],
    ) -> None:
        self._log = log
        self._level = level
        self._lock = lock
        self._appender = appender
        self._watch = watch
        self._arrived = arrived
        self.ranges = ranges
        self._riding: list[Span] = []
        self._riding_events = 0
        self._departed: list[tuple[Ticket, int, list[Span]]] = []  # frames that nobody waits for
        self._is_stuck = False  # the last frame of those that ride found no place
        self._open: dict[int, int] = {}  # commits whose frame has not arrived, and a position before it
        self._last = 0
        self.commits = 0  #: how many there were

    @property
    def start(self) -> int:
        """Return a position before all frames whose facts are not in `ranges` yet; called with the lock held."""
        return min([self._log.written_end, *self._open.values()])

    def write(self, spans: list[Span]) -> None:
        """Store that these are taken, and wait. Raises LogFullError, LogFailedError: then they may come again."""
        number, ticket = self._begin(spans)
        ticket.wait(self._level)
        with self._lock:
            self.commits += 1
            self._end(number, spans)
            self._arrived()

    def ride(self, spans: list[Span]) -> None:
        """Store that these are taken, without waiting unless too many ride. Raises what `write` raises, for these alone."""
        with self._lock:
            is_under_way = self._watch.is_on
            rides = is_under_way and self._riding_events < MOST_RIDING_EVENTS
            if rides:
                self.commits += 1
                self._riding += spans
                for first, stop in spans:
                    self._riding_events += stop - first
        if rides:
            return
        if is_under_way:
            self.write(spans)
        else:
            self._depart(spans)

    @property
    def is_under_way(self) -> bool:
        """Tell whether `arrive` has something to do next time; called with the lock held."""
        return bool(self._departed or (self._riding and not self._is_stuck))

    def depart(self) -> None:
        """Append a frame of those that ride. Raises LogFullError, LogFailedError: then they still ride."""
        with self._lock:
            spans, self._riding = self._riding, []
            events, self._riding_events = self._riding_events, 0
        if not spans:
            return
        try:
            self._depart(joined(spans))
            self._is_stuck = False
        except FlumeError:
            with self._lock:
                self._riding += spans
                self._riding_events += events
                self._is_stuck = True
            raise

    def _depart(self, spans: list[Span]) -> None:
        number, ticket = self._begin(spans)
        with self._lock:
            self.commits += 1
            self._departed.append((ticket, number, spans))
        self._watch.start()

    def arrive(self) -> None:
        """Note which frames have reached the level, and let those that ride depart."""
        with self._lock:
            arrived = [one for one in self._departed if one[0].is_done(self._level)]
            if arrived:
                self._departed = [one for one in self._departed if one not in arrived]
                for _, number, spans in arrived:
                    self._end(number, spans)
                self._arrived()
        if self._riding:
            # Without space, or with a failed log, they go on riding; the next commit says so.
            with suppress(LogFullError, LogFailedError):
                self.depart()

    def finish(self) -> None:
        """Store everything that rides or has departed. Raises LogFullError, LogFailedError."""
        self.depart()
        if self._departed:
            self._log.sync()
            self.arrive()

    def _begin(self, spans: list[Span]) -> tuple[int, Ticket]:
        """Give a frame its place; return the number of the commit too, which stays open until `_end`."""
        with self._lock:
            self._last = number = self._last + 1
            self._open[number] = self._log.written_end
            watermark = self.ranges.watermark  # as true later as it is now
        try:
            return number, self._appender.append(take_frame(watermark, spans), uses_reserve=True)
        except FlumeError:
            with self._lock:
                del self._open[number]
            raise

    def _end(self, number: int, spans: list[Span]) -> None:
        del self._open[number]
        for first, stop in spans:
            self.ranges.add(first, stop)
