"""The queue as Flume last saved it: `checkpoint`, in version 3 with `checkpoint.meta`, and the transactions in flight.

`checkpoint` is an array of i64 big-endian: [0] version, [1] write order, [4] 0 when complete, from [1029] on a ring of as
many pointers as the channel has capacity. Where the queue lies in it: version 3 says so in `checkpoint.meta`, version 2 in
[2], its size, and [3], its head. The capacity follows from the file's size, so one that was changed since does no harm
(Flume takes it for a bad checkpoint). A backup may hold `checkpoint.snappy`, snappy-java's stream: 16 bytes, then blocks,
each behind its length.
Source: EventQueueBackingStoreFile, its V2, V3 and Factory.
"""

from __future__ import annotations

import importlib
import struct
import sys
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flumepy.core.errors import InputError, MissingPackageError
from flumepy.formats.flume_log.errors import BadCheckpointError
from flumepy.formats.flume_log.in_flight import read_in_flight
from flumepy.formats.flume_log.messages import read_checkpoint_meta
from flumepy.formats.flume_log.window import CHUNK_BYTES

HEADER_SLOTS = 1029
SLOT_BYTES = 8
VERSION_2, VERSION_3 = 2, 3
COMPLETE = 0
BACKUP_COMPLETE = "backupComplete"
SNAPPY_MAGIC = b"\x82SNAPPY\x00"
SNAPPY_HEADER_BYTES = 16
#: snappy-java writes blocks of 32 KiB
MOST_BLOCK_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The queue after all records up to `write_order`, and what was put or taken by transactions still open then."""

    write_order: int
    queue: array[int]
    puts: dict[int, list[int]]
    takes: dict[int, list[int]]


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read the checkpoint in a folder. Raises BadCheckpointError with the reason, MissingPackageError."""
    try:
        with _opened(folder) as file:
            write_order, queue = _read_queue(file, folder / "checkpoint.meta")
    except OSError as error:
        raise BadCheckpointError(f"{folder}/checkpoint cannot be read: {error.strerror or error}") from error
    takes = read_in_flight(folder / "inflighttakes")
    return Checkpoint(write_order, queue, read_in_flight(folder / "inflightputs"), takes)


def _read_queue(file: BinaryIO, meta_path: Path) -> tuple[int, array[int]]:
    size = file.seek(0, 2)
    capacity = size // SLOT_BYTES - HEADER_SLOTS
    if size % SLOT_BYTES or capacity < 1:
        raise BadCheckpointError(f"its size of {size} bytes is wrong")
    version, write_order, queue_size, queue_head, marker = _slots(file, 0, 5)
    if marker != COMPLETE:
        raise BadCheckpointError("it was not completed: the agent stopped while writing it")
    if not meta_path.exists():
        if version != VERSION_2:
            raise BadCheckpointError("its checkpoint.meta is missing")
    elif version != VERSION_3:
        raise BadCheckpointError(f"its version is {version}, but checkpoint.meta belongs to version {VERSION_3}")
    else:
        queue_size, queue_head = _read_meta(meta_path, write_order)
    if not 0 <= queue_size <= capacity or not 0 <= queue_head < capacity:
        raise BadCheckpointError(f"{queue_size} events from slot {queue_head} do not fit its {capacity} slots")
    first = min(queue_size, capacity - queue_head)
    queue = _slots(file, HEADER_SLOTS + queue_head, first)
    queue += _slots(file, HEADER_SLOTS, queue_size - first)
    if queue and min(queue) <= 0:
        raise BadCheckpointError("its queue has empty slots")
    return write_order, queue


def _read_meta(path: Path, write_order: int) -> tuple[int, int]:
    try:
        meta = read_checkpoint_meta(path.read_bytes())
    except InputError as error:
        raise BadCheckpointError(f"its checkpoint.meta is malformed: {error}") from error
    if meta.version != VERSION_3:
        raise BadCheckpointError(f"the version of its checkpoint.meta is {meta.version}")
    if meta.write_order != write_order:
        raise BadCheckpointError(f"it was written at {write_order}, its checkpoint.meta at {meta.write_order}")
    return meta.queue_size, meta.queue_head


def _slots(file: BinaryIO, first: int, count: int) -> array[int]:
    """Return a run of slots, read in chunks."""
    slots = array("q")
    file.seek(first * SLOT_BYTES)
    left = count * SLOT_BYTES
    while left:
        data = file.read(min(left, CHUNK_BYTES))
        if not data:
            raise BadCheckpointError("it was cut off while it was read")
        slots.frombytes(data)
        left -= len(data)
    if sys.byteorder == "little":
        slots.byteswap()
    return slots


@contextmanager
def _opened(folder: Path) -> Iterator[BinaryIO]:
    path = folder / "checkpoint"
    compressed = folder / "checkpoint.snappy"
    if path.exists() or not compressed.exists():
        with path.open("rb") as file:
            yield file
        return
    with compressed.open("rb") as source, tempfile.TemporaryFile() as plain:
        _expand(source, plain, compressed)
        yield plain


def _expand(source: BinaryIO, target: BinaryIO, path: Path) -> None:
    try:
        cramjam = importlib.import_module("cramjam")
    except ImportError as error:
        raise MissingPackageError(f"{path} needs the package cramjam", hint="pip install 'flumepy[avro]'") from error
    if source.read(SNAPPY_HEADER_BYTES)[: len(SNAPPY_MAGIC)] != SNAPPY_MAGIC:
        raise BadCheckpointError(f"{path} is not a snappy stream")
    while size := source.read(_LENGTH.size):
        length = _LENGTH.unpack(size)[0] if len(size) == _LENGTH.size else MOST_BLOCK_BYTES + 1
        if length > MOST_BLOCK_BYTES:
            raise BadCheckpointError(f"{path} has a block of an impossible length")
        try:
            target.write(cramjam.snappy.decompress_raw(source.read(length)))
        except cramjam.DecompressionError as error:
            raise BadCheckpointError(f"{path} cannot be expanded: {error}") from error


def backup_is_complete(folder: Path) -> bool:
    """Say whether Flume finished writing the backup."""
    return (folder / BACKUP_COMPLETE).exists()
