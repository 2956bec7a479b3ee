"""A second frame format for the engine: Kafka's record batch v2, whose head is not all under its checksum.

    0 base offset (8, big-endian)   8 batch length (4: what follows)   12 partition leader epoch (4)   16 magic 2 (1)
    17 CRC-32C of what follows (4)  21 attributes (2)  23 last offset delta (4)  27 base and max timestamp (8, 8)
    43 producer id, epoch, base sequence (8, 2, 4)   57 count of records (4)   61 records

The log writes base offset and leader epoch, so they are not under the checksum. Nothing says where a batch belongs, so files
are not recycled, and they grow instead of being allocated. Source: Kafka DefaultRecordBatch.java.
"""

import struct
from dataclasses import dataclass

from crc32c import crc32c

from flumepy.core.errors import InputError
from flumepy.log.disk import Buffer
from flumepy.log.format import FrameHead, Prepared, Scan, Stop

HEAD = struct.Struct(">qiib")
REST = struct.Struct(">hiqqqhii")
LENGTH_END = 12  # the batch length counts what comes behind itself
CHECKSUM = struct.Struct(">I")
CHECKED_FROM = 21
HEAD_BYTES = 61
MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class Batch:
    """Records that a producer sent. `last_offset_delta` may be larger than the count of records after compaction."""

    last_offset_delta: int
    records: bytes

    def checked(self) -> bytes:
        """Return what is under the checksum."""
        rest = REST.pack(0, self.last_offset_delta, 0, 0, -1, -1, -1, min(self.last_offset_delta + 1, 1 << 30))
        return rest + self.records


class KafkaShapedFormat:
    """FrameFormat of `Batch`. `skip`: offsets that are left out before the next batch."""

    name = b"kafk"
    is_recyclable = False

    def __init__(self, leader_epoch: int = 0) -> None:
        self.leader_epoch = leader_epoch
        self.skip = 0

    def prepare(self, frame: Batch, sequence: int, position: int, now_ms: int) -> Prepared:
        """Write base offset and leader epoch into the head."""
        if frame.last_offset_delta < 0:
            raise InputError("a batch has at least one offset")
        checked = frame.checked()
        length = CHECKED_FROM - LENGTH_END + len(checked)
        head = HEAD.pack(sequence + self.skip, length, self.leader_epoch, 2) + CHECKSUM.pack(crc32c(checked))
        return Prepared([head, checked], LENGTH_END + length, self.skip + frame.last_offset_delta + 1)

    def scan(self, data: Buffer, position: int, *, verify: bool) -> Scan:
        """Return the batches at the start of `data`."""
        heads: list[FrameHead] = []
        offset, size = 0, len(data)
        while size - offset >= HEAD_BYTES:
            base, length, _, magic = HEAD.unpack_from(data, offset)
            length += LENGTH_END
            if magic != 2 or not HEAD_BYTES <= length <= MOST_BYTES or base < 0:
                return Scan(heads, Stop.BAD)
            if verify:
                if offset + length > size:
                    return Scan(heads, Stop.SHORT, length)
                (crc,) = CHECKSUM.unpack_from(data, offset + 17)
                if crc32c(data[offset + CHECKED_FROM : offset + length]) != crc:
                    return Scan(heads, Stop.BAD)
            (delta,) = struct.unpack_from(">i", data, offset + 23)
            heads.append((position + offset, length, base, delta + 1, 0))
            offset += length
        return Scan(heads, Stop.SHORT, HEAD_BYTES) if offset < size else Scan(heads, Stop.END)

    def find(self, data: Buffer, start: int, position: int) -> int:
        """Return the next offset where a head could stand."""
        raw = bytes(data)
        place = raw.find(b"\2", start + 16)
        while place >= 0 and place - 16 + HEAD_BYTES <= len(raw):
            _, length, _, _ = HEAD.unpack_from(raw, place - 16)
            if HEAD_BYTES <= length + LENGTH_END <= MOST_BYTES:
                return place - 16
            place = raw.find(b"\2", place + 1)
        return -1
