"""A queue of events on a log: what is in memory, what is on disk only, and what is taken.

A put becomes a frame and, once that has reached the level, visible to takers, in the order of the log. Up to a budget of
bytes it stays in memory; beyond that it is read back later, so memory is bounded however long the backlog. Takers get
what was given back first, then what is in memory, then the disk: that is the order of the sequence numbers.
"""

import threading
from collections import deque
from contextlib import suppress

from flumepy.core.clock import Clock, SystemClock
from flumepy.core.errors import FlumeError
from flumepy.event_log.appender import Appender
from flumepy.event_log.backlog import Backlog, wanted_of
from flumepy.event_log.checkpoint import Checkpoint
from flumepy.event_log.frames import PayloadCodec, take_frame
from flumepy.event_log.owner import NoOwner, Owner
from flumepy.event_log.put import Put
from flumepy.event_log.puts import Puts
from flumepy.event_log.recovery import Recovered
from flumepy.event_log.runs import OVERHEAD_BYTES, Run, cut_head, spans_of
from flumepy.event_log.takes import Takes
from flumepy.event_log.watch import Watch
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.ticket import Level

HOT_BYTES = 16 * 1024 * 1024


class EventQueue:
    """One life of a queue, from the opening of its log to its end or failure.

    A put is enqueued and flushed with `puts`.
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
        owner: Owner | None = None,
    ) -> None:
        self.log = recovered.log
        self.level = level
        self.sealer = codec if codec is not None and codec.seals else None  #: what a put is sealed with
        self._owner = owner or NoOwner()
        self._hot_limit = hot_bytes
        self._settling = threading.Lock()  # one thread at a time releases
        self._lock = threading.Lock()  # guards everything below
        self._watch = Watch(self.log, level, self._lock, self._reached, self._has_more)
        self._appender = appender = Appender(self.log, self._owner)
        self.puts = Puts(self.log, level, self._lock, appender, self._show, self._answer, self._watch)
        self._takes = Takes(self.log, level, self._lock, recovered.taken, appender, self._watch, self._note_low)
        self._returned: deque[Run] = deque()
        self._hot: deque[Run] = deque()
        self._hot_bytes = 0
        self._frames: deque[tuple[int, int]] = deque()  # first sequence number and position of frames in memory
        self._end = self.log.written_end  # behind the last visible frame
        self._end_sequence = self.log.next_sequence
        self._consumed_end = 0  # of frames before this position the empty queue needed none
        self._backlog = Backlog(self, codec, clock or SystemClock(), skips_bad=skips_bad)
        self._is_behind = recovered.queued > 0  # some visible events are on disk only
        self._is_reading = False
        self._release_from = 0  # below this a release gives nothing back
        self._low_known = -1  # before this nothing is needed
        self.available = recovered.queued  #: events that a take could get
        self._puts_seen = 0
        self.settled_version = -1  #: the version that the last `settle` summed up
        if self._is_behind:
            self._backlog.begin(recovered.low, min(recovered.taken.watermark, self._end_sequence))

    def _reached(self, error: FlumeError | None) -> None:
        """End what has reached the level, or all of it with the failure; the watch calls."""
        self.puts.reached(error)
        if error is None:
            self._takes.arrive()
        else:
            self._owner.disk_failed(self, error)

    def _has_more(self, error: FlumeError | None) -> bool:
        return self.puts.is_under_way or (error is None and self._takes.is_under_way)

    # -- putting ----------------------------------------------------------------------------------------------------

    def _answer(self, puts: list[Put], error: FlumeError | None) -> None:
        if error is None:
            self._owner.wake_listeners()
        self._owner.puts_ended(self, puts, error)

    def _show(self, put: Put) -> None:
        ticket = put.ticket
        assert ticket is not None
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
        self._puts_seen += 1

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
            self._owner.wake_listeners()
            if lost:
                self._owner.events_lost(lost)

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
            wanted = wanted_of(heads, self._takes.ranges)
        loaded = self._backlog.decode(chunk, wanted, end, end_sequence)
        with self._lock:
            lost = sum([self._takes.ranges.add(*span) for span in loaded.lost])
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
        self._owner.wake_listeners()

    def commit(self, runs: list[Run], *, waits: bool = True) -> None:
        """Mark events as taken, for good. Raises LogFullError, LogFailedError: then they may come again.

        waits: false returns before that is stored; after a crash, or a failure of the log, they may come again.
        """
        spans = spans_of(runs)
        if waits:
            self._takes.write(spans)
        else:
            self._takes.ride(spans)
        if self._low_known >= self._release_from:
            self._release(self._low_known)

    # -- leaving nothing behind -------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """Return a number that changes with every put and take."""
        return self._puts_seen + self._takes.commits

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
        watermark, frames = self._takes.ranges.watermark, self._frames
        while len(frames) > 1 and frames[1][0] <= watermark:
            frames.popleft()
        if watermark >= (self._backlog.sequence if self._is_behind else self._end_sequence):
            frames.clear()
            return self._backlog.position if self._is_behind else max(self._end, self._consumed_end)
        return frames[0][1] if frames and frames[0][0] <= watermark else 0

    def _note_low(self) -> None:
        self._low_known = self._low()

    def _release(self, low: int) -> None:
        """Release if that gives a segment back; it costs a sync, so not at every commit."""
        if self.log.segment_count > 1 and len(segments := self.log.segments()) > 1:
            self._release_from = segments[1].position
            if low >= self._release_from:
                # The commit that led here stands whatever comes of this; a failed log shows at its next use.
                with suppress(LogFullError, LogFailedError):
                    self.settle(waits=False)

    def make_space(self) -> None:
        """Make the files ahead that puts will need; where the disk has no room, give back what an empty queue holds.

        That is the file that was filled last: the queue goes on in the one in reserve, and the other takes its place.
        Raises LogFailedError.
        """
        was_starved, self._appender.is_starved = self._appender.is_starved, False
        if self.log.make_spares() or not was_starved:
            return
        with suppress(LogFullError):
            self._takes.finish()
            if self._is_consumed():
                self.settle(rolls=not self.log.lacks_reserve)

    def _is_consumed(self) -> bool:
        """Tell whether every put is taken, and note up to where."""
        with self.puts.resting() as is_idle, self._lock:
            if is_idle and self._takes.ranges.watermark >= self._end_sequence:
                self._consumed_end = self.log.written_end
                return True
        return False

    def settle(self, *, waits: bool = True, rolls: bool = False) -> Checkpoint | None:
        """Sum up what is taken in one synced TAKE frame, then release what is before; return what recovery may use.

        waits: false returns None where somebody is at it. rolls: the frame begins a segment, so that the one before can be
        released too. Raises LogFullError, LogFailedError.
        """
        if not self._settling.acquire(blocking=waits):
            return None
        try:
            self._takes.finish()
            with self._lock:
                version = self.version
                start, low, taken = self._takes.start, self._low(), self._takes.ranges
                queued = self._end_sequence - taken.watermark - taken.count_above
                frame = take_frame(taken.watermark, taken.spans())
            ticket = self._appender.append(frame, uses_reserve=True, rolls=rolls)
            ticket.wait(Level.SYNCED)
            self.log.release(min(low, start))
            self.settled_version = version
            return Checkpoint(self.log.identity, start, ticket.position, low, queued)
        finally:
            self._settling.release()

    def close(self) -> None:
        """Store which takes are under way, and close the log."""
        with suppress(LogFullError, LogFailedError):
            self._takes.finish()
        self.log.close()
