"""One segment: its header and its open file. The layout stands in the package's docstring."""

import struct
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from flumepy.core.errors import StartError
from flumepy.log.checksum import crc32c
from flumepy.log.disk import Disk
from flumepy.log.format import FrameHead

MAGIC = b"FLUMEPY\n"
VERSION = 1
HEADER_BYTES: Final = 512
HEADER = struct.Struct("<8sHH4s16sQQQ")
SUFFIX = ".segment"
INDEX_INTERVAL_BYTES: Final = 64 * 1024

_DOUBTFUL: set[Path] = set()  # files of which a sync has failed in this process


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """What stands at the start of a segment file."""

    format_name: bytes
    log_id: bytes
    position: int
    sequence: int
    created_ms: int

    def encode(self) -> bytes:
        """Return the 512 bytes."""
        fields = HEADER.pack(
            MAGIC, VERSION, HEADER_BYTES, self.format_name, self.log_id, self.position, self.sequence, self.created_ms
        )
        content = fields.ljust(HEADER_BYTES - 4, b"\0")
        return content + struct.pack("<I", crc32c(content))

    @classmethod
    def decode(cls, data: bytes, path: Path) -> "SegmentHeader | None":
        """Read a header; None when there is none or it is damaged. Raises StartError for a newer version."""
        if len(data) < HEADER_BYTES or not data.startswith(MAGIC):
            return None
        if struct.unpack_from("<I", data, HEADER_BYTES - 4)[0] != crc32c(data[: HEADER_BYTES - 4]):
            return None
        _, version, _, *fields = HEADER.unpack_from(data)
        if version > VERSION:
            raise StartError(
                f"{path}: written in version {version} of the log; this flumepy reads up to version {VERSION}."
                " Start it with the flumepy that wrote it, or a newer one. Nothing was changed"
            )
        return cls(*fields)


class Segment:
    """A segment file. `end` is the position behind its last frame; the log's lock guards what changes.

    `descriptor` is -1 while the file is not open: an old segment is open only while somebody reads it, so that a long
    backlog does not use up the descriptors of the process.
    """

    __slots__ = (
        "capacity",
        "descriptor",
        "end",
        "header",
        "index",
        "is_active",
        "is_header_sound",
        "is_scanned",
        "leases",
        "path",
        "position",
    )

    def __init__(
        self, path: Path, descriptor: int, header: SegmentHeader, capacity: int, *, is_header_sound: bool = True
    ) -> None:
        self.path = path
        self.descriptor = descriptor
        self.header = header
        self.is_header_sound = is_header_sound
        self.position = header.position
        self.capacity = capacity  # bytes of frames that fit
        self.end = header.position
        self.leases = 0
        self.is_active = False  # the last one, which stays open
        self.is_scanned = False  # the index knows all of its frames
        self.index = SparseIndex()

    def __repr__(self) -> str:
        return f"Segment({self.path.name}, end={self.end}, leases={self.leases})"

    def info(self) -> "SegmentInfo":
        """Return what retention and tools want to know."""
        return SegmentInfo(self.path, self.position, self.end, self.header.sequence, self.header.created_ms)

    def offset(self, position: int) -> int:
        """Return where in the file a position lies."""
        return HEADER_BYTES + position - self.position

    def read(self, disk: Disk, position: int, size: int) -> bytes:
        """Return up to `size` bytes from a position on, not beyond `end`."""
        return disk.read(self.descriptor, max(0, min(size, self.end - position)), self.offset(position))

    def sync(self, disk: Disk) -> None:
        """Make the content durable. Raises OSError: then what can be read need not be on the disk."""
        try:
            disk.sync(self.descriptor)
        except OSError:
            _DOUBTFUL.add(self.path)
            raise

    @property
    def is_doubtful(self) -> bool:
        """Tell whether a sync has failed: a later one does not store what that should have, unless it is written again."""
        return self.path in _DOUBTFUL

    def trust(self) -> None:
        """Take what can be read for stored again."""
        _DOUBTFUL.discard(self.path)

    def write_header(self, disk: Disk, header: SegmentHeader) -> None:
        """Give the file this header, durably. Raises OSError."""
        disk.write(self.descriptor, [header.encode()], 0)
        self.sync(disk)
        self.header = header
        self.is_header_sound = True


class SegmentInfo(NamedTuple):
    """A segment as retention and tools see it."""

    path: Path
    position: int
    end: int
    sequence: int
    created_ms: int


class SparseIndex:
    """Positions of some frames by their sequence number, about one in 64 KB; appended to in order."""

    __slots__ = ("_positions", "_sequences", "due")

    def __init__(self) -> None:
        self._sequences = array("Q")
        self._positions = array("Q")
        self.due = 0  # a frame at this position or behind it is worth remembering

    def add(self, sequence: int, position: int) -> None:
        """Remember a frame, unless one just before it is known."""
        if position >= self.due:
            self._sequences.append(sequence)
            self._positions.append(position)
            self.due = position + INDEX_INTERVAL_BYTES

    def add_heads(self, heads: list[FrameHead]) -> None:
        """Remember some of these frames, which come in order."""
        due = self.due
        for position, _, sequence, _, _ in heads:
            if position >= due:
                self._sequences.append(sequence)
                self._positions.append(position)
                due = position + INDEX_INTERVAL_BYTES
        self.due = due

    def floor(self, sequence: int, default: int) -> int:
        """Return the position of the last known frame that starts at or before this sequence number."""
        place = bisect_right(self._sequences, sequence)
        return self._positions[place - 1] if place else default

    def floor_position(self, position: int, default: int) -> int:
        """Return the last known position at or before this one."""
        place = bisect_right(self._positions, position)
        return self._positions[place - 1] if place else default

    def cut(self, position: int) -> None:
        """Forget the frames from this position on."""
        place = bisect_left(self._positions, position)
        del self._positions[place:], self._sequences[place:]
        self.due = self._positions[-1] + INDEX_INTERVAL_BYTES if place else 0


def segment_name(position: int) -> str:
    """Return the file name of the segment that starts at this position."""
    return f"{position:020d}{SUFFIX}"
