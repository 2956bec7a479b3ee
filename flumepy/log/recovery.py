"""Reading the segments of a log that was closed, or left: finding the frames, the damage between them, and the end.

Nothing is believed but the frames: a segment's header only helps where its own bytes agree with the file's name.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flumepy.core.errors import StartError
from flumepy.log.disk import Disk
from flumepy.log.format import FrameFormat, FrameHead, Scan, Stop
from flumepy.log.segment import HEADER_BYTES, Segment, SegmentHeader

log = logging.getLogger("flumepy.log")

CHUNK_BYTES = 1024 * 1024
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
    frames: int = 0
    next_sequence: int = 0  #: behind the last frame or, without frames, as the header says


class Reader:
    """Reads frames of segments one behind the other, skipping damage."""

    def __init__(self, disk: Disk, frame_format: FrameFormat[Any], visit: Visit | None) -> None:
        self._disk = disk
        self._format = frame_format
        self._visit = visit
        self.recovery = Recovery()

    def open_segment(self, position: int, path: Path, log_id: bytes | None) -> Segment:
        """Open a file by its name; a damaged header is replaced by what the name says. Raises StartError."""
        descriptor = self._disk.open(path)
        data = self._disk.read(descriptor, HEADER_BYTES, 0)
        header = SegmentHeader.decode(data, path)
        if header is not None and header.position == position and header.format_name != self._format.name:
            self._disk.close(descriptor)
            raise StartError(
                f"{path}: holds frames of the format {header.format_name!r}, not {self._format.name!r}; the directory"
                " belongs to another kind of log. Nothing was changed"
            )
        if header is not None and header.position == position and log_id not in (None, header.log_id):
            self._disk.close(descriptor)
            raise StartError(
                f"{path}: belongs to another log than the files before it; each channel needs directories of its own."
                " Nothing was changed"
            )
        if header is None or header.position != position:
            header = SegmentHeader(self._format.name, log_id or b"", position, -1, 0)
        return Segment(path, descriptor, header, max(0, self._disk.size(descriptor) - HEADER_BYTES))

    def scan(self, segment: Segment, start: int, stop: int | None) -> None:
        """Visit the frames from `start` on; `stop` is where the next segment begins, None in the last one.

        Sets the segment's end and index. In the last segment every checksum is verified, else only heads and small frames.
        """
        position = start
        limit = segment.position + segment.capacity if stop is None else stop
        while position < limit:
            scan, data = self._scan_chunk(segment, position, limit, verify=stop is None)
            if scan.heads:
                self._found(segment, scan.heads, data, position)
                last = scan.heads[-1]
                position = last[0] + last[1]
            if scan.stop is Stop.BAD or not scan.heads:
                sound = self.next_sound(segment, position, limit)
                if sound is None and stop is None:
                    break
                position = self._damaged(segment, position, limit if sound is None else sound)
        segment.end = position if stop is None else stop

    def _scan_chunk(self, segment: Segment, position: int, limit: int, *, verify: bool) -> tuple[Scan, bytes]:
        """Scan as much as one read gives, reading more where a frame is larger."""
        size = CHUNK_BYTES
        while True:
            size = min(size, limit - position)
            data = self._disk.read(segment.descriptor, size, segment.offset(position))
            scan = self._format.scan(data, position, verify=verify)
            if scan.stop is not Stop.SHORT or scan.heads or scan.needed <= len(data) or len(data) < size:
                return scan, data
            if position + scan.needed > limit:
                return scan, data
            size = scan.needed

    def _found(self, segment: Segment, heads: list[FrameHead], data: bytes, start: int) -> None:
        for head in heads:
            segment.index.add(head[2], head[0])
        self.recovery.frames += len(heads)
        self.recovery.next_sequence = heads[-1][2] + heads[-1][3]

        def read(head: FrameHead) -> bytes:
            offset = head[0] - start
            if offset + head[1] <= len(data):
                return data[offset : offset + head[1]]
            return self._disk.read(segment.descriptor, head[1], segment.offset(head[0]))

        if self._visit is not None:
            self._visit(heads, read)

    def next_sound(self, segment: Segment, position: int, limit: int) -> int | None:
        """Return the position of the next whole, sound frame, or None."""
        data = self._disk.read(segment.descriptor, limit - position, segment.offset(position))
        offset = self._format.find(data, 0, position)
        while offset >= 0:
            if self._format.scan(data[offset:], position + offset, verify=True).heads:
                return position + offset
            offset = self._format.find(data, offset + 1, position)
        return None

    def skip(self, segment: Segment, start: int, limit: int) -> int:
        """Report damage at this position; return the position of the next sound frame, or `limit`."""
        sound = self.next_sound(segment, start, limit)
        return self._damaged(segment, start, limit if sound is None else sound)

    def _damaged(self, segment: Segment, start: int, end: int) -> int:
        self.recovery.damages.append(Damage(segment.path, start, end))
        log.error(
            "%s: %d bytes from offset %d on are damaged and are left out; the file stays as it is",
            segment.path, end - start, segment.offset(start),
        )  # fmt: skip
        return end

    def clear_tail(self, segment: Segment) -> None:
        """Overwrite everything behind the last frame with zeros, durably, unless it is zeros."""
        offset, size = segment.offset(segment.end), HEADER_BYTES + segment.capacity
        last_byte = offset
        while offset < size:
            data = self._disk.read(segment.descriptor, min(CHUNK_BYTES, size - offset), offset)
            if not data:
                break
            if data.strip(b"\0"):
                last_byte = offset + len(data.rstrip(b"\0"))
                self._disk.write(segment.descriptor, [ZEROS[: len(data)]], offset)
            offset += len(data)
        if last_byte > segment.offset(segment.end):
            self.recovery.cut_bytes = last_byte - segment.offset(segment.end)
            self._disk.sync(segment.descriptor)
