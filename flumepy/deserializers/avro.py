"""The Avro deserializer: one event per record of an Avro container file.

A body is the binary encoding of its record, cut out of the block and not decoded. The position is Flume's: 16 bytes before
the block of the next record, so that the search for a sync marker from there finds that block. A block that was not
committed whole is read again as a whole after a restart. Source: AvroEventDeserializer, DataFileReader.
"""

from collections.abc import Iterator
from enum import Enum
from itertools import islice
from typing import BinaryIO

from flumepy.core.batch import EventBatch
from flumepy.core.deserializer import Deserializer, EventReader, TextRules
from flumepy.core.errors import InputError
from flumepy.core.options import Options, opt
from flumepy.formats.avro_container import (
    SYNC_BYTES,
    Block,
    Header,
    decompressor,
    parse_block,
    parse_header,
)
from flumepy.formats.avro_schema import compile_step, fingerprint_hex, parse_schema, schema_text, split_records

CHUNK_BYTES = 256 * 1024
BLOCK_LIMIT_BYTES = 1 << 30


class SchemaType(Enum):
    """What the schema header holds."""

    HASH = "HASH"
    LITERAL = "LITERAL"


class AvroOptions(Options):
    """Properties of the Avro deserializer."""

    schema_type: SchemaType = opt(
        "schemaType",
        SchemaType.HASH,
        doc="HASH: header flume.avro.schema.hash with the fingerprint; LITERAL: flume.avro.schema.literal with the schema.",
    )


class AvroDeserializer(Deserializer[AvroOptions]):
    """One event per Avro record."""

    Options = AvroOptions

    def open(self, file: BinaryIO, position: int, text: TextRules) -> "AvroReader":
        """Return a reader from the first block behind this position on. Raises InputError for what is no container."""
        return AvroReader(file, position, self.options.schema_type)


class AvroReader(EventReader):
    """Reads the records of one container file."""

    def __init__(self, file: BinaryIO, position: int, schema_type: SchemaType) -> None:
        self._file = file
        header = self._read_header()
        schema = parse_schema(header.metadata.get("avro.schema", b""))
        if schema_type is SchemaType.HASH:
            self._headers = {"flume.avro.schema.hash": fingerprint_hex(schema)}
        else:
            self._headers = {"flume.avro.schema.literal": schema_text(schema)}
        self._sync = header.sync
        self._decompress = decompressor(header.codec)
        self._step = compile_step(schema)
        self._data = b""  # what has been read and not taken apart; it begins at _data_start, the next block at _at
        self._at = 0
        self._data_start = self._find_block(max(position, header.size_bytes - SYNC_BYTES))
        self._block_end = self._data_start
        self._left = 0  # records of the open block
        self._records: Iterator[bytes] = iter(())
        self._error: InputError | None = None
        self.position = max(0, self._data_start - SYNC_BYTES)

    def _read_header(self) -> Header:
        self._file.seek(0)
        data = b""
        while True:
            chunk = self._file.read(CHUNK_BYTES)
            data += chunk
            header = parse_header(data)
            if header is not None:
                return header
            if not chunk or len(data) > BLOCK_LIMIT_BYTES:
                raise InputError("not an Avro container file: its header has no end")

    def _find_block(self, position: int) -> int:
        """Return the index behind the first sync marker at or behind the position, or the file's end."""
        self._file.seek(position)
        at, data = position, b""
        while chunk := self._file.read(CHUNK_BYTES):
            data += chunk
            found = data.find(self._sync)
            if found >= 0:
                self._file.seek(at + found + SYNC_BYTES)
                return at + found + SYNC_BYTES
            keep = data[1 - SYNC_BYTES :]
            at, data = at + len(data) - len(keep), keep
        return at + len(data)

    def read(self, limit: int) -> EventBatch:
        """Return up to `limit` records."""
        bodies: list[bytes] = []
        try:
            while len(bodies) < limit and (self._left or self._open_block(wait=not bodies)):
                self._take_records(bodies, limit)
        except InputError as error:
            self._left, self._error = 0, error
            if not bodies:
                raise
        return EventBatch(bodies, dict(self._headers))

    def _take_records(self, bodies: list[bytes], limit: int) -> None:
        for body in islice(self._records, limit - len(bodies)):
            bodies.append(body)
            self._left -= 1
        if not self._left:
            self.position = self._block_end - SYNC_BYTES

    def _open_block(self, *, wait: bool) -> bool:
        """Go to the next block that has records; without `wait` only if it has been read already."""
        if self._error is not None:
            raise self._error
        while (block := self._next_block(wait=wait)) is not None:
            self._at = block.end
            self._block_end = self._data_start + block.end
            if block.count:
                payload = self._decompress(self._data[block.start : block.stop])
                self._left = block.count
                self._records = split_records(payload, block.count, self._step)
                return True
        return False

    def _next_block(self, *, wait: bool) -> Block | None:
        while True:
            block = parse_block(self._data, self._at, self._sync)
            if block is not None or not wait:
                return block
            self._data = self._data[self._at :]
            self._data_start += self._at
            self._at = 0
            chunk = self._file.read(max(CHUNK_BYTES, len(self._data)))
            if not chunk:
                if self._data:
                    raise InputError(f"the Avro block at byte {self._data_start} is cut off by the end of the file")
                return None
            self._data += chunk
            if len(self._data) > BLOCK_LIMIT_BYTES:
                raise InputError(f"the Avro block at byte {self._data_start} is larger than {BLOCK_LIMIT_BYTES} bytes")
