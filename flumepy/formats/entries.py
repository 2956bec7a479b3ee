"""Bodies of a stored batch, packed in one pass: in C where flumepy was compiled (`_entries.c`), else by msgspec."""

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

__all__ = ["pack_entries"]

_encoder = msgspec.msgpack.Encoder()


def pack_entries(entries: list[bytes]) -> bytes:
    """Return the entries as a msgpack array of bin. Raises ValueError for one of 4 GiB or more."""
    try:
        return _encoder.encode(entries)
    except msgspec.EncodeError as error:
        raise ValueError("an entry of 4 GiB or more cannot be packed") from error


if not TYPE_CHECKING:
    with suppress(ImportError):
        from flumepy.formats._entries import pack_entries
