"""The position file of the spooling directory source, byte for byte Flume's `.flumespool-main.meta`.

It is an Avro container file: the metadata key "file" names the file being read, each block is one record {offset: long},
appended in one write after each committed batch; the last whole block counts, and a torn tail is ignored. So kill -9
leaves at most a batch that is sent again, and a Java agent and this one can take over from each other. Opening it writes
it anew with only the last offset and renames it into place. A foreign file counts as none. Source: DurablePositionTracker.
"""

import json
import os
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import cast

import fastavro

from flumepy.core.errors import InputError
from flumepy.formats.avro_container import SYNC_BYTES, encode, encode_block, encode_header, parse_header, read_block

META_NAME = ".flumespool-main.meta"
SCHEMA_TEXT = (
    b'{"type":"record","name":"TransferStateFileMeta","namespace":"org.apache.flume.serialization",'
    b'"fields":[{"name":"offset","type":"long"}]}'
)
SCHEMA = fastavro.parse_schema(json.loads(SCHEMA_TEXT))


@dataclass(frozen=True, slots=True)
class StoredPosition:
    """What a position file says."""

    target: str
    offset: int


def read_position(path: Path) -> StoredPosition | None:
    """Return what the position file says, None where there is none or none that can be read. Raises OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        header = parse_header(data)
        offset = _last_offset(BytesIO(data[header.size_bytes :]), header.sync)
        return StoredPosition(os.fsdecode(header.metadata["file"]), offset)
    except (InputError, KeyError):
        return None


def _last_offset(blocks: BytesIO, sync: bytes) -> int:
    offset = 0
    try:
        while (block := read_block(blocks, sync)) is not None:
            records = BytesIO(block.data)
            for _ in range(block.count):
                offset = cast(dict[str, int], fastavro.schemaless_reader(records, SCHEMA, None))["offset"]
    except (InputError, EOFError, IndexError):
        return offset  # the tail is torn
    return offset


class PositionFile:
    """The position of one file that is being read, open for appending."""

    def __init__(self, path: Path, target: str) -> None:
        """Go on with the position file if it names this target, else begin one at offset 0. Raises OSError."""
        stored = read_position(path)
        self.offset = stored.offset if stored is not None and stored.target == target else 0
        self._sync = os.urandom(SYNC_BYTES)
        temporary = path.with_name(path.name + ".tmp")
        content = encode_header({"avro.schema": SCHEMA_TEXT, "file": os.fsencode(target)}, self._sync)
        temporary.write_bytes(content + (self._block(self.offset) if self.offset else b""))
        temporary.replace(path)
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115  # open as long as its target is read

    def _block(self, offset: int) -> bytes:
        return encode_block(1, encode(SCHEMA, {"offset": offset}), self._sync)

    def store(self, offset: int) -> None:
        """Append an offset. Raises OSError."""
        self._file.write(self._block(offset))
        self.offset = offset

    def close(self) -> None:
        """Close it; it stays on disk."""
        self._file.close()
