"""The log: opened with recovery, appended to with tickets, read with cursors, released from the front."""

import secrets
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from flumepy.core.errors import FlumeError, StartError, translate
from flumepy.log.commit import GroupCommit, Level, Ticket
from flumepy.log.cursor import Cursor
from flumepy.log.disk import Buffer, Disk
from flumepy.log.errors import LogFailedError
from flumepy.log.format import FrameFormat, Prepared
from flumepy.log.recovery import Reader, Recovery, Visit
from flumepy.log.segment import Segment, SegmentHeader
from flumepy.log.shelf import Shelf, ShelfSettings, Spare

FrameT = TypeVar("FrameT")


class SegmentInfo(NamedTuple):
    """A segment as retention and tools see it."""

    path: Path
    position: int
    end: int
    sequence: int
    created_ms: int


class Log(Generic[FrameT]):
    """One log over one or several folders. All methods may be called from any thread, `open` and `close` from one."""

    def __init__(
        self,
        settings: ShelfSettings,
        frame_format: FrameFormat[FrameT],
        *,
        disk: Disk | None = None,
        name: str = "log",
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.format = frame_format
        self.disk = disk or Disk()
        self.name = name
        self._now_ms = now_ms
        self._shelf = Shelf(settings, self.disk, is_recyclable=frame_format.is_recyclable)
        self._commit = GroupCommit(name, self._write, self._sync, self._advanced)
        self._lock = self._commit.lock  # guards everything below
        self._log_id = b""
        self._segments: list[Segment] = []
        self._next_position = 0
        self._next_sequence = 0
        self._room_end = 0  # frames up to this position fit into the file that is being filled
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._releasing = threading.Lock()  # one thread at a time gives segments back, in order
        self.damages = 0

    # -- life -------------------------------------------------------------------------------------------------------

    def open(self, start: int | None = None, visit: Visit | None = None) -> Recovery:
        """Lock the folders, find the frames from `start` (or the first segment) on, and clear what is behind the last.

        visit: is given every frame found. A `start` that lies outside of the log means its beginning. Raises StartError.
        """
        found = self._shelf.open()
        try:
            with translate({OSError: StartError}, f"{self.name}: the log cannot be read"):
                return self._recover(found, start, visit)
        except BaseException:
            self._close_files()
            raise

    def _recover(self, found: list[tuple[int, Path]], start: int | None, visit: Visit | None) -> Recovery:
        reader = Reader(self.disk, self.format, visit)
        for position, path in found:
            segment = reader.open_segment(position, path, self._log_id or None)
            self._segments.append(segment)
            self._log_id = self._log_id or segment.header.log_id
        self._log_id = self._log_id or secrets.token_bytes(16)
        if self._segments and not (start is not None and self.first_position <= start):
            start = self.first_position
        for number, segment in enumerate(self._segments):
            is_last = number == len(self._segments) - 1
            stop = None if is_last else self._segments[number + 1].position
            reader.recovery.next_sequence = max(reader.recovery.next_sequence, segment.header.sequence)
            assert start is not None
            if stop is not None and stop <= start:
                segment.end = stop
            else:
                reader.scan(segment, max(start, segment.position), stop)
        if self._segments:
            last = self._segments[-1]
            reader.clear_tail(last)
            self._repair_header(last, reader.recovery.next_sequence)
            self._room_end = last.position + self._shelf.room(last.capacity)
            self._next_position = last.end
        self._next_sequence = reader.recovery.next_sequence
        self.damages = len(reader.recovery.damages)
        self._commit.start_at(self._next_position)
        return reader.recovery

    def _repair_header(self, segment: Segment, next_sequence: int) -> None:
        """Write the header that a file lacks whose process ended between its rename and its first sync."""
        if segment.header.sequence >= 0 or segment.end > segment.position:
            return
        header = SegmentHeader(self.format.name, self._log_id, segment.position, next_sequence, self._now_ms())
        segment.header = header
        self.disk.write(segment.descriptor, [header.encode()], 0)
        self.disk.sync(segment.descriptor)

    def close(self) -> None:
        """Write and sync what was appended, then close; safe twice, and without `open`."""
        if self._segments and self._commit.failure is None:
            with self._commit.paused():
                pass
        self._commit.close()
        self._close_files()

    def _close_files(self) -> None:
        with self._lock:
            segments, self._segments = self._segments, []
        for segment in segments:
            self.disk.close(segment.descriptor)
        self._shelf.close()

    @property
    def identity(self) -> bytes:
        """Return the 16 random bytes that all segments of this log share."""
        return self._log_id

    @property
    def failure(self) -> LogFailedError | None:
        """Return why the log can no longer be used, if so."""
        return self._commit.failure

    # -- appending --------------------------------------------------------------------------------------------------

    def append(self, frame: FrameT, *, uses_reserve: bool = False) -> Ticket:
        """Give the frame its place and queue it; nothing is written yet. Raises LogFullError, LogFailedError."""
        while True:
            with self._lock:
                if self._commit.failure is not None:
                    raise self._commit.failure
                prepared = self.format.prepare(frame, self._next_sequence, self._next_position, self._now_ms())
                ticket = self._place(prepared, uses_reserve=uses_reserve)
                if ticket is not None:
                    return ticket
            self._shelf.grow(prepared.length, uses_reserve=uses_reserve)

    def _place(self, prepared: Prepared, *, uses_reserve: bool) -> Ticket | None:
        """Queue a frame where it fits; None when a file must be made first. Called with the lock held."""
        spare: Spare | None = None
        end = self._next_position + prepared.length
        if end > self._room_end:
            spare = self._shelf.claim(prepared.length, uses_reserve=uses_reserve)
            if spare is None:
                return None
            self._room_end = self._next_position + self._shelf.room(spare.capacity, prepared.length)
        ticket = Ticket(
            self._commit,
            self._next_position,
            self._next_sequence,
            prepared.sequences,
            prepared.parts,
            prepared.length,
            spare,
        )
        self._next_position = end
        self._next_sequence += prepared.sequences
        self._commit.add(ticket)
        return ticket

    def sync(self) -> None:
        """Return when everything that was appended is synced. Raises LogFailedError."""
        self._commit.wait(self._next_position, Level.SYNCED)

    def call_when_synced(self, callback: "Callable[[FlumeError | None], None]") -> None:
        """Sync everything that was appended, on the log's own thread, then call back."""
        self._commit.call_when(self._next_position, Level.SYNCED, callback)

    def _write(self, tickets: list[Ticket]) -> None:
        """Write frames at their places, opening new segments; called by the leader only."""
        first = 0
        for number, ticket in enumerate(tickets):
            if ticket.new_segment is not None:
                self._write_run(tickets[first:number])
                self._roll(ticket, ticket.new_segment)
                first = number
        self._write_run(tickets[first:])

    def _write_run(self, tickets: list[Ticket]) -> None:
        if not tickets:
            return
        segment = self._segments[-1]
        parts: list[Buffer] = [part for ticket in tickets for part in ticket.parts]
        self.disk.write(segment.descriptor, parts, segment.offset(tickets[0].position))
        with self._lock:
            for ticket in tickets:
                segment.index.add(ticket.sequence, ticket.position)
                ticket.parts = []
            segment.end = tickets[-1].end

    def _roll(self, ticket: Ticket, spare: Spare) -> None:
        if self._segments:
            self.disk.sync(self._segments[-1].descriptor)
        header = SegmentHeader(self.format.name, self._log_id, ticket.position, ticket.sequence, self._now_ms())
        segment = self._shelf.start_segment(spare, header)
        with self._lock:
            self._segments.append(segment)

    def _sync(self) -> None:
        if self._segments:
            self.disk.sync(self._segments[-1].descriptor)

    # -- reading ----------------------------------------------------------------------------------------------------

    @property
    def first_position(self) -> int:
        """Return the position of the first frame that is still there."""
        return self._segments[0].position if self._segments else self._next_position

    @property
    def second_position(self) -> int | None:
        """Return where the second segment begins: a `release` from there on gives something back. None with one."""
        return next((segment.position for segment in self._segments[1:2]), None)

    @property
    def written_end(self) -> int:
        """Return the position up to which frames can be read."""
        return self._commit.written_end

    @property
    def synced_end(self) -> int:
        """Return the position up to which frames are on the disk."""
        return self._commit.synced_end

    @property
    def next_sequence(self) -> int:
        """Return the sequence number that the next frame gets."""
        return self._next_sequence

    def cursor(self, position: int) -> Cursor:
        """Return a reader that starts at the frame at this position."""
        return Cursor(self, position)

    def locate(self, sequence: int) -> int:
        """Return the position of a frame at or before this sequence number, at most some 64 KB before it."""
        with self._lock:
            segments = [segment for segment in self._segments if 0 <= segment.header.sequence <= sequence]
            if not segments:
                return self.first_position
            return segments[-1].index.floor(sequence, segments[-1].position)

    @contextmanager
    def lease(self, position: int) -> Iterator[Segment]:
        """Keep the segment with this position, or the first behind it, from being reused inside the block."""
        with self._lock:
            if not self._segments:
                raise self._commit.failure or LogFailedError(f"{self.name}: the log is empty")
            place = bisect_right(self._segments, position, key=lambda segment: segment.position) - 1
            segment = self._segments[max(0, place)]
            segment.leases += 1
        try:
            yield segment
        finally:
            with self._lock:
                segment.leases -= 1
                is_last_lease = segment.is_doomed and not segment.leases
            if is_last_lease:
                self._shelf.retire(segment)

    def next_segment_position(self, segment: Segment, end: int) -> int:
        """Return where the segment behind this one starts, or `end` without one."""
        with self._lock:
            later = [other.position for other in self._segments if other.position > segment.position]
        return min(later, default=end)

    def skip_damage(self, segment: Segment, start: int, stop: int) -> int:
        """Count damage that a reader met, and return the position of the next sound frame."""
        self.damages += 1
        return Reader(self.disk, self.format, None).skip(segment, start, stop)

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call this, on the committing thread, whenever frames have become written or synced."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

    def _advanced(self) -> None:
        for listener in self._listeners:
            listener()

    # -- shrinking --------------------------------------------------------------------------------------------------

    def segments(self) -> list[SegmentInfo]:
        """Return the segments in order; the last one is being filled."""
        with self._lock:
            return [
                SegmentInfo(s.path, s.position, s.end, s.header.sequence, s.header.created_ms) for s in self._segments
            ]

    def release(self, position: int) -> None:
        """Give back the segments that end at or before this position; the last one stays. Raises OSError.

        A segment goes only after all before it have gone, durably, so that a crash never leaves an older one alone.
        """
        if not self._releasing.acquire(blocking=False):
            return  # somebody is at it, or will be at the next release
        try:
            while segment := self._pop_released(position):
                self._shelf.retire(segment)
        finally:
            self._releasing.release()

    def _pop_released(self, position: int) -> Segment | None:
        with self._lock:
            if len(self._segments) < 2 or self._segments[1].position > position or self._segments[0].leases:
                return None
            return self._segments.pop(0)

    def truncate_to(self, position: int) -> None:
        """Drop all frames from this position on, which must be a frame's start. Raises LogFailedError, OSError.

        What waits to be written is written first. Sequence numbers go on from the last frame that stays.
        """
        with self._commit.paused():
            if self._commit.failure is not None:
                raise self._commit.failure
            while len(self._segments) > 1 and self._segments[-1].position >= position:
                with self._lock:
                    segment = self._segments.pop()
                    segment.is_doomed = segment.leases > 0
                if not segment.is_doomed:
                    self._shelf.retire(segment)
            self._cut_last(position)

    def _cut_last(self, position: int) -> None:
        segment = self._segments[-1]
        reader = Reader(self.disk, self.format, None)
        start = segment.index.floor_position(position - 1, segment.position)
        reader.recovery.next_sequence = segment.header.sequence
        reader.scan(segment, start, position)
        segment.index.cut(position)
        with self._lock:
            segment.end = position
            self._next_position = position
            self._next_sequence = reader.recovery.next_sequence
            self._room_end = segment.position + self._shelf.room(segment.capacity)
            self._commit.written_end = self._commit.synced_end = position
        reader.clear_tail(segment)
