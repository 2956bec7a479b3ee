"""The position file of the spooling directory source, byte for byte Flume's `.flumespool-main.meta`.

It is an Avro container file: the metadata key "file" names the file being read, each block is one record {offset: long},
appended in one write after each committed batch; the last whole block counts. So kill -9 leaves at most a batch that is
sent again, and a Java agent and this one can take over from each other. Opening it writes it anew with only the last
offset and renames it into place. A torn or foreign file counts as none. Source: DurablePositionTracker.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from flumepy.core.errors import InputError
from flumepy.formats.avro_container import (
    encode_block,
    encode_header,
    encode_long,
    parse_block,
    parse_header,
    read_long,
)

META_NAME = ".flumespool-main.meta"
SCHEMA = (
    b'{"type":"record","name":"TransferStateFileMeta","namespace":"org.apache.flume.serialization",'
    b'"fields":[{"name":"offset","type":"long"}]}'
)


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
        if header is None or "file" not in header.metadata:
            return None
        offset, at = 0, header.size_bytes
        while (block := parse_block(data, at, header.sync)) is not None:
            if block.count:
                offset = _last_long(data[block.start : block.stop])
            at = block.end
    except (InputError, IndexError):
        return None
    return StoredPosition(os.fsdecode(header.metadata["file"]), offset)


def _last_long(payload: bytes) -> int:
    value = at = 0
    while at < len(payload):
        value, at = read_long(payload, at)
    return value


class PositionFile:
    """The position of one file that is being read, open for appending."""

    def __init__(self, path: Path, target: str) -> None:
        """Go on with the position file if it names this target, else begin one at offset 0. Raises OSError."""
        stored = read_position(path)
        self.offset = stored.offset if stored is not None and stored.target == target else 0
        self._sync = os.urandom(16)
        temporary = path.with_name(path.name + ".tmp")
        content = encode_header({"avro.schema": SCHEMA, "file": os.fsencode(target)}, self._sync)
        temporary.write_bytes(content + (self._block(self.offset) if self.offset else b""))
        temporary.replace(path)
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115  # open as long as its target is read

    def _block(self, offset: int) -> bytes:
        return encode_block(1, encode_long(offset), self._sync)

    def store(self, offset: int) -> None:
        """Append an offset. Raises OSError."""
        self._file.write(self._block(offset))
        self.offset = offset

    def close(self) -> None:
        """Close it; it stays on disk."""
        self._file.close()
