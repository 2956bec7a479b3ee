"""A data file of Flume 1.2 and 1.3: a header of 24 bytes, then records without a length.

Header, big-endian: version i32 = 2, file id i32, checkpoint position i64, its write order i64. Record: op u8, 0xdeadbeef,
type i16, transaction i64, write order i64, then an event (`events`), or for a take offset i32 and file id i32, for a commit
its type i16. Behind a damaged record nothing can be found. Source: LogFileV2, TransactionEventRecord.fromDataInputV2.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

from flumepy.core.errors import InputError
from flumepy.formats.flume_log.errors import CorruptLogError, Report
from flumepy.formats.flume_log.events import read_event_v2, skip_event_v2
from flumepy.formats.flume_log.records import (
    COMMIT,
    OP_FILLER,
    OP_RECORD,
    OP_VOIDED,
    PUT,
    ROLLBACK,
    TAKE,
    Record,
    StoredEvent,
)
from flumepy.formats.flume_log.window import CHUNK_BYTES, Window

VERSION = 2
HEADER = struct.Struct(">iiqq")
RECORD = struct.Struct(">BIhqq")
MAGIC = 0xDEADBEEF
_TAKE = struct.Struct(">II")
_COMMIT = struct.Struct(">h")
#: the longest record without an event
HEAD_BYTES = RECORD.size + _TAKE.size


class DataFileV2:
    """One `log-N` without a `.meta`."""

    def __init__(self, path: Path, file_id: int) -> None:
        """Read the header of a file. Raises InputError."""
        self.path = path
        self.id = file_id
        with Window(path) as window:
            self.size_bytes = window.size_bytes
            window.load(0, HEADER.size)
            if len(window.buffer) < HEADER.size:
                raise InputError(f"{path} is shorter than its header")
            header: tuple[int, ...] = HEADER.unpack_from(window.buffer)
        _, _, self._position, self._write_order = header

    def start(self, write_order: int) -> int:
        """Return where to begin after a checkpoint of `write_order`."""
        if self._position > 0 and self._write_order <= write_order:
            return self._position
        return HEADER.size

    def records(self, offset: int, report: Report) -> Iterator[Record]:
        """Iterate the records from `offset` on; see `DataFile`."""
        with Window(self.path) as window:
            while True:
                try:
                    found = self._next(window, offset)
                except InputError as error:
                    if self._is_torn(window, offset):
                        report.say(
                            f"{self.path}: the last record, at byte {offset}, is torn off; it was never complete."
                        )
                    else:
                        report.damage(CorruptLogError(self.path, offset, str(error)))
                    return
                if found is None:
                    return
                op, record, offset = found
                if op == OP_RECORD:
                    yield record

    def read(self, window: Window, offset: int) -> StoredEvent | None:
        """Return the event put at `offset`; see `DataFile`."""
        try:
            found = self._next(window, offset)
            if found is None or found[1][0] != PUT:
                raise InputError("a live event was expected, but there is none")
            op, _, end = found
            if op == OP_VOIDED:
                return None
            index = window.load(offset, end - offset)
            headers, body = read_event_v2(window.buffer, index + RECORD.size)
        except InputError as error:
            raise CorruptLogError(self.path, offset, str(error)) from error
        return StoredEvent(headers, body, end - offset)

    def _next(self, window: Window, offset: int) -> tuple[int, Record, int] | None:
        """Return the op and the record at `offset`, and the offset behind it; None at the end. Raises InputError."""
        index = window.load(offset, HEAD_BYTES)
        head = window.buffer[index : index + HEAD_BYTES]
        if not head or head[0] == OP_FILLER:
            return None
        if len(head) < RECORD.size:
            raise InputError("it is cut off")
        op, magic, kind, transaction, order = RECORD.unpack_from(head)
        if op not in (OP_RECORD, OP_VOIDED) or magic != MAGIC:
            if window.written_end(b"\x00\x80") <= offset:
                return None
            raise InputError("it does not begin as a record does")
        if kind == PUT:
            value, end = 0, self._behind_event(window, offset)
        else:
            value, size = _body(kind, head[RECORD.size :])
            end = offset + RECORD.size + size
        if end > self.size_bytes:
            raise InputError("it is longer than the file")
        return op, (kind, offset, transaction, order, value), end

    def _behind_event(self, window: Window, offset: int) -> int:
        count = HEAD_BYTES
        while True:
            index = window.load(offset, count)
            try:
                end = index + self.size_bytes - offset
                return skip_event_v2(window.buffer, index + RECORD.size, end) - index + offset
            except (IndexError, struct.error) as error:
                if offset + len(window.buffer) - index >= self.size_bytes:
                    raise InputError("its event is cut off") from error
                # The loaded chunk was too short for the headers of this event.
                count = max(2 * count, 2 * (len(window.buffer) - index))

    def _is_torn(self, window: Window, offset: int) -> bool:
        """Say whether nothing was written behind the record at `offset`, as far as one can see."""
        end = window.written_end(b"\x80")
        if not offset < end < self.size_bytes or end - offset > CHUNK_BYTES:
            return False
        index = window.load(offset, end - offset)
        return window.buffer.find(b"\x7f\xde\xad\xbe\xef", index + 1, index + end - offset) < 0


def _body(kind: int, data: bytes) -> tuple[int, int]:
    """Return what a record that is no put says, and the size of its body. Raises InputError."""
    try:
        if kind == TAKE:
            position, file_id = _TAKE.unpack_from(data)
            return file_id << 32 | position, _TAKE.size
        if kind == COMMIT:
            (value,) = _COMMIT.unpack_from(data)
            if value in (PUT, TAKE):
                return value, _COMMIT.size
    except struct.error as error:
        raise InputError("it is cut off") from error
    if kind != ROLLBACK:
        raise InputError("it is of an unknown type")
    return 0, 0
