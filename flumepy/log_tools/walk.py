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
from itertools import pairwise
from pathlib import Path

from flumepy.core.errors import InputError, StartError, translate
from flumepy.event_log.frames import GAP, PUT, TAKE
from flumepy.log.checksum import crc32c
from flumepy.log.cursor import Chunk
from flumepy.log.disk import Disk
from flumepy.log.format import Stop
from flumepy.log.frame import CHECKED_BYTES, HEAD, NativeFormat
from flumepy.log.frame_rows import MAGIC
from flumepy.log.recovery import CHUNK_BYTES, ZEROS, Reader
from flumepy.log.segment import HEADER_BYTES, Segment, SegmentHeader

KIND_NAMES = {TAKE: "a frame that a take left", GAP: "a repaired gap"}
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

    @property
    def size(self) -> int:
        """Return the number of bytes."""
        return self.end - self.start

    def sentence(self) -> str:
        """Return what to tell an operator."""
        lost = f"; {self.lost} events are lost" if self.lost else ""
        return f"{self.path}: {self.size} bytes at offset {self.offset}: {self.reason}{lost}"


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
    is_live: bool = False,
    advance: Advance = lambda _: None,
) -> Iterator[Piece]:
    """Iterate verified frames and holes, in order, from the segment with `start` on.

    known_end: the log must reach at least this position; its checkpoint says so. is_live: an agent is writing, so the end
    may be torn. advance: called with the number of bytes done. Raises InputError, StartError for a newer version or a file
    of another log.
    """
    expected = _first_sequence(segments, start)
    holes: list[Hole] = []
    for piece in _segments(segments, start, known_end, is_live, advance):
        if isinstance(piece, Hole):
            holes.append(piece)
            continue
        first = piece.heads[0][2]
        yield from _counted(holes, first if expected is None else expected, first)
        holes = []
        yield piece
        expected = piece.heads[-1][2] + piece.heads[-1][3]
    for hole in holes:
        yield replace(hole, first=hole.first if expected is None else expected)


def _first_sequence(segments: list[tuple[int, Path]], start: int) -> int | None:
    """Return the sequence number with which the first segment begins, if its header can be read."""
    if segments and segments[0][0] == 0 == start:
        return 0  # no event was before
    behind = [path for (_, path), (stop, _) in pairwise(segments) if stop > start]
    for path in [*behind, *(path for _, path in segments[-1:])][:1]:
        with suppress(OSError, StartError), path.open("rb") as file:
            header = SegmentHeader.decode(file.read(HEADER_BYTES), path)
            return header.sequence if header is not None else None
    return None


def _counted(holes: list[Hole], first: int, stop: int) -> Iterator[Hole]:
    """Say of holes between two frames which sequence numbers they cost: the first one all of them."""
    lost = max(0, stop - first)
    for hole in holes:
        if hole.kind is HoleKind.HEADER:
            yield replace(hole, first=first)
        else:
            yield replace(hole, first=first, lost=lost)
            first, lost = first + lost, 0


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
            yield self._missing(position, self._known_end, self._seen())
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
        reason, lost = _what_stands(data, position)
        offset = self._segment.offset(position)
        if sound is not None:
            return Hole(HoleKind.DAMAGED, self._segment.path, position, sound, offset, reason)
        if self._stop is None:
            return None if self._is_live else self._tail(position, reason, lost, is_frame=lost is not None)
        if self._stop > self._limit:
            if lost is None and not self._rest(position)[1]:
                return self._missing(position, self._stop)
            return self._missing(position, self._stop, f"{reason}, and what follows this file is missing")
        return Hole(HoleKind.DAMAGED, self._segment.path, position, self._stop, offset, reason)

    def _tail(self, position: int, reason: str, lost: int | None, *, is_frame: bool) -> Hole | None:
        """Return what stands behind the last frame, unless it is zeros or what an older life of the file left."""
        used_end, is_written = self._rest(position)
        if not is_frame and not is_written:
            return self._missing(position, self._known_end, self._seen()) if position < self._known_end else None
        if position < self._known_end:
            reason = f"{reason}; no sound frame follows, and {self._seen()}"
        else:
            reason = f"{reason}; no sound frame follows, so it was torn off by a crash, or damaged"
        offset = self._segment.offset(position)
        return Hole(HoleKind.TORN, self._segment.path, position, used_end, offset, reason, lost=lost or 0)

    def _rest(self, position: int) -> tuple[int, bool]:
        """Return the end of the last byte that is not zero, and whether this life of the file wrote up to there."""
        end, is_old, start = position, False, position
        while start < self._limit:
            data = self._read(start, min(CHUNK_BYTES, self._limit - start))
            if not data:
                break
            if data != ZEROS[: len(data)]:
                end = start + len(data.rstrip(b"\0"))
                is_old = is_old or _holds_old_frame(data, self._segment.position)
            start += len(data) if len(data) < CHUNK_BYTES else len(data) - HEAD.size
        return end, end > position and not is_old


def _what_stands(data: bytes, position: int) -> tuple[str, int | None]:
    """Return why these bytes are no frame, and how many events it had where its head is sound."""
    if len(data) >= HEAD.size:
        magic, kind, _, _, _, count, stated, _, _, head_crc = HEAD.unpack_from(data)
        if magic == MAGIC and stated == position and crc32c(data[:CHECKED_BYTES]) == head_crc:
            what = f"a frame of {count} events" if kind == PUT else KIND_NAMES.get(kind, f"a frame of kind {kind}")
            return f"{what} has a wrong checksum", count
    return "no frame begins where one should", None


def _holds_old_frame(data: bytes, position: int) -> bool:
    """Tell whether the head of a frame from before this segment stands here: the file was used before."""
    at = data.find(MAGIC)
    while 0 <= at <= len(data) - HEAD.size:
        *_, stated, _, _, head_crc = HEAD.unpack_from(data, at)
        if stated < position and crc32c(data[at : at + CHECKED_BYTES]) == head_crc:
            return True
        at = data.find(MAGIC, at + 1)
    return False
