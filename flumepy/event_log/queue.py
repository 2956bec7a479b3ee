"""A queue of events on a log: what is in memory, what is on disk only, and what is taken.

A put becomes a frame and, once that has reached the level, visible to takers, in the order of the log. Up to a budget of
bytes it stays in memory; beyond that it is read back later, so memory is bounded however long the backlog. Takers get
what was given back first, then what is in memory, then the disk: that is the order of the sequence numbers. A commit of
takes appends one TAKE frame. Facts about takes reach `_taken` only once that frame has reached the level, so whatever is
derived from it (a watermark in another frame, a summary, what may be released) is true after any crash.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import get_ident

from flumepy.core.clock import Clock, SystemClock
from flumepy.core.errors import FlumeError
from flumepy.event_log.backlog import Backlog, wanted_of
from flumepy.event_log.checkpoint import Checkpoint
from flumepy.event_log.frames import PayloadCodec, take_frame
from flumepy.event_log.put import Put
from flumepy.event_log.recovery import Recovered
from flumepy.event_log.runs import OVERHEAD_BYTES, Run, cut_head, spans_of
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.frame import Frame
from flumepy.log.ticket import Level, Ticket

HOT_BYTES = 16 * 1024 * 1024


class EventQueue:
    """One life of a queue, from the opening of its log to its end or failure.

    wake: called when events are to be had. rolled: called when a file was taken into use; it is time to make another.
    """

    def __init__(
        self,
        recovered: Recovered,
        *,
        codec: PayloadCodec | None = None,
        level: Level = Level.SYNCED,
        hot_bytes: int = HOT_BYTES,
        skips_bad: bool = False,
        clock: Clock | None = None,
        wake: Callable[[], None] = lambda: None,
        lost: Callable[[int], None] = lambda _: None,
        rolled: Callable[[], None] = lambda: None,
    ) -> None:
        self.log = recovered.log
        self.level = level
        self.codec = codec
        self._wake = wake
        self._lost = lost
        self._rolled = rolled
        self._hot_limit = hot_bytes
        self._arrivals: deque[Put] = deque()
        self._storing = threading.Lock()  # one thread at a time appends arrivals, in their order
        self._pending: deque[Put] = deque()  # appended, in the order of the log
        self._settling = threading.Lock()  # one thread at a time releases
        self._lock = threading.Lock()  # guards everything below
        self._taken = recovered.taken
        self._returned: deque[Run] = deque()
        self._hot: deque[Run] = deque()
        self._hot_bytes = 0
        self._frames: deque[tuple[int, int]] = deque()  # first sequence number and position of frames in memory
        self._end = self.log.written_end  # behind the last visible frame
        self._end_sequence = self.log.next_sequence
        self._backlog = Backlog(self, codec, clock or SystemClock(), skips_bad=skips_bad)
        self._is_behind = recovered.queued > 0  # some visible events are on disk only
        self._is_reading = False
        self._commits: dict[int, int] = {}  # open commits of takes, and a position before their frame
        self._last_commit = 0
        self._release_from = 0  # below this a release gives nothing back
        self.available = recovered.queued  #: events that a take could get
        self.version = 0  #: changes with every put and take
        self.settled_version = -1  #: the version that the last `settle` summed up
        if self._is_behind:
            self._backlog.begin(recovered.low, min(recovered.taken.watermark, self._end_sequence))

    # -- putting ----------------------------------------------------------------------------------------------------

    def enqueue(self, put: Put) -> None:
        """Give a put its place in the order; `flush` must follow. May be called under a lock."""
        self._arrivals.append(put)

    def flush(self) -> None:
        """Append what was enqueued. Waits only for those puts of this thread that were prepared with `blocks`."""
        mine: list[Put] = []
        while self._arrivals and self._storing.acquire(blocking=False):
            try:
                while self._arrivals:
                    self._append(self._arrivals.popleft(), mine)
            finally:
                self._storing.release()
        for put in mine:
            assert put.ticket is not None
            try:
                put.ticket.wait(self.level)
            except LogFailedError as failure:
                self._stored(put, failure)
            else:
                self._stored(put, None)

    def _append(self, put: Put, mine: list[Put]) -> None:
        if put.line is not None and put.line.is_broken:
            put.done(LogFullError(f"{self.log.name}: an earlier put found no space"))
            return
        assert put.frame is not None
        try:
            put.ticket = self._log_frame(put.frame)
        except (LogFullError, LogFailedError) as error:
            put.done(error)
            return
        put.frame = None
        self._pending.append(put)
        if put.leader == get_ident():
            mine.append(put)
        else:
            put.ticket.call_when(self.level, lambda error: self._stored(put, error))

    def _log_frame(self, frame: Frame, *, uses_reserve: bool = False) -> Ticket:
        ticket = self.log.append(frame, uses_reserve=uses_reserve)
        if ticket.new_segment is not None:
            self._rolled()
        return ticket

    def _stored(self, put: Put, error: FlumeError | None) -> None:
        if error is None:
            self._publish()
        put.done(error)

    def _publish(self) -> None:
        """Let takers see the puts that have reached the level, in order."""
        with self._lock:
            while self._pending and (ticket := self._pending[0].ticket) is not None and ticket.is_done(self.level):
                put = self._pending.popleft()
                self._show(put, ticket)
        self._wake()

    def _show(self, put: Put, ticket: Ticket) -> None:
        size_bytes = put.size_bytes
        if not self._is_behind and (
            not self._hot or self._hot_bytes + OVERHEAD_BYTES * len(self._hot) < self._hot_limit
        ):
            self._hot.append(Run(self, ticket.sequence, put.batch, size_bytes, put.put_s))
            self._hot_bytes += size_bytes
            self._frames.append((ticket.sequence, ticket.position))
        elif not self._is_behind:
            self._is_behind = True
            self._backlog.begin(ticket.position, ticket.sequence)
        self._end = ticket.end
        self._end_sequence = ticket.sequence + ticket.count
        self.available += ticket.count
        self.version += 1

    # -- taking -----------------------------------------------------------------------------------------------------

    def take(self, limit: int) -> list[Run]:
        """Remove up to `limit` events from the head; none while another taker reads the disk. Raises ChannelError."""
        taken: list[Run] = []
        left = limit
        while True:
            with self._lock:
                left = self._take_from_memory(taken, left)
                if left <= 0 or not self._is_behind or self._is_reading:
                    return taken
                self._is_reading = True
            try:
                lost = self._load()
            except BaseException:
                self.give_back(taken)
                raise
            finally:
                self._is_reading = False
            self._wake()
            if lost:
                self._lost(lost)

    def _take_from_memory(self, taken: list[Run], left: int) -> int:
        wanted = left
        while left > 0 and self._returned:
            taken.append(cut_head(self._returned, left))
            left -= taken[-1].count
        while left > 0 and self._hot:
            taken.append(cut_head(self._hot, left))
            self._hot_bytes -= taken[-1].size_bytes
            left -= taken[-1].count
        self.available -= wanted - left
        return left

    def warm_up(self) -> int:
        """Read the first events into memory; return how many are gone. Raises ChannelError, LogFailedError."""
        return self._load() if self._is_behind else 0

    def _load(self) -> int:
        """Read on from the disk; return how many events turned out to be gone."""
        with self._lock:
            end, end_sequence = self._end, self._end_sequence
        chunk, heads = self._backlog.read(end)
        with self._lock:
            wanted = wanted_of(heads, self._taken)
        loaded = self._backlog.decode(chunk, wanted, end, end_sequence)
        with self._lock:
            lost = sum([self._taken.add(*span) for span in loaded.lost])
            self.available -= lost
            self._hot.extend(loaded.runs)
            self._hot_bytes += sum([run.size_bytes for run in loaded.runs])
            self._frames.extend(loaded.frames)
            self._backlog.position, self._backlog.sequence = loaded.position, loaded.sequence
            self._is_behind = loaded.position < self._end
        return lost

    def give_back(self, runs: list[Run]) -> None:
        """Return events to the head, in their order."""
        with self._lock:
            self._returned = deque(sorted([*self._returned, *runs], key=lambda run: run.first))
            self.available += sum([run.count for run in runs])
        self._wake()

    def commit(self, runs: list[Run]) -> None:
        """Mark events as taken, for good. Raises LogFullError, LogFailedError: then they may come again."""
        spans = spans_of(runs)
        with self._lock:
            self._last_commit = number = self._last_commit + 1
            self._commits[number] = self.log.written_end
            watermark = self._taken.watermark
        try:
            self._log_frame(take_frame(watermark, spans), uses_reserve=True).wait(self.level)
        except FlumeError:
            with self._lock:
                del self._commits[number]
            raise
        with self._lock:
            for first, stop in spans:
                self._taken.add(first, stop)
            del self._commits[number]
            self.version += 1
            low = self._low()
        if low >= self._release_from:
            self._release(low)

    # -- leaving nothing behind -------------------------------------------------------------------------------------

    @property
    def oldest_put_s(self) -> float | None:
        """Return when the event at the head was put, on the monotonic clock; None where none is in memory."""
        with self._lock:
            head = self._returned or self._hot
            return head[0].put_s if head else None

    @property
    def bytes_queued(self) -> int:
        """Return the bytes of what waits: of bodies in memory, of frames on the disk."""
        with self._lock:
            on_disk = self._end - self._backlog.position if self._is_behind else 0
            return self._hot_bytes + sum([run.size_bytes for run in self._returned]) + on_disk

    def _low(self) -> int:
        """Return the position before which nothing is needed: that of the frame with the first event not taken."""
        watermark, frames = self._taken.watermark, self._frames
        while len(frames) > 1 and frames[1][0] <= watermark:
            frames.popleft()
        if watermark >= (self._backlog.sequence if self._is_behind else self._end_sequence):
            frames.clear()
            return self._backlog.position if self._is_behind else self._end
        return frames[0][1] if frames and frames[0][0] <= watermark else 0

    def _release(self, low: int) -> None:
        """Release if that gives a segment back; it costs a sync, so not at every commit."""
        if self.log.segment_count > 1 and len(segments := self.log.segments()) > 1:
            self._release_from = segments[1].position
            if low >= self._release_from:
                # The commit that led here stands whatever comes of this; a failed log shows at its next use.
                with suppress(LogFullError, LogFailedError):
                    self.settle(waits=False)

    def settle(self, *, waits: bool = True) -> Checkpoint | None:
        """Sum up what is taken in one synced TAKE frame, then release what is before; return what recovery may use.

        waits: false returns None where somebody is at it. Raises LogFullError, LogFailedError.
        """
        if not self._settling.acquire(blocking=waits):
            return None
        try:
            with self._lock:
                version = self.version
                # Frames of takes that are not in `_taken` yet stand behind these positions.
                start = min([self.log.written_end, *self._commits.values()])
                low = self._low()
                queued = self._end_sequence - self._taken.watermark - self._taken.count_above
                frame = take_frame(self._taken.watermark, self._taken.spans())
            ticket = self._log_frame(frame, uses_reserve=True)
            ticket.wait(Level.SYNCED)
            self.log.release(min(low, start))
            self.settled_version = version
            return Checkpoint(self.log.identity, start, ticket.position, low, queued)
        finally:
            self._settling.release()
