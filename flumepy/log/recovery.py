"""Reading the segments of a log that was closed, or left: finding the frames, the damage between them, and the end.

Nothing is believed but the frames: a segment's header only helps where its own bytes agree with the file's name. Reading
goes forward in windows of 512 KB, so that neither a large segment costs memory, nor many damaged places cost time.
"""

import logging
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from flumepy.core.errors import StartError
from flumepy.log.disk import Disk
from flumepy.log.format import HEAD_LIMIT_BYTES, FrameFormat, FrameHead, Scan, Stop
from flumepy.log.segment import HEADER_BYTES, Segment, SegmentHeader, SparseIndex

log = logging.getLogger("flumepy.log")

CHUNK_BYTES = 512 * 1024  # twice as much no longer stays in the processor's cache, half as much is more calls
ZEROS = bytes(CHUNK_BYTES)

#: called with frames in order, and a function that reads one of them whole
Visit = Callable[[list[FrameHead], Callable[[FrameHead], bytes]], None]


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a segment that are no sound frames though sound frames follow: [start, end) in positions."""

    path: Path
    start: int
    end: int


@dataclass
class Recovery:
    """What opening a log found."""

    damages: list[Damage] = field(default_factory=list)
    cut_bytes: int = 0  #: behind the last sound frame, up to the last byte that is not zero
    frames: int = 0  #: from where the visit starts on
    next_sequence: int = 0  #: behind the last frame or, without frames, as the header says


class Reader:
    """Reads frames of segments one behind the other, skipping damage."""

    def __init__(
        self, disk: Disk, frame_format: FrameFormat[Any], visit: Visit | None, *, visits_from: int = 0
    ) -> None:
        self._disk = disk
        self._format = frame_format
        self._visit = visit
        self._visits_from = visits_from  # frames before this position are read, but not visited
        self._base = 0  # position of the first byte of _data
        self._data = b""  # what was read last
        self._is_file_end = False  # it was cut short by the end of the file
        self.recovery = Recovery()

    def open_segment(self, position: int, path: Path, log_id: bytes | None) -> Segment:
        """Open a file by its name; a damaged header is replaced by what the name says. Raises StartError, OSError."""
        descriptor = self._disk.open(path)
        try:
            header = SegmentHeader.decode(self._disk.read(descriptor, HEADER_BYTES, 0), path)
            is_sound = header is not None and header.position == position
            if header is None or not is_sound:
                header = SegmentHeader(self._format.name, log_id or b"", position, -1, 0)
            elif header.format_name != self._format.name:
                raise StartError(
                    f"{path}: holds frames of the format {header.format_name!r}, not {self._format.name!r}; the directory"
                    " belongs to another kind of log. Nothing was changed"
                )
            elif log_id is not None and header.log_id != log_id:
                raise StartError(
                    f"{path}: belongs to another log than the files before it; each channel needs directories of its own."
                    " Nothing was changed"
                )
            capacity = max(0, self._disk.size(descriptor) - HEADER_BYTES)
            return Segment(path, descriptor, header, capacity, is_header_sound=is_sound)
        except BaseException:
            self._disk.close(descriptor)
            raise

    def scan(self, segment: Segment, start: int, stop: int | None) -> None:
        """Visit the frames from `start` on; `stop` is where the next segment begins, None in the last one.

        Sets the segment's end and index. In the last segment every checksum is verified, else only those of the heads.
        """
        limit = segment.position + segment.capacity if stop is None else stop
        index = SparseIndex()
        position = self.walk(segment, start, limit, index, is_last=stop is None)
        segment.index = index
        segment.is_scanned = start == segment.position
        segment.end = position if stop is None else stop

    def walk(
        self, segment: Segment, start: int, limit: int, index: SparseIndex | None = None, *, is_last: bool = False
    ) -> int:
        """Visit the frames in a part of an open segment, and index them; return where they end.

        is_last: what comes behind the last sound frame is the end, and no damage; the frames are verified in full.
        """
        position = start
        self._data = b""
        while position < limit:
            scan = self._scan_at(segment, position, limit, verify=is_last)
            if scan.heads:
                if index is not None:
                    index.add_heads(scan.heads)
                self._found(segment, scan.heads)
                last = scan.heads[-1]
                position = last[0] + last[1]
            if scan.stop is Stop.BAD or not scan.heads:
                sound = self.next_sound(segment, position, limit)
                if sound is None and is_last:
                    break
                position = self._damaged(segment, position, limit if sound is None else sound)
        return position

    def _load(self, segment: Segment, position: int, size: int, limit: int) -> None:
        """Read at least `size` bytes from a position on, fewer at the end of the file or at the limit."""
        size = min(max(size, CHUNK_BYTES), limit - position)
        self._data = b""  # its memory, which is in the processor's cache, is used again
        self._base, self._data = position, self._disk.read(segment.descriptor, size, segment.offset(position))
        self._is_file_end = len(self._data) < size

    def _scan_at(self, segment: Segment, position: int, limit: int, *, verify: bool) -> Scan:
        """Scan what one read gives, from a position on, or at least one frame."""
        while True:
            offset = position - self._base
            if not 0 <= offset < len(self._data):
                self._load(segment, position, CHUNK_BYTES, limit)
                offset = 0
            data = memoryview(self._data)[offset:] if offset else self._data
            scan = Scan([], Stop.END)
            if position < self._visits_from < position + len(data):  # no row of frames may go across
                scan = self._format.scan(data[: self._visits_from - position], position, verify=verify)
            if not scan.heads:
                scan = self._format.scan(data, position, verify=verify)
            wanted = min(scan.needed, limit - position)
            if scan.heads or scan.stop is not Stop.SHORT or self._is_file_end or len(self._data) - offset >= wanted:
                return scan
            self._load(segment, position, wanted, limit)

    def _found(self, segment: Segment, heads: list[FrameHead]) -> None:
        self.recovery.next_sequence = heads[-1][2] + heads[-1][3]
        if segment.header.sequence < 0:
            segment.header = replace(segment.header, sequence=heads[0][2])
        if heads[0][0] < self._visits_from:
            heads = heads[bisect_left(heads, self._visits_from, key=itemgetter(0)) :]
        self.recovery.frames += len(heads)
        if self._visit is None or not heads:
            return
        base, data = self._base, self._data

        def read(head: FrameHead) -> bytes:
            offset = head[0] - base
            if offset + head[1] <= len(data):
                return data[offset : offset + head[1]]
            return self._disk.read(segment.descriptor, head[1], segment.offset(head[0]))

        self._visit(heads, read)

    def next_sound(self, segment: Segment, position: int, limit: int) -> int | None:
        """Return the position of the next whole, sound frame, or None. Reads a window at a time."""
        while position < limit:
            offset = position - self._base
            if not 0 <= offset < len(self._data):
                self._load(segment, position, CHUNK_BYTES, limit)
                offset = 0
            base, data = self._base, self._data
            while (offset := self._format.find(data, offset, base)) >= 0:
                if self._is_sound(segment, base + offset, memoryview(data)[offset:], limit):
                    return base + offset
                offset += 1
            end = base + len(data)
            if self._is_file_end or end >= limit:
                return None
            position = max(position + 1, end - HEAD_LIMIT_BYTES)  # a head may lie across the end of the window
            self._load(segment, position, CHUNK_BYTES, limit)
        return None

    def _is_sound(self, segment: Segment, position: int, data: memoryview, limit: int) -> bool:
        scan = self._format.scan(data, position, verify=True)
        if not scan.heads and scan.stop is Stop.SHORT and len(data) < scan.needed <= limit - position:
            whole = self._disk.read(segment.descriptor, scan.needed, segment.offset(position))
            scan = self._format.scan(whole, position, verify=True)
        return bool(scan.heads)

    def skip(self, segment: Segment, start: int, limit: int) -> int:
        """Report damage at this position; return the position of the next sound frame, or `limit`."""
        sound = self.next_sound(segment, start, limit)
        return self._damaged(segment, start, limit if sound is None else sound)

    def _damaged(self, segment: Segment, start: int, end: int) -> int:
        self.recovery.damages.append(Damage(segment.path, start, end))
        is_short = end > segment.position + segment.capacity
        log.error(
            "%s: %d bytes from offset %d on are %s",
            segment.path, end - start, segment.offset(start),
            "gone; a segment, or a directory of the log, is missing" if is_short
            else "damaged and are left out; the file stays until what is sound in it has been taken",
        )  # fmt: skip
        return end

    def write_again(self, segment: Segment) -> None:
        """Write what was read once more: after a failed sync, Linux takes what it could not store for stored."""
        for offset in range(0, segment.offset(segment.end), CHUNK_BYTES):
            size = min(CHUNK_BYTES, segment.offset(segment.end) - offset)
            self._disk.write(segment.descriptor, [self._disk.read(segment.descriptor, size, offset)], offset)

    def clear_tail(self, segment: Segment) -> None:
        """Overwrite everything behind the last frame with zeros, unless it is zeros, and make the file durable.

        Nothing sound stands there, so it does not matter in which order the zeros reach the disk. The frames themselves
        may have been written by a process that ended before it synced them.
        """
        offset, size = segment.offset(segment.end), HEADER_BYTES + segment.capacity
        last_byte = offset
        while offset < size:
            data = self._disk.read(segment.descriptor, min(CHUNK_BYTES, size - offset), offset)
            if not data:
                break
            is_clear = data == ZEROS[: len(data)]
            if not is_clear:
                last_byte = offset + len(data.rstrip(b"\0"))
            if not is_clear or segment.is_doubtful:
                self._disk.write(segment.descriptor, [ZEROS[: len(data)]], offset)
            offset += len(data)
        self.recovery.cut_bytes = last_byte - segment.offset(segment.end)
        segment.sync(self._disk)
