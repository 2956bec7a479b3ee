"""The engine's own frame: a checksummed head, then a payload that nobody here reads.

Layout (integers little-endian):

    offset  size  field
    0       2     magic F1 7E
    2       1     kind; its meaning belongs to the client
    3       1     flags; how the payload is coded, see flumepy.log.codec
    4       4     length of the payload in bytes
    8       4     CRC-32C of the payload
    12      4     count of sequence numbers
    16      8     position of the frame in the log
    24      8     first sequence number
    32      8     time of the append, ms since 1970
    40      4     CRC-32C of the 40 bytes before

The position under the checksum tells a frame of this place from the remains of an older life of the file. The head has a
checksum of its own, so that recovery can walk over heads without reading what lies between them.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import ClassVar, Final

from flumepy.core.errors import InputError
from flumepy.log.checksum import crc32c
from flumepy.log.disk import Buffer
from flumepy.log.format import FrameHead, Prepared, Scan, Stop
from flumepy.log.frame_rows import HEAD_BYTES, IS_QUICK, MAGIC, row_end
from flumepy.log.stride import LEAST_HEADS, agreeing_heads

HEAD: Final = struct.Struct("<2sBBIIIQQQI")
CHECKED_BYTES: Final = 40
# Compiled, a constant is read at once, where a name is looked up in the module and a method in its class.
_MAGIC: Final = MAGIC
_crc32c: Final = crc32c
_pack_content: Final = struct.Struct("<2sBBIIIQQQ").pack
_pack_crc: Final = struct.Struct("<I").pack
ROW_BYTES = 64 * 1024  # a row ends here, so that an index of rows is as fine as one of frames
#: bytes of a head that are the same in a row of equal frames: magic, kind, lengths, counts, upper halves of what rises
EQUAL_BYTES = (0, 1, 2, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
POSITION_PLACE, SEQUENCE_PLACE = 16, 24
JOINED_BYTES: Final = 4096  # to join parts so small costs less than to check and write each
MAX_PAYLOAD_BYTES: Final = (1 << 32) - 1


class Frame:
    """A frame on its way into a log; its checksum is made here, outside the append lock."""

    __slots__ = ("count", "crc", "flags", "kind", "length", "parts")

    def __init__(self, kind: int, count: int, parts: Sequence[Buffer], flags: int = 0) -> None:
        crc = length = 0
        for part in parts:
            length += len(part)
        if length < JOINED_BYTES and len(parts) > 1:
            parts = [b"".join(parts)]
        for part in parts:
            crc = _crc32c(part, crc)
        self.kind = kind
        self.count = count
        self.flags = flags
        self.parts = parts
        self.crc = crc
        self.length = length


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame read back."""

    kind: int
    flags: int
    count: int
    sequence: int
    time_ms: int
    payload: bytes


class NativeFormat:
    """FrameFormat of `Frame`. `plain`: the kind of which a scan that does not verify may report a row as one frame."""

    name: ClassVar[bytes] = b"evnt"
    is_recyclable: ClassVar[bool] = True

    def __init__(self, plain: int = -1) -> None:
        self._plain = plain

    def prepare(self, frame: Frame, sequence: int, position: int, now_ms: int) -> Prepared:
        """Return the bytes of the frame. Raises InputError for one of 4 GiB, or of 2 to the 32 sequence numbers."""
        try:
            content = _pack_content(
                _MAGIC, frame.kind, frame.flags, frame.length, frame.crc, frame.count, position, sequence, now_ms
            )
        except struct.error as error:
            raise InputError(
                f"{frame.count} events in {frame.length} bytes do not fit into a frame: {error}"
            ) from error
        head = content + _pack_crc(_crc32c(content))
        return Prepared([head, *frame.parts], HEAD_BYTES + frame.length, frame.count)

    def scan(self, data: Buffer, position: int, *, verify: bool) -> Scan:
        """Return the frames at the start of `data`; see FrameFormat."""
        heads: list[FrameHead] = []
        offset, size = 0, len(data)
        view = memoryview(data)
        unpack, head_bytes = HEAD.unpack_from, HEAD.size
        while size - offset >= head_bytes:
            magic, kind, _, payload_bytes, crc, count, stated, sequence, _, head_crc = unpack(data, offset)
            if (
                magic != MAGIC
                or stated != position + offset
                or crc32c(view[offset : offset + CHECKED_BYTES]) != head_crc
            ):
                return Scan(heads, Stop.BAD)
            length = head_bytes + payload_bytes
            if verify:
                if offset + length > size:
                    return Scan(heads, Stop.SHORT, length)
                if crc32c(view[offset + head_bytes : offset + length]) != crc:
                    return Scan(heads, Stop.BAD)
            elif kind == self._plain and count:
                if not IS_QUICK and (equal := self._equal(data, offset, length, count)):
                    heads += _rows((stated, length, sequence, count, kind), equal)
                    offset += equal * length
                    continue
                end, behind = row_end(data, position, offset + length, sequence + count, kind, ROW_BYTES)
                length, count = end - offset, behind - sequence
            heads.append((stated, length, sequence, count, kind))
            offset += length
        return Scan(heads, Stop.SHORT, head_bytes) if offset < size else Scan(heads, Stop.END)

    def _equal(self, data: Buffer, offset: int, length: int, count: int) -> int:
        """Return how many frames of this length and count stand here, the first one's head being sound; 0 for a few.

        As in a row, the head that follows a frame speaks for it; so the last one that is found is not counted.
        """
        most = (len(data) - HEAD.size - offset) // length + 1
        if most < LEAST_HEADS:
            return 0
        start = data[offset : offset + 8]
        for number in (1, 2, 8, LEAST_HEADS - 1):
            place = offset + number * length
            if data[place : place + 8] != start:
                return 0
        raw = data if isinstance(data, bytes) else bytes(data)
        rising = ((POSITION_PLACE, length), (SEQUENCE_PLACE, count))
        found = agreeing_heads(raw, offset, length, most, EQUAL_BYTES, rising)
        return found - 1 if found >= LEAST_HEADS else 0

    def find(self, data: Buffer, start: int, position: int) -> int:
        """Return the offset of the next head that is sound for its place; -1 when there is none."""
        raw = bytes(data)
        # Zeros, and most text, have no such byte, and one byte is found much faster than two.
        offset = raw.find(MAGIC[:1], start)
        offset = raw.find(MAGIC, offset) if offset >= 0 else -1
        while offset >= 0 and offset + HEAD.size <= len(raw):
            *_, stated, _, _, head_crc = HEAD.unpack_from(raw, offset)
            if stated == position + offset and crc32c(raw[offset : offset + CHECKED_BYTES]) == head_crc:
                return offset
            offset = raw.find(MAGIC, offset + 1)
        return -1


def _rows(first: FrameHead, frames: int) -> list[FrameHead]:
    """Return so many frames like the first one, behind each other, as rows."""
    position, length, sequence, count, kind = first
    most = -(-ROW_BYTES // length)
    whole, rest = divmod(frames, most)
    row_bytes, row_count = most * length, most * count
    end, behind = position + whole * row_bytes, sequence + whole * row_count
    places, numbers = range(position, end, row_bytes), range(sequence, behind, row_count)
    rows = list(zip(places, repeat(row_bytes), numbers, repeat(row_count), repeat(kind)))
    if rest:
        rows.append((end, rest * length, behind, rest * count, kind))
    return rows


def flags_of(data: bytes, offset: int) -> int:
    """Return the flags of the frame at this offset."""
    return data[offset + 3]


def time_of(data: bytes, offset: int) -> int:
    """Return when the frame at this offset was appended, ms since 1970."""
    return int(HEAD.unpack_from(data, offset)[8])


def read_frame(data: Buffer, offset: int = 0) -> StoredFrame:
    """Return the verified frame at this offset."""
    _, kind, flags, length, _, count, _, sequence, time_ms, _ = HEAD.unpack_from(data, offset)
    start = offset + HEAD.size
    return StoredFrame(kind, flags, count, sequence, time_ms, bytes(data[start : start + length]))
