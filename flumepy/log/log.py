"""The log: opened with recovery, appended to with tickets, read with cursors, released from the front."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Generic, TypeVar

from flumepy.core.errors import FlumeError, call_all
from flumepy.log.commit import GroupCommit, Level, Ticket
from flumepy.log.cursor import Cursor
from flumepy.log.disk import Disk
from flumepy.log.errors import LogFailedError, disk_failure, opening_failure
from flumepy.log.format import FrameFormat, Prepared
from flumepy.log.opening import Opener
from flumepy.log.recovery import Reader, Recovery, Visit
from flumepy.log.row import SegmentRow
from flumepy.log.segment import Segment, SegmentHeader, SegmentInfo
from flumepy.log.shelf import Shelf, ShelfSettings, Spare
from flumepy.log.truncation import cut_off, end_before
from flumepy.log.writer import FrameWriter

FrameT = TypeVar("FrameT")


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
        self._lock = threading.Lock()  # the append lock; guards everything below
        self._row = SegmentRow(self._lock, self.disk, self._is_empty)
        writer = FrameWriter(self._row, self._shelf, self.disk, self._lock, self._new_header)
        self._commit = GroupCommit(name, self._lock, writer)
        self._log_id = b""
        self._next_position = 0
        self._next_sequence = 0
        self._room_end = 0  # frames up to this position fit into the file that is being filled
        self._damages: dict[int, int] = {}  # start and end of the damaged places that are known
        self._is_truncating = False
        self._truncation = threading.Lock()  # held while frames are cut off; appends wait for it
        self._releasing = threading.Lock()  # one thread at a time gives segments back, in order

    def open(self, start: int | None = None, visit: Visit | None = None) -> Recovery:
        """Lock the folders, find the frames from `start` (or the first segment) on, and clear what is behind the last.

        visit: is given every frame found. A `start` that lies outside of the log means its beginning. Raises StartError.
        """
        found = self._shelf.open()
        try:
            return self._recover(found, start, visit)
        except BaseException as error:
            self._close_files()
            if isinstance(error, OSError):
                raise opening_failure(self.name, self._shelf.settings.folders, error) from error
            raise

    def _recover(self, found: list[tuple[int, Path]], start: int | None, visit: Visit | None) -> Recovery:
        opened = Opener(self.disk, self.format, self._now_ms, self._shelf).open(found, start, visit)
        for segment in opened.segments:
            self._row.add(segment)
        self._log_id = opened.log_id
        for segment in opened.doubles:
            self._shelf.delete(segment)
        self._shelf.settle(self._log_id, before=self.first_position)
        recovery = opened.recovery
        if opened.segments:
            last = self._row.active
            self._room_end = last.position + self._shelf.room(last.capacity)
            self._next_position = last.end
        self._next_sequence = recovery.next_sequence
        self._damages = {damage.start: damage.end for damage in recovery.damages}
        self._commit.start_at(self._next_position)
        return recovery

    def close(self) -> None:
        """Write and sync what was appended, then close; safe twice, and without `open`."""
        call_all(self._commit.close, self._close_files)

    def _close_files(self) -> None:
        call_all(self._row.close, self._shelf.close)

    @property
    def identity(self) -> bytes:
        """Return the 16 random bytes that all segments of this log share."""
        return self._log_id

    @property
    def failure(self) -> LogFailedError | None:
        """Return why the log can no longer be used, if so."""
        return self._commit.failure

    @property
    def damages(self) -> int:
        """Return how many damaged places were met."""
        return len(self._damages)

    def append(self, frame: FrameT, *, uses_reserve: bool = False, rolls: bool = False) -> Ticket:
        """Place the frame, with `rolls` in a new segment, and queue it, unwritten. Raises LogFullError, LogFailedError."""
        while True:
            with self._lock:
                if self._commit.failure is not None:
                    raise self._commit.failure
                is_truncating = self._is_truncating
                if not is_truncating:
                    prepared = self.format.prepare(frame, self._next_sequence, self._next_position, self._now_ms())
                    ticket = self._place(prepared, uses_reserve=uses_reserve, rolls=rolls)
                    if ticket is not None:
                        return ticket
            if is_truncating:
                with self._truncation:
                    pass
            else:
                self._shelf.grow(prepared.length, uses_reserve=uses_reserve)

    def _place(self, prepared: Prepared, *, uses_reserve: bool, rolls: bool) -> Ticket | None:
        """Queue a frame where it fits; None when a file must be made first. Called with the lock held."""
        length, sequences = prepared.length, prepared.sequences
        spare: Spare | None = None
        position = self._next_position
        end = position + length
        if end > self._room_end or rolls:
            spare = self._shelf.claim(length, uses_reserve=uses_reserve)
            if spare is None:
                return None
            self._room_end = position + self._shelf.room(spare.capacity, length)
        elif self._shelf.lacks_reserve and not uses_reserve:
            return None  # it has become the active file: filled with puts, it would leave takes no room
        ticket = Ticket(self._commit, position, self._next_sequence, sequences, prepared.parts, length, spare)
        self._next_position = end
        self._next_sequence += sequences
        self._commit.add(ticket)
        return ticket

    def sync(self) -> None:
        """Return when everything that was appended is synced. Raises LogFailedError."""
        self._commit.wait(self._next_position, Level.SYNCED)

    def call_when(self, level: Level, callback: "Callable[[FlumeError | None], None]") -> None:
        """Bring everything that was appended so far, on the log's own thread, then call back; see Ticket.call_when."""
        self._commit.call_when(self._next_position, level, callback)

    def make_spares(self) -> bool:
        """Make the files ahead that the next append would otherwise make; return False where the disk has no room."""
        return self._shelf.try_to_grow()

    @property
    def lacks_reserve(self) -> bool:
        """Tell whether the file in reserve is in use, or was never made."""
        return self._shelf.lacks_reserve

    def _new_header(self, position: int, sequence: int) -> SegmentHeader:
        return SegmentHeader(self.format.name, self._log_id, position, sequence, self._now_ms())

    @property
    def first_position(self) -> int:
        """Return the position of the first frame that is still there."""
        with self._lock:
            return self._row.all()[0].position if len(self._row) else self._next_position

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

    def locate(self, sequence: int, *, reads: bool = True) -> int:
        """Return the position of a frame at or before this sequence number, at most some 64 KB before it.

        Reads the heads of a segment that was not read at the start; `reads` false returns its beginning instead.
        Raises LogFailedError, OSError.
        """
        segment = self._row.with_sequence(sequence)
        if segment is None:
            return self.first_position
        if not segment.is_scanned and not segment.is_active:
            if not reads:
                return segment.position
            with self.lease(segment.position) as leased:
                Reader(self.disk, self.format, None).scan(leased, leased.position, leased.end)
                segment = leased
        with self._lock:
            return segment.index.floor(sequence, segment.position)

    def lease(self, position: int) -> AbstractContextManager[Segment]:
        """Keep the segment with this position, or the first behind it, open and from being reused inside the block."""
        return self._row.lease(position)

    def _is_empty(self) -> Exception:
        return self._commit.failure or LogFailedError(f"{self.name}: the log is empty")

    def next_segment_position(self, segment: Segment, end: int) -> int:
        """Return where the segment behind this one starts, or `end` without one."""
        behind = self._row.behind(segment)
        return behind.position if behind is not None else end

    def skip_damage(self, segment: Segment, start: int, stop: int) -> int:
        """Count damage that a reader met, unless it is known; return the position of the next sound frame."""
        end = self._damages.get(start)
        if end is None:
            end = Reader(self.disk, self.format, None).skip(segment, start, stop)
            self._damages[start] = end
        return end

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call this, on the committing thread, whenever frames have become written or synced."""
        with self._lock:
            self._commit.listeners = (*self._commit.listeners, listener)

    @property
    def segment_count(self) -> int:
        """Return how many segments there are."""
        return len(self._row)

    def segments(self) -> list[SegmentInfo]:
        """Return the segments in order; the last one is being filled."""
        with self._lock:
            return [segment.info() for segment in self._row.all()]

    def release(self, position: int) -> None:
        """Give back the segments that end at or before this position; the last one stays. Raises LogFailedError.

        A segment goes only after all before it have gone, durably, so that a crash never leaves an older one alone. So the
        log fails when the disk does.
        """
        with self._releasing:
            while self._commit.failure is None and (segment := self._row.pop_first(position)):
                try:
                    self._shelf.retire(segment)
                except OSError as error:
                    self._commit.fail(failure := disk_failure(self.name, error))
                    raise failure from error

    def truncate_to(self, position: int) -> None:
        """Drop all frames from this position on. Raises ValueError, LogFailedError.

        What waits to be written is written first. The position must be a frame's start, or the end; one before the first
        frame that is still there means that frame. Damage just before it goes too. Sequence numbers go on from the last
        sound frame that stays.
        """
        with self._truncation:
            self._let_append(False)
            try:
                with self._commit.paused():
                    self._truncate(max(position, self.first_position))
            finally:
                self._let_append(True)

    def _let_append(self, may_append: bool) -> None:
        with self._lock:
            self._is_truncating = not may_append

    def _truncate(self, position: int) -> None:
        if self._commit.failure is not None:
            raise self._commit.failure
        if position == self._next_position:
            return
        if position > self._next_position:
            raise ValueError(f"position {position} is behind the end of the log, {self._next_position}")
        try:
            position, next_sequence = end_before(self._row, position, self.disk, self.format)
            cut_off(self._row, self._shelf, position, self.disk, self._new_header)
        except OSError as error:
            self._commit.fail(failure := disk_failure(self.name, error))
            raise failure from error
        with self._lock:
            active = self._row.active
            active.end = position
            active.index.cut(position)
            self._next_position = position
            self._next_sequence = next_sequence
            self._room_end = active.position + self._shelf.room(active.capacity)
            self._damages = {start: end for start, end in self._damages.items() if start < position}
            self._commit.start_at(position)
