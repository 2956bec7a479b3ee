"""The Avro object container file, sans I/O but for `read_block`, which reads no byte beyond its block.

File = header, blocks. Header = "Obj" 01, metadata, sync marker. Block = count, size, the records' bytes compressed by the
codec that the metadata name, sync marker. Header and block start are Avro records themselves, so fastavro's schemaless
functions read and write them. Its container classes do not serve here: they refuse metadata that are not UTF-8 (a position
file names its target in the bytes of the file system), allocate whatever a block says its size is, take a cut-off count for
the end of the file, and write records one by one. Source: Avro 1.11 specification.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, cast

import fastavro

from flumepy.core.errors import InputError

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
BLOCK_LIMIT_BYTES = 1 << 30

HEADER = fastavro.parse_schema(
    {"type": "record", "name": "org.apache.avro.file.Header", "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": len(MAGIC)}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": SYNC_BYTES}},
    ]}
)  # fmt: skip
BLOCK_START = fastavro.parse_schema(
    {"type": "record", "name": "BlockStart", "fields": [
        {"name": "count", "type": "long"}, {"name": "size", "type": "long"},
    ]}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the first block. `size_bytes` includes the sync marker."""

    metadata: dict[str, bytes]
    sync: bytes
    size_bytes: int

    @property
    def codec(self) -> str:
        """Return the codec's name."""
        return self.metadata.get("avro.codec", b"null").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Block:
    """The records of one block, still compressed."""

    count: int
    data: bytes


def encode(schema: Any, value: Any) -> bytes:
    """Return the binary encoding of one value."""
    out = BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


def encode_header(metadata: Mapping[str, bytes], sync: bytes) -> bytes:
    """Return a file's header."""
    return encode(HEADER, {"magic": MAGIC, "meta": metadata, "sync": sync})


def encode_block(count: int, data: bytes, sync: bytes) -> bytes:
    """Return a block of `count` records."""
    return encode(BLOCK_START, {"count": count, "size": len(data)}) + data + sync


def parse_header(data: bytes) -> Header:
    """Return the header at the start of `data`. Raises InputError."""
    if not data.startswith(MAGIC):
        raise InputError("not an Avro container file: it does not begin with Obj and 01")
    file = BytesIO(data)
    try:
        header = cast(dict[str, Any], fastavro.schemaless_reader(file, HEADER, None))
    except (EOFError, IndexError, ValueError) as error:
        raise InputError(f"not an Avro container file: its header has no end in {len(data)} bytes") from error
    return Header(header["meta"], header["sync"], file.tell())


def read_block(file: BinaryIO, sync: bytes) -> Block | None:
    """Return the block at which the file stands and go behind it; None at the end. Raises InputError, OSError."""
    at = file.tell()
    try:
        start = cast(dict[str, int], fastavro.schemaless_reader(file, BLOCK_START, None))
    except (EOFError, IndexError) as error:
        if file.tell() == at:
            return None
        raise _cut_off(at) from error
    count, size = start["count"], start["size"]
    if count < 0 or size < 0:
        raise InputError(f"the Avro block at byte {at} has a negative count or size")
    if size > BLOCK_LIMIT_BYTES:
        raise InputError(f"the Avro block at byte {at} is larger than {BLOCK_LIMIT_BYTES} bytes")
    data, marker = file.read(size), file.read(SYNC_BYTES)
    if len(data) < size or len(marker) < SYNC_BYTES:
        raise _cut_off(at)
    if marker != sync:
        raise InputError(f"the Avro block at byte {at} does not end with the file's sync marker")
    return Block(count, data)


def _cut_off(at: int) -> InputError:
    return InputError(f"the Avro block at byte {at} is cut off by the end of the file")
