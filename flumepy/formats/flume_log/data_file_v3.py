"""A data file of Flume 1.4 and later: records from offset 0, then filler 0x80 up to the next MiB.

Record: op u8 | length i32 big-endian | payload. Op 0x7f: a record; 0x00: one that the integrity tool has voided; 0x80: the
end. Payload, encrypted or not: header (0x17, 0d type sf32, 11 transaction sf64, 19 write order sf64), Put | Take | Rollback
| Commit, footer 0x00, each behind its length. All are as long as they say, so a wrong length is found without the body.

What Flume takes for the end, an unknown op, is damage here unless nothing but filler follows: else events would be lost
without a word. A last record that was torn off by a power failure was never acknowledged, so it is left out with a line.
Source: LogFileV3, LogFile.SequentialReader, TransactionEventRecord.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from flumepy.core.errors import InputError
from flumepy.formats.flume_log.cipher import Cipher
from flumepy.formats.flume_log.errors import CorruptLogError, Report
from flumepy.formats.flume_log.events import read_put
from flumepy.formats.flume_log.messages import LogFileMeta
from flumepy.formats.flume_log.protobuf import read_varint
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

FRAME = struct.Struct(">Bi")
HEADER = struct.Struct("<BBiBqBq")
HEADER_TAGS = (0x17, 0x0D, 0x11, 0x19)
_TAKE = struct.Struct("<BBIBIB")
_COMMIT = struct.Struct("<BBiB")
#: frame, header, and the longest body of a record without an event, or a put's length
HEAD_BYTES = 5 + HEADER.size + 12
LEAST_PAYLOAD_BYTES = HEADER.size + 2
FILLER = b"\x80"
_NEXT_RECORD = re.compile(rb"\x7f....\x17\x0d[\x01-\x04]\x00\x00\x00\x11", re.DOTALL)


class DataFileV3:
    """One `log-N` with its `.meta`."""

    def __init__(self, path: Path, file_id: int, meta: LogFileMeta | None, keys: Mapping[str, bytes] | None) -> None:
        """Take a file; `meta` None reads it from its start, unencrypted. Raises ConfigurationError, MissingPackageError."""
        self.path = path
        self.id = file_id
        self.size_bytes = path.stat().st_size
        self._meta = meta
        self._cipher = Cipher(meta.encryption, keys, path) if meta is not None and meta.encryption is not None else None

    def start(self, write_order: int) -> int:
        """Return where to begin after a checkpoint of `write_order`. Source: LogFile.skipToLastCheckpointPosition."""
        meta = self._meta
        if meta is None or meta.checkpoint_position <= 0:
            return 0
        if meta.checkpoint_write_order <= write_order:
            return meta.checkpoint_position
        if meta.backup_position > 0 and meta.backup_write_order <= write_order:
            return meta.backup_position
        return 0

    def records(self, offset: int, report: Report) -> Iterator[Record]:
        """Iterate the records from `offset` on; see `DataFile`."""
        with Window(self.path) as window:
            while True:
                # The hot loop: `window.load` is called once a chunk.
                index = offset - window.base
                buffer = window.buffer
                if index < 0 or index + HEAD_BYTES > len(buffer):
                    index = window.load(offset, HEAD_BYTES)
                    buffer = window.buffer
                    if index >= len(buffer):
                        return
                try:
                    op, length = FRAME.unpack_from(buffer, index)
                    if op != OP_RECORD:
                        if op == OP_FILLER or self._is_end(window, offset, op, length, report):
                            return
                        offset += FRAME.size + length
                        continue
                    record = self._record(buffer, index, offset, length)
                except (InputError, struct.error) as error:
                    # struct.error: fewer bytes than a record's frame or header
                    damage = self._damage(window, offset, error)
                    if damage is None:
                        report.say(
                            f"{self.path}: the last record, at byte {offset}, is torn off; it was never complete."
                        )
                        return
                    report.damage(damage)
                    if not damage.length_is_sound:
                        return
                else:
                    yield record
                offset += FRAME.size + length

    def read(self, window: Window, offset: int) -> StoredEvent | None:
        """Return the event put at `offset`; see `DataFile`."""
        index = window.load(offset, HEAD_BYTES)
        try:
            op, length = FRAME.unpack_from(window.buffer, index)
            if op == OP_VOIDED:
                return None
            if op != OP_RECORD:
                raise InputError("a live event was expected, but its operation code is invalid")
            kind, *_ = self._record(window.buffer, index, offset, length)
            if kind != PUT:
                raise InputError("a live event was expected, but the record is no put")
            index = window.load(offset, FRAME.size + length) + FRAME.size
            payload, at = window.buffer, index
            end = index + length - 1
            if self._cipher is not None:
                payload, at, end = self._cipher.decrypt(payload[index : index + length]), 0, length - 1
            _, at = read_varint(payload, at + HEADER.size)
            if payload[end] != 0:
                raise InputError("the record has no footer")
            headers, body = read_put(payload, at, end)
        except (InputError, struct.error) as error:
            raise self._damage(window, offset, error) or CorruptLogError(self.path, offset, "it is torn off") from error
        except IndexError as error:
            raise CorruptLogError(self.path, offset, "an event is cut off", length_is_sound=True) from error
        return StoredEvent(headers, body, FRAME.size + length)

    def _record(self, buffer: bytes, at: int, offset: int, length: int) -> Record:
        """Parse the head of a record. Raises InputError, struct.error."""
        at += FRAME.size
        if length < LEAST_PAYLOAD_BYTES or offset + FRAME.size + length > self.size_bytes:
            raise InputError(f"its length {length} is impossible")
        if self._cipher is not None:
            buffer, at = self._cipher.decrypt(buffer[at : at + min(length, HEAD_BYTES)]), 0
        tag0, tag1, kind, tag2, transaction, tag3, order = HEADER.unpack_from(buffer, at)
        if (tag0, tag1, tag2, tag3) != HEADER_TAGS:
            raise InputError("it has no header")
        at += HEADER.size
        rest = length - HEADER.size
        value = 0
        if kind == PUT:
            size, behind = read_varint(buffer, at)
            if behind - at + size + 1 != rest:
                raise InputError("its event is not as long as the record")
        elif kind == TAKE and rest == _TAKE.size:
            size, _, file_id, _, position, _ = _TAKE.unpack_from(buffer, at)
            value = file_id << 32 | position
        elif kind == COMMIT and rest == _COMMIT.size:
            size, _, value, _ = _COMMIT.unpack_from(buffer, at)
            if value not in (PUT, TAKE):
                raise InputError(f"it commits the unknown type {value}")
        elif kind != ROLLBACK or rest != 2:
            raise InputError(f"it is of the unknown type {kind}, or not as long as its type")
        return kind, offset, transaction, order, value

    def _is_end(self, window: Window, offset: int, op: int, length: int, report: Report) -> bool:
        """Say whether an op that is no record ends the file; false for a voided record of a sound length."""
        behind = offset + FRAME.size + length
        if op == OP_VOIDED and length > 0 and behind <= self.size_bytes:
            return False
        if op == OP_VOIDED and length:
            report.leave_out(
                (self.path, offset),
                f"{self.path}: the voided record at byte {offset} has no sound length; what follows is left out.",
            )
            return True
        if window.written_end(b"\x00\x80") > offset:
            raise InputError(f"its operation code {op:#04x} is invalid")
        return True

    def _damage(self, window: Window, offset: int, error: Exception) -> CorruptLogError | None:
        """Return what an error at `offset` means, or None where the record was torn off at the end of what was written."""
        reason = str(error) if isinstance(error, InputError) else "it is cut off"
        index = window.load(offset, FRAME.size)
        frame = window.buffer[index : index + FRAME.size]
        length = FRAME.unpack(frame)[1] if len(frame) == FRAME.size else -1
        behind = offset + FRAME.size + length
        if length >= LEAST_PAYLOAD_BYTES and behind <= self.size_bytes and frame[0] == OP_RECORD:
            index = window.load(behind - 1, 1)
            # The last byte of a whole record is its footer, zero, unless it is encrypted.
            if window.buffer[index : index + 1] != FILLER or self._cipher is not None:
                return CorruptLogError(self.path, offset, reason, length_is_sound=self._is_boundary(window, behind))
        return None if self._is_torn(window, offset) else CorruptLogError(self.path, offset, reason)

    def _is_boundary(self, window: Window, offset: int) -> bool:
        """Say whether a record, voided or not, or the end begins at `offset`."""
        index = window.load(offset, HEAD_BYTES)
        head = window.buffer[index : index + HEAD_BYTES]
        if not head or head.startswith(FILLER):
            return True
        payload = head[FRAME.size :] if self._cipher is None else self._cipher.decrypt(head[FRAME.size :])
        if head[0] not in (OP_RECORD, OP_VOIDED) or len(payload) < HEADER.size:
            return False
        tag0, tag1, _, tag2, _, tag3, _ = HEADER.unpack_from(payload)
        return (tag0, tag1, tag2, tag3) == HEADER_TAGS

    def _is_torn(self, window: Window, offset: int) -> bool:
        """Say whether nothing was written behind the record at `offset`, as far as one can see."""
        if self._cipher is not None:
            return False
        end = window.written_end(FILLER)
        if not offset < end < self.size_bytes or end - offset > CHUNK_BYTES:
            return False
        index = window.load(offset, end - offset)
        return _NEXT_RECORD.search(window.buffer, index + 1, index + end - offset) is None
