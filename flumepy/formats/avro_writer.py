"""Writing Avro object container files, sans I/O: the caller encodes the datums and writes the bytes.

The bytes are those of Java's DataFileWriter 1.11, the random sync marker aside. Layout: avro_container.
"""

import bz2
import importlib
import lzma
import os
import zlib
from collections.abc import Callable, Sequence

from flumepy.core.errors import MissingPackageError, UnsupportedError
from flumepy.formats.avro_container import SYNC_BYTES, encode_block, encode_bytes, encode_header, encode_long

Compress = Callable[[bytes], bytes]


def encode_string(text: str) -> bytes:
    """Encode a string; a lone surrogate becomes a question mark, as in Java."""
    return encode_bytes(text.encode("utf-8", "replace"))


def encode_map(entries: Sequence[bytes]) -> bytes:
    """Encode a map in one block; an entry is an encoded key and its encoded value."""
    if not entries:
        return b"\0"
    return b"".join((encode_long(len(entries)), *entries, b"\0"))


def compressor(codec: str) -> Compress:
    """Return the compression of a codec by Avro's name. Raises UnsupportedError, MissingPackageError."""
    if codec in ("snappy", "zstandard"):
        return _packaged(codec)
    try:
        return _COMPRESSORS[codec]
    except KeyError:
        raise UnsupportedError(f"no Avro codec is called {codec!r}") from None


def _packaged(codec: str) -> Compress:
    try:
        cramjam = importlib.import_module("cramjam")
    except ImportError as error:
        raise MissingPackageError(
            f"the Avro codec {codec} needs the package cramjam", hint="pip install 'flumepy[avro]'"
        ) from error
    if codec == "zstandard":
        return lambda data: bytes(cramjam.zstd.compress(data))
    return lambda data: bytes(cramjam.snappy.compress_raw(data)) + zlib.crc32(data).to_bytes(4, "big")


def _deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


_COMPRESSORS: dict[str, Compress] = {"null": bytes, "deflate": _deflate, "bzip2": bz2.compress, "xz": lzma.compress}


class ContainerWriter:
    """Collects encoded datums into blocks of at least `sync_interval_bytes`."""

    def __init__(self, schema: str, codec: str, sync_interval_bytes: int) -> None:
        """Raise UnsupportedError or MissingPackageError for a codec that cannot be had."""
        self._metadata = {"avro.schema": schema.encode(), "avro.codec": codec.encode()}
        self._compress = compressor(codec)
        self._interval_bytes = sync_interval_bytes
        self._sync = b""
        self._datums: list[bytes] = []
        self._bytes = 0

    def begin(self) -> bytes:
        """Return the header of a new file, with a sync marker of its own, and forget the open block."""
        self._sync = os.urandom(SYNC_BYTES)
        self._datums, self._bytes = [], 0
        return encode_header(self._metadata, self._sync)

    def append(self, datums: Sequence[bytes]) -> list[bytes]:
        """Add datums and return the blocks that became full."""
        added = sum(map(len, datums))
        if self._bytes + added < self._interval_bytes:
            self._datums += datums
            self._bytes += added
            return []
        blocks = []
        for datum in datums:
            self._datums.append(datum)
            self._bytes += len(datum)
            if self._bytes >= self._interval_bytes:
                blocks.append(self.flush())
        return blocks

    def flush(self) -> bytes:
        """End the open block and return it; nothing when there is none."""
        if not self._datums:
            return b""
        block = encode_block(len(self._datums), self._compress(b"".join(self._datums)), self._sync)
        self._datums, self._bytes = [], 0
        return block
