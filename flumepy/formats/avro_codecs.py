"""The codecs of Avro container files, by Avro's names.

fastavro has the same ones but only inside its container classes, which do not serve here (avro_container), and ends a
deflate block with three bytes that Java does not write. Snappy and zstandard come from cramjam, loaded when first named.
"""

import bz2
import importlib
import lzma
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from flumepy.core.errors import InputError, MissingPackageError, UnsupportedError

Convert = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Codec:
    """Compresses and expands a block's records; `errors` are what `expand` raises for damaged data."""

    name: str
    compress: Convert
    expand: Convert
    errors: tuple[type[Exception], ...] = ()

    def decompress(self, data: bytes) -> bytes:
        """Return what was compressed. Raises InputError."""
        try:
            return self.expand(data)
        except self.errors as error:
            raise InputError(f"an Avro block is not {self.name}: {error}") from error


def codec(name: str) -> Codec:
    """Return a codec. Raises UnsupportedError, MissingPackageError."""
    if name in ("snappy", "zstandard"):
        return _packaged(name)
    try:
        return _BUILT_IN[name]
    except KeyError:
        raise UnsupportedError(f"no Avro codec is called {name!r}") from None


def _packaged(name: str) -> Codec:
    try:
        cramjam = importlib.import_module("cramjam")
    except ImportError as error:
        raise MissingPackageError(
            f"the Avro codec {name} needs the package cramjam", hint="pip install 'flumepy[avro]'"
        ) from error
    errors = (cramjam.DecompressionError,)
    if name == "zstandard":
        return Codec(
            name,
            lambda data: bytes(cramjam.zstd.compress(data)),
            lambda data: bytes(cramjam.zstd.decompress(data)),
            errors,
        )
    # Four bytes of CRC-32 follow Avro's snappy data.
    return Codec(
        name,
        lambda data: bytes(cramjam.snappy.compress_raw(data)) + zlib.crc32(data).to_bytes(4, "big"),
        lambda data: bytes(cramjam.snappy.decompress_raw(data[:-4])),
        errors,
    )


def _deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


_BUILT_IN = {
    one.name: one
    for one in (
        Codec("null", bytes, bytes),
        Codec("deflate", _deflate, lambda data: zlib.decompress(data, -zlib.MAX_WBITS), (zlib.error,)),
        Codec("bzip2", bz2.compress, bz2.decompress, (OSError, ValueError, EOFError)),
        Codec("xz", lzma.compress, lzma.decompress, (lzma.LZMAError, EOFError)),
    )
}
