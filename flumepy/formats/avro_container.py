"""The Avro object container file, byte by byte.

File = "Obj" 01, metadata (a map of bytes), sync marker (16 bytes), blocks. Block = count, size (both zig-zag longs), the
records' bytes, compressed by the codec that the metadata name, then the sync marker. Source: Avro 1.11 specification.
"""

import bz2
import lzma
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flumepy.core.errors import InputError

MAGIC = b"Obj\x01"
SYNC_BYTES = 16


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
    """Where one block lies: its records between `start` and `stop`, its sync marker up to `end`."""

    count: int
    start: int
    stop: int
    end: int


def encode_long(value: int) -> bytes:
    """Return a zig-zag variable-length long."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """Return a long and the index behind it. Raises IndexError where the data end, InputError where it has no end."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1), at
        shift += 7
        if shift > 63:
            raise InputError("an Avro long has more than ten bytes")


def encode_bytes(value: bytes) -> bytes:
    """Return bytes with their length."""
    return encode_long(len(value)) + value


def encode_header(metadata: Mapping[str, bytes], sync: bytes) -> bytes:
    """Return a file's header."""
    parts = [MAGIC, encode_long(len(metadata))]
    for key, value in metadata.items():
        parts += [encode_bytes(key.encode()), encode_bytes(value)]
    return b"".join([*parts, b"\0", sync])


def encode_block(count: int, payload: bytes, sync: bytes) -> bytes:
    """Return a block of `count` records."""
    return encode_long(count) + encode_bytes(payload) + sync


def parse_header(data: bytes) -> Header | None:
    """Return the header at the start of `data`, None when it goes on beyond. Raises InputError."""
    if not MAGIC.startswith(data[: len(MAGIC)]):
        raise InputError("not an Avro container file: it does not begin with Obj and 01")
    metadata: dict[str, bytes] = {}
    try:
        count, at = read_long(data, len(MAGIC))
        while count:
            if count < 0:
                _, at = read_long(data, at)
            for _ in range(abs(count)):
                key, at = _read_bytes(data, at)
                metadata[key.decode("utf-8", "replace")], at = _read_bytes(data, at)
            count, at = read_long(data, at)
    except IndexError:
        return None
    sync = data[at : at + SYNC_BYTES]
    return Header(metadata, sync, at + SYNC_BYTES) if len(sync) == SYNC_BYTES else None


def _read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_long(data, at)
    if length < 0:
        raise InputError("an Avro length is negative")
    value = data[at : at + length]
    if len(value) < length:
        raise IndexError
    return value, at + length


def parse_block(data: bytes, at: int, sync: bytes) -> Block | None:
    """Return the block at an index, None when it goes on beyond `data`. Raises InputError where none can be."""
    try:
        count, at = read_long(data, at)
        size, at = read_long(data, at)
    except IndexError:
        return None
    if count < 0 or size < 0:
        raise InputError("an Avro block has a negative count or size")
    stop = at + size
    end = stop + SYNC_BYTES
    if len(data) < end:
        return None
    if data[stop:end] != sync:
        raise InputError("an Avro block does not end with the file's sync marker")
    return Block(count, at, stop, end)


def decompressor(codec: str) -> Callable[[bytes], bytes]:
    """Return what undoes a codec. Raises InputError naming what is missing."""
    if codec in ("snappy", "zstandard"):
        return _packaged_decompressor(codec)
    known: dict[str, Callable[[bytes], bytes]] = {
        "null": bytes,
        "deflate": lambda data: zlib.decompress(data, -15),
        "bzip2": bz2.decompress,
        "xz": lzma.decompress,
    }
    if codec not in known:
        raise InputError(f"the Avro codec {codec!r} is not known")
    return _translated(codec, known[codec], (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError))


def _packaged_decompressor(codec: str) -> Callable[[bytes], bytes]:
    try:
        import cramjam  # noqa: PLC0415  # an optional package: only files with these codecs need it
    except ImportError as error:
        raise InputError(f"the Avro codec {codec} needs the package cramjam: pip install 'flumepy[avro]'") from error
    if codec == "zstandard":
        return _translated(codec, lambda data: bytes(cramjam.zstd.decompress(data)), (cramjam.DecompressionError,))
    # Four bytes of CRC-32 follow Avro's snappy data.
    return _translated(
        codec, lambda data: bytes(cramjam.snappy.decompress_raw(data[:-4])), (cramjam.DecompressionError,)
    )


def _translated(
    codec: str, decompress: Callable[[bytes], bytes], errors: tuple[type[Exception], ...]
) -> Callable[[bytes], bytes]:
    def translated(data: bytes) -> bytes:
        try:
            return decompress(data)
        except errors as error:
            raise InputError(f"an Avro block is not {codec}: {error}") from error

    return translated
