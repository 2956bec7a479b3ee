"""Puts on their way into the log: each becomes a frame, in their order, and ends when that has reached the level.

A thread that waits for its put leads the commit of the log. All others are answered, many at a time, by the one call-back
that the watch keeps going.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flumepy.core.errors import FlumeError
from flumepy.event_log.appender import Appender
from flumepy.event_log.put import Put
from flumepy.event_log.watch import Watch
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.frame import Frame
from flumepy.log.log import Log
from flumepy.log.ticket import Level

Answer = Callable[[list[Put], FlumeError | None], None]


class Puts:
    """show: lets takers see a put, with the lock held. answer: ends puts."""

    def __init__(
        self,
        log: Log[Frame],
        level: Level,
        lock: threading.Lock,
        appender: Appender,
        show: Callable[[Put], None],
        answer: Answer,
        watch: Watch,
    ) -> None:
        self._log = log
        self._level = level
        self._lock = lock  # the queue's
        self._appender = appender
        self._show = show
        self._answer = answer
        self._watch = watch
        self._arrivals: deque[Put] = deque()
        self._storing = threading.Lock()  # one thread at a time appends arrivals, in their order
        self._pending: deque[Put] = deque()  # appended, in the order of the log
        self._unanswered: deque[Put] = deque()  # those of them that no thread waits for

    def enqueue(self, put: Put) -> None:
        """Give a put its place in the order; `flush` must follow. May be called under a lock."""
        self._arrivals.append(put)

    def flush(self) -> None:
        """Append what was enqueued, unless another thread is at it: that one sees it."""
        while self._arrivals and self._storing.acquire(False):
            try:
                while self._arrivals:
                    self._store(self._arrivals.popleft())
            finally:
                self._storing.release()
        if self._unanswered:
            self._watch.start()

    def store(self, put: Put) -> None:
        """Append what was enqueued, wait for this put, which this thread leads, and show it to takers.

        Raises LogFullError, LogFailedError.
        """
        self.flush()
        while put.frame is not None and put.error is None:
            with self._storing:
                pass
            self.flush()
        if put.error is not None:
            raise put.error
        assert put.ticket is not None
        put.ticket.wait(self._level)
        self.publish()

    def _store(self, put: Put) -> None:
        if put.line is not None and put.line.is_broken:
            self._refuse(put, LogFullError(f"{self._log.name}: an earlier put found no space"))
            return
        assert put.frame is not None
        try:
            put.ticket = self._appender.append(put.frame)
        except (LogFullError, LogFailedError) as error:
            self._refuse(put, error)
            return
        self._pending.append(put)
        if not put.leader:
            self._unanswered.append(put)
        put.frame = None  # a leader on another thread goes on from here, and publishes

    def _refuse(self, put: Put, error: FlumeError) -> None:
        if put.leader:
            put.error = error
        else:
            self._answer([put], error)

    def _end(self) -> int:
        """Return the position up to which all frames have reached the level."""
        return self._log.synced_end if self._level is Level.SYNCED else self._log.written_end

    def publish(self) -> None:
        """Let takers see the puts that have reached the level, in order."""
        pending = self._pending
        with self._lock:
            end = self._end()
            while pending and pending[0].end <= end:
                self._show(pending.popleft())

    def reached(self, error: FlumeError | None) -> None:
        """Answer what has reached the level, or everything with the failure; the watch calls."""
        unanswered, ended = self._unanswered, list[Put]()
        end = self._end()
        while unanswered and (error is not None or unanswered[0].end <= end):
            ended.append(unanswered.popleft())
        if error is None:
            self.publish()
        if ended:
            self._answer(ended, error)

    @contextmanager
    def resting(self) -> Iterator[bool]:
        """Let no put get its place inside the block; tell whether takers can see all that have one."""
        with self._storing:
            yield not self._pending

    @property
    def is_under_way(self) -> bool:
        """Tell whether somebody waits for an answer."""
        return bool(self._unanswered)
