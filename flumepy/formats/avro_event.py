"""Whole events, headers and body, as Avro records: what the avro_event serializer writes, and files of such records read.

Any record of a map of strings `headers` and bytes `body` is read, in either order and whatever its name: so Flume's own
files and AvroFlumeEvent are. Source: FlumeEventAvroEventSerializer, flume.avdl.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO, cast

import fastavro

from flumepy.core.batch import Event, EventBatch
from flumepy.core.errors import InputError, MissingPackageError, UnsupportedError
from flumepy.formats.avro_codecs import codec
from flumepy.formats.avro_container import parse_header, read_block
from flumepy.formats.avro_schema import canonical_form
from flumepy.formats.avro_writer import encode_bytes, encode_long, encode_map, encode_string

SCHEMA = (
    '{"type":"record","name":"Event","fields":[{"name":"headers","type":{"type":"map","values":"string"}},'
    '{"name":"body","type":"bytes"}]}'
)
HEADER_LIMIT_BYTES = 4 * 1024 * 1024
_FIELDS = {"headers": {"type": "map", "values": "string"}, "body": "bytes"}


def encode_events(batch: EventBatch) -> list[bytes]:
    """Return one datum per event; headers that all events share are encoded once."""
    constant = [encode_string(n) + encode_string(v) for n, v in batch.headers.items() if isinstance(v, str)]
    columns = [_encode_column(n, v) for n, v in batch.headers.items() if not isinstance(v, str)]
    if not columns:
        shared = encode_map(constant)
        # Bodies have few different lengths: what stands before a body is made once for each.
        before = {length: shared + encode_long(length) for length in set(map(len, batch.bodies))}
        return [before[len(body)] + body for body in batch.bodies]
    return [
        encode_map([*constant, *filter(None, row)]) + encode_bytes(body)
        for body, *row in zip(batch.bodies, *columns, strict=True)
    ]


def _encode_column(name: str, values: list[str | None]) -> list[bytes | None]:
    key = encode_string(name)
    return [None if value is None else key + encode_string(value) for value in values]


def read_events(file: BinaryIO) -> Iterator[Event]:
    """Iterate the events of a container file. Raises InputError, OSError."""
    header = parse_header(file.read(HEADER_LIMIT_BYTES))
    canonical = json.loads(canonical_form(header.metadata.get("avro.schema", b"")))
    fields = canonical.get("fields", []) if isinstance(canonical, dict) else []
    if len(fields) != len(_FIELDS) or {field["name"]: field["type"] for field in fields} != _FIELDS:
        raise InputError("its records are no events: they must have headers, a map of strings, and a body, bytes")
    schema = fastavro.parse_schema(canonical)
    try:
        block_codec = codec(header.codec)
    except (UnsupportedError, MissingPackageError) as error:
        raise InputError(f"{error}{f'; {error.hint}' if isinstance(error, MissingPackageError) else ''}") from error
    file.seek(header.size_bytes)
    while (block := read_block(file, header.sync)) is not None:
        data = BytesIO(block_codec.decompress(block.data))
        for _ in range(block.count):
            try:
                record = cast(dict[str, Any], fastavro.schemaless_reader(data, schema, None))
            except (EOFError, IndexError, ValueError) as error:
                raise InputError("an Avro record does not fit its schema") from error
            yield Event(record["body"], record["headers"])
