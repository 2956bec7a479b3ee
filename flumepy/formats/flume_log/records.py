"""What a record of a data file is, whichever version wrote it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from flumepy.formats.flume_log.errors import Report
from flumepy.formats.flume_log.window import Window

PUT, TAKE, ROLLBACK, COMMIT = 1, 2, 3, 4
OP_RECORD, OP_VOIDED, OP_FILLER = 0x7F, 0x00, 0x80

#: kind, offset of its op byte, transaction, write order, and for a take the pointer that it took, for a commit PUT or TAKE
Record = tuple[int, int, int, int, int]


class StoredEvent(NamedTuple):
    """A put as it stands in a file; `size_bytes` of its record."""

    headers: dict[str, str]
    body: bytes
    size_bytes: int


class DataFile(Protocol):
    """One `log-N`."""

    path: Path
    id: int
    size_bytes: int

    def start(self, write_order: int) -> int:
        """Return the offset from which records later than a checkpoint of `write_order` may stand."""
        ...

    def records(self, offset: int, report: Report) -> Iterator[Record]:
        """Iterate the records from `offset` on; bodies are not looked at. Raises CorruptLogError as `report` decides."""
        ...

    def read(self, window: Window, offset: int) -> StoredEvent | None:
        """Return the event put at `offset`, or None when it was voided. Raises CorruptLogError."""
        ...


def pointer(file_id: int, offset: int) -> int:
    """Return where an event stands as one number, as a checkpoint stores it."""
    return file_id << 32 | offset


def place(pointer: int) -> tuple[int, int]:
    """Return the file id and the offset of a pointer."""
    return pointer >> 32, pointer & 0xFFFFFFFF
