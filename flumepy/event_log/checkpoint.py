"""The checkpoint: where recovery may begin. It is a hint: the log alone holds the truth, and is read in full without it.

`flumepy.checkpoint` has two slots of 4096 bytes that are written in turn, so that a torn write leaves the other one.

    offset  size  field (integers little-endian)
    0       8     magic "FLUMEPYC"
    8       4     version of this layout, 1
    12      16    identity of the log
    28      8     number; the slot with the higher one counts
    36      8     position at which recovery begins: a frame starts there
    44      8     position of the TAKE frame that sums up everything before
    52      8     position of the frame with the first event that is not taken, or before it
    60      8     events in the queue, for messages only
    4092    4     CRC-32C of the 4092 bytes before

The checkpoint is believed only where both frames are found in the log of this identity.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from flumepy.log.checksum import crc32c
from flumepy.log.disk import Disk

NAME = "flumepy.checkpoint"
MAGIC = b"FLUMEPYC"
VERSION = 1
SLOT_BYTES = 4096
_FIELDS = struct.Struct("<8sI16sQQQQQ")
_CRC = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What recovery may begin with; positions are those of the log."""

    log_id: bytes
    start: int
    summary: int
    low: int
    queued: int


class CheckpointFile:
    """The file in one folder. Used by one thread at a time."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.path = folder / NAME
        self._disk = disk
        self._number = 0

    def read(self) -> Checkpoint | None:
        """Return the newest sound slot, or None. Raises OSError."""
        self._number = 0
        if NAME not in self._disk.list(self.path.parent):
            return None
        descriptor = self._disk.open(self.path, read_only=True)
        try:
            data = self._disk.read(descriptor, 2 * SLOT_BYTES, 0)
        finally:
            self._disk.close(descriptor)
        newest: Checkpoint | None = None
        for start in (0, SLOT_BYTES):
            slot = _decode(data[start : start + SLOT_BYTES])
            if slot is not None and slot[0] > self._number:
                self._number, newest = slot
        return newest

    def write(self, checkpoint: Checkpoint) -> None:
        """Write the older slot, durably. Raises OSError."""
        number = self._number + 1
        is_new = NAME not in self._disk.list(self.path.parent)
        descriptor = self._disk.open(self.path, create=is_new)
        try:
            self._disk.write(descriptor, [_encode(number, checkpoint)], number % 2 * SLOT_BYTES)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        if is_new:
            self._disk.sync_folder(self.path.parent)
        self._number = number


def _encode(number: int, checkpoint: Checkpoint) -> bytes:
    fields = _FIELDS.pack(
        MAGIC,
        VERSION,
        checkpoint.log_id,
        number,
        checkpoint.start,
        checkpoint.summary,
        checkpoint.low,
        checkpoint.queued,
    )
    content = fields.ljust(SLOT_BYTES - _CRC.size, b"\0")
    return content + _CRC.pack(crc32c(content))


def _decode(data: bytes) -> tuple[int, Checkpoint] | None:
    if len(data) < SLOT_BYTES or _CRC.unpack_from(data, SLOT_BYTES - _CRC.size)[0] != crc32c(data[: -_CRC.size]):
        return None
    magic, version, log_id, number, *positions = _FIELDS.unpack_from(data)
    if magic != MAGIC or version != VERSION:
        return None
    return number, Checkpoint(log_id, *positions)
