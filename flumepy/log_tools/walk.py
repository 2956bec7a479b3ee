"""Walking over the frames of a log without opening it: no lock is taken and nothing is changed.

Every checksum is verified, one window of 1 MB at a time (a larger frame is read whole). It also serves while an agent runs
on the directory: what is appended meanwhile may be seen or not, a frame that is being written looks like the end, and a
segment that is given back while it is read is left.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from flumepy.core.errors import InputError, translate
from flumepy.log.cursor import Chunk
from flumepy.log.disk import Disk
from flumepy.log.format import Stop
from flumepy.log.frame import HEAD, NativeFormat
from flumepy.log.recovery import CHUNK_BYTES, ZEROS, Reader
from flumepy.log.segment import HEADER_BYTES, Segment
from flumepy.log_tools.remains import first_sequence, header_sequence, holds_old_frame, what_stands
from flumepy.log_tools.words import counted, lost_events

Advance = Callable[[int], object]


class HoleKind(Enum):
    """What is wrong with a part of a log."""

    DAMAGED = "damaged"  #: no sound frames, though sound frames follow
    TORN = "torn"  #: no sound frames, and nothing follows: torn off by a crash, or damaged
    MISSING = "missing"  #: not there: a segment, the end of one, or a whole directory
    HEADER = "header"  #: the 512 bytes at the start of a segment
    UNREADABLE = "unreadable"  #: a sound frame whose payload cannot be decoded


@dataclass(frozen=True, slots=True)
class Hole:
    """Positions [start, end) of a log without sound frames. `first`, `lost`: the sequence numbers that are gone with it."""

    kind: HoleKind
    path: Path
    start: int
    end: int
    offset: int  #: in the file
    reason: str
    first: int = 0
    lost: int = 0
    is_least: bool = False  #: more may be gone than `lost` says

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return self.end - self.start

    def sentence(self) -> str:
        """Return what to tell an operator."""
        lost = lost_events(self.lost, is_least=self.is_least)
        return f"{self.path}: {counted(self.size, 'byte')} at offset {self.offset}: {self.reason}{lost}"


Piece = Chunk | Hole


class ReadOnlyDisk(Disk):
    """Opens every file for reading only."""

    def open(self, path: Path, *, create: bool = False, read_only: bool = False) -> int:
        """Open for reading."""
        return super().open(path, read_only=True)


def walk(
    segments: list[tuple[int, Path]],
    *,
    start: int = 0,
    known_end: int = 0,
    known_events: Callable[[], int] = lambda: 0,
    is_live: bool = False,
    advance: Advance = lambda _: None,
) -> Iterator[Piece]:
    """Iterate verified frames and holes, in order, from the segment with `start` on.

    known_end: the log must reach at least this position; its checkpoint says so, and known_events how many events were put
    then, which is asked where the log ends before. is_live: an agent is writing, so the end may be torn. advance: called
    with the number of bytes done. Raises InputError, StartError for a newer version or a file of another log.
    """
    expected = first_sequence(segments, start)
    holes: list[Hole] = []
    for piece in _segments(segments, start, known_end, is_live, advance):
        if isinstance(piece, Hole):
            holes.append(piece)
            continue
        first = piece.heads[0][2]
        yield from _counted(holes, expected, first)
        holes = []
        yield piece
        expected = piece.heads[-1][2] + piece.heads[-1][3]
    yield from _counted_at_the_end(holes, expected, segments, known_end, known_events)


def _counted(holes: list[Hole], expected: int | None, stop: int) -> Iterator[Hole]:
    """Say of holes before a frame which sequence numbers they cost: the first one all of them.

    expected: the number behind the frame before them; None where it is not known.
    """
    first = stop if expected is None else expected
    lost = max(0, stop - first)
    for hole in holes:
        if hole.kind is HoleKind.HEADER:
            yield replace(hole, first=first)
        else:
            yield replace(hole, first=first, lost=lost, is_least=expected is None)
            first, lost = first + lost, 0


def _counted_at_the_end(
    holes: list[Hole],
    expected: int | None,
    segments: list[tuple[int, Path]],
    known_end: int,
    known_events: Callable[[], int],
) -> Iterator[Hole]:
    """Say what holes cost that no frame follows: the last header tells of those before it, else the checkpoint."""
    costly = [hole for hole in holes if hole.kind is not HoleKind.HEADER]
    if not costly:
        yield from (replace(hole, first=expected or 0) for hole in holes)
        return
    path = segments[-1][1]
    before = [hole for hole in holes if hole.path != path]
    begin = header_sequence(path)
    if begin is not None and before:
        yield from _counted(before, expected, begin)
        holes, expected = holes[len(before) :], begin
    more = 0
    if expected is not None and costly[-1].start < known_end:
        more = max(0, known_events() - expected - sum(hole.lost for hole in holes))
    for hole in holes:
        extra = more if hole is costly[-1] else 0
        is_least = hole in costly and (hole.is_least or extra > 0 or hole.path != path)
        yield replace(hole, first=expected or 0, lost=hole.lost + extra, is_least=is_least)


def _segments(
    segments: list[tuple[int, Path]], start: int, known_end: int, is_live: bool, advance: Advance
) -> Iterator[Piece]:
    disk = ReadOnlyDisk()
    log_id: bytes | None = None
    for number, (position, path) in enumerate(segments):
        stop = segments[number + 1][0] if number + 1 < len(segments) else None
        if stop is not None and stop <= start:
            continue
        with translate({OSError: InputError}, f"{path} cannot be read"):
            try:
                segment = Reader(disk, NativeFormat(), None).open_segment(position, path, log_id)
            except FileNotFoundError:
                continue  # it was given back meanwhile
            try:
                log_id = log_id or segment.header.log_id or None
                yield from _SegmentWalk(disk, segment, stop, known_end, is_live, advance).pieces()
            finally:
                disk.close(segment.descriptor)


class _SegmentWalk:
    """One pass over one segment. `stop`: where the next one begins."""

    def __init__(
        self, disk: Disk, segment: Segment, stop: int | None, known_end: int, is_live: bool, advance: Advance
    ) -> None:
        self._disk = disk
        self._segment = segment
        self._stop = stop
        self._known_end = known_end
        self._is_live = is_live
        self._advance = advance
        self._format = NativeFormat()
        file_end = segment.position + segment.capacity
        self._limit = file_end if stop is None else min(file_end, stop)

    def pieces(self) -> Iterator[Piece]:
        """Iterate what the segment holds."""
        segment, position, wanted = self._segment, self._segment.position, CHUNK_BYTES
        header_hole = self._header_hole()
        if header_hole is not None and self._is_there():
            yield header_hole
        while position < self._limit:
            data = self._read(position, min(wanted, self._limit - position))
            scan = self._format.scan(data, position, verify=True)
            if scan.heads:
                wanted = CHUNK_BYTES
                yield Chunk(position, data, scan.heads)
                end = scan.heads[-1][0] + scan.heads[-1][1]
            elif scan.stop is Stop.SHORT and len(data) < scan.needed <= self._limit - position:
                wanted = scan.needed
                continue
            else:
                hole = self._hole(position, data)
                if hole is None or not self._is_there():
                    break
                yield hole
                end = hole.end
            self._advance(end - position)
            position = end
        if self._stop is not None and position < self._stop and position >= self._limit and self._is_there():
            yield self._missing(position, self._stop)
        if self._stop is None and not self._is_live and self._limit <= position < self._known_end:
            yield self._missing_end(position, self._seen())
        self._advance(max(0, segment.position + segment.capacity - position))

    def _read(self, position: int, size: int) -> bytes:
        return self._disk.read(self._segment.descriptor, size, self._segment.offset(position))

    def _is_there(self) -> bool:
        """Tell whether the file still has its name: else what was read may be of its next life."""
        with suppress(FileNotFoundError):
            return os.stat(self._segment.path).st_ino == os.fstat(self._segment.descriptor).st_ino
        return False

    def _header_hole(self) -> Hole | None:
        if self._segment.is_header_sound:
            return None
        position = self._segment.position
        return Hole(HoleKind.HEADER, self._segment.path, position - HEADER_BYTES, position, 0, "the header is damaged")

    def _seen(self) -> str:
        return f"the checkpoint has seen the log reach position {self._known_end}"

    def _missing(self, start: int, stop: int, what: str = "") -> Hole:
        reason = what or "the bytes behind this file are gone: a segment, or a directory of the log, is missing"
        return Hole(HoleKind.MISSING, self._segment.path, start, stop, self._segment.offset(start), reason)

    def _hole(self, position: int, data: bytes) -> Hole | None:
        """Return the hole at this position, or None where the log ends."""
        sound = Reader(self._disk, self._format, None).next_sound(self._segment, position, self._limit)
        reason, lost, length = what_stands(data, position)
        offset = self._segment.offset(position)
        if sound is not None:
            return Hole(HoleKind.DAMAGED, self._segment.path, position, sound, offset, reason)
        if self._stop is None:
            return None if self._is_live else self._tail(position, reason, lost, position + length)
        if self._stop > self._limit:
            if lost is None and not self._rest(position)[1]:
                return self._missing(position, self._stop)
            return self._missing(position, self._stop, f"{reason}, and what follows this file is missing")
        return Hole(HoleKind.DAMAGED, self._segment.path, position, self._stop, offset, reason, is_least=True)

    def _tail(self, position: int, reason: str, lost: int | None, frame_end: int) -> Hole | None:
        """Return what stands behind the last frame, unless it is zeros or what an older life of the file left.

        frame_end: where the damaged frame ends whose head says that it holds `lost` events.
        """
        used_end, is_written = self._rest(position)
        if lost is None and not is_written:
            return self._missing_end(position, self._seen()) if position < self._known_end else None
        used_end = max(used_end, min(frame_end, self._limit))
        if position < self._known_end:
            reason = f"{reason}; no sound frame follows, and {self._seen()}"
            if used_end < self._known_end:  # one hole: what is damaged here goes with what is not there
                return self._missing_end(position, reason, lost or 0)
        else:
            reason = f"{reason}; no sound frame follows, so it was torn off by a crash, or damaged"
        offset, is_least = self._segment.offset(position), lost is None or used_end > frame_end
        return Hole(
            HoleKind.TORN, self._segment.path, position, used_end, offset, reason, lost=lost or 0, is_least=is_least
        )

    def _missing_end(self, start: int, reason: str, lost: int = 0) -> Hole:
        return replace(self._missing(start, self._known_end, reason), lost=lost, is_least=True)

    def _rest(self, position: int) -> tuple[int, bool]:
        """Return the end of the last byte that is not zero, and whether this life of the file wrote up to there."""
        end, is_old, start = position, False, position
        while start < self._limit:
            data = self._read(start, min(CHUNK_BYTES, self._limit - start))
            if not data:
                break
            if data != ZEROS[: len(data)]:
                end = start + len(data.rstrip(b"\0"))
                is_old = is_old or holds_old_frame(data, self._segment.position)
            start += len(data) if len(data) < CHUNK_BYTES else len(data) - HEAD.size
        return end, end > position and not is_old
