"""The Avro deserializer: one event per record of an Avro container file.

A body is the binary encoding of its record, cut out of the block and not decoded. The position is Flume's: 16 bytes before
the block of the next record, so that the search for a sync marker from there finds that block. A block that was not
committed whole is read again as a whole after a restart. Source: AvroEventDeserializer, DataFileReader.
"""

from collections.abc import Iterator
from enum import Enum
from itertools import islice
from typing import BinaryIO

from fastavro.schema import fingerprint

from flumepy.core.batch import EventBatch
from flumepy.core.deserializer import Deserializer, EventReader, TextRules
from flumepy.core.errors import InputError, MissingPackageError, UnsupportedError
from flumepy.core.options import Options, opt
from flumepy.formats.avro_codecs import codec
from flumepy.formats.avro_container import SYNC_BYTES, parse_header, read_block
from flumepy.formats.avro_schema import canonical_form, compile_step, schema_text, split_records

CHUNK_BYTES = 256 * 1024
HEADER_LIMIT_BYTES = 4 * 1024 * 1024


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
        file.seek(0)
        header = parse_header(file.read(HEADER_LIMIT_BYTES))
        schema = header.metadata.get("avro.schema", b"")
        canonical = canonical_form(schema)
        if schema_type is SchemaType.HASH:
            self._headers = {"flume.avro.schema.hash": fingerprint(canonical, "CRC-64-AVRO")}
        else:
            self._headers = {"flume.avro.schema.literal": schema_text(schema)}
        self._step = compile_step(canonical)
        self._sync = header.sync
        try:
            self._codec = codec(header.codec)
        except UnsupportedError as error:
            raise InputError(str(error)) from error
        except MissingPackageError as error:
            raise InputError(f"{error}: {error.hint}") from error
        self._left = 0  # records of the open block
        self._records: Iterator[bytes] = iter(())
        self._error: InputError | None = None
        self._find_block(max(position, header.size_bytes - SYNC_BYTES))
        self.position = max(0, file.tell() - SYNC_BYTES)

    def _find_block(self, position: int) -> None:
        """Go behind the first sync marker at or behind the position, or to the file's end."""
        self._file.seek(position)
        at, data = position, b""
        while chunk := self._file.read(CHUNK_BYTES):
            data += chunk
            found = data.find(self._sync)
            if found >= 0:
                self._file.seek(at + found + SYNC_BYTES)
                return
            keep = data[1 - SYNC_BYTES :]
            at, data = at + len(data) - len(keep), keep

    def read(self, limit: int) -> EventBatch:
        """Return up to `limit` records."""
        bodies: list[bytes] = []
        try:
            while len(bodies) < limit and (self._left or self._open_block()):
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
            self.position = self._file.tell() - SYNC_BYTES

    def _open_block(self) -> bool:
        """Go to the next block that has records."""
        if self._error is not None:
            raise self._error
        while (block := read_block(self._file, self._sync)) is not None:
            if block.count:
                self._left = block.count
                self._records = split_records(self._codec.decompress(block.data), block.count, self._step)
                return True
        return False
