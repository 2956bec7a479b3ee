"""How a frame's payload is coded, and the flags byte of `flumepy.log.frame` that says so: compressed, then encrypted.

    bits 0-3   compression: 0 none, 1 zstd, 2 lz4
    bit  4     encrypted
    bits 5-7   0

A payload that compression does not make smaller stays as it is. Every frame says for itself how it is coded, so settings may
change between two openings of a log, and keys may be rotated.
"""

import struct
from collections.abc import Sequence

from flumepy.core.errors import InputError
from flumepy.log.compression import LIMIT_BYTES, Compressor, compressor, number_of
from flumepy.log.disk import Buffer
from flumepy.log.encryption import Encryption, KeyRing

COMPRESSION_BITS = 0x0F
ENCRYPTED = 0x10
LEAST_COMPRESSED_BYTES = 128  # what a take leaves behind is smaller, and gains nothing
_ADDITIONAL = struct.Struct("<BBI")


class Codec:
    """Seals and opens payloads; one for each opening of a log. Any thread may call it."""

    def __init__(self, compression: str = "none", keys: KeyRing | None = None, *, limit: int = LIMIT_BYTES) -> None:
        """Choose how payloads are sealed. limit: bytes up to which one is compressed, and expanded again.

        Raises ConfigurationError, MissingPackageError.
        """
        self._number = number_of(compression)
        self._compressors: dict[int, Compressor] = {}
        if self._number:
            self._compressor(self._number)
        self._encrypts = keys is not None
        self._encryption = Encryption(keys)
        self._limit = limit

    @property
    def seals(self) -> bool:
        """Tell whether `seal` compresses or encrypts."""
        return self._number != 0 or self._encrypts

    def seal(self, kind: int, count: int, parts: Sequence[Buffer]) -> tuple[int, list[Buffer]]:
        """Return the flags of a frame and the parts of its payload. Raises InputError for 2 GiB or more to encrypt."""
        flags, coded = self._compress(parts) if self._number else (0, list(parts))
        if self._encrypts:
            flags |= ENCRYPTED
            coded = self._encryption.seal(coded, _ADDITIONAL.pack(kind, flags, count))
        return flags, coded

    def _compress(self, parts: Sequence[Buffer]) -> tuple[int, list[Buffer]]:
        size = sum(map(len, parts))
        if LEAST_COMPRESSED_BYTES <= size <= self._limit:
            compressed = self._compressor(self._number).compress(b"".join(parts))
            if len(compressed) < size:
                return self._number, [compressed]
        return 0, list(parts)

    def open(self, kind: int, count: int, flags: int, payload: bytes) -> bytes:
        """Return the payload that was sealed.

        Raises InputError for a damaged one, SealedFrameError where a key is missing or wrong, MissingPackageError.
        """
        if flags & ~(COMPRESSION_BITS | ENCRYPTED):
            raise InputError(
                f"a stored payload is coded in a way, {flags:#04x}, that this flumepy does not know; read it with the"
                " flumepy that wrote it, or a newer one"
            )
        if flags & ENCRYPTED:
            payload = self._encryption.open(payload, _ADDITIONAL.pack(kind, flags, count))
        number = flags & COMPRESSION_BITS
        return self._compressor(number).expand(payload, self._limit) if number else payload

    def _compressor(self, number: int) -> Compressor:
        known = self._compressors.get(number)
        if known is None:
            known = self._compressors[number] = compressor(number)
        return known
