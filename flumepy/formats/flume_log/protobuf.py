"""Protocol Buffers by hand: the few wire types that Flume's file channel uses.

varint (0), fixed64 (1), length-delimited (2), fixed32 (5). A number is read as signed; callers skip unknown fields.
Whatever is malformed raises InputError. Source: Protocol Buffers encoding; filechannel.proto.
"""

import struct
from collections.abc import Iterator

from flumepy.core.errors import InputError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED64 = struct.Struct("<q")
_FIXED32 = struct.Struct("<i")
MOST_VARINT_BYTES = 10

Value = int | bytes


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and the index behind it. Raises InputError."""
    value = shift = 0
    try:
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7
            if shift == 7 * MOST_VARINT_BYTES:
                break
    except IndexError:
        pass
    raise InputError("a varint is cut off or too long")


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Iterate (number, value) of a message. Raises InputError."""
    at, end = 0, len(data)
    while at < end:
        tag, at = read_varint(data, at)
        kind = tag & 7
        value: Value
        if kind == VARINT:
            value, at = read_varint(data, at)
        elif kind == BYTES:
            size, at = read_varint(data, at)
            value = data[at : at + size]
            at += size
        elif kind in (FIXED64, FIXED32):
            fixed = _FIXED64 if kind == FIXED64 else _FIXED32
            if at + fixed.size > end:
                raise InputError("a message is cut off")
            (value,) = fixed.unpack_from(data, at)
            at += fixed.size
        else:
            raise InputError(f"a message has the unknown wire type {kind}")
        if at > end:
            raise InputError("a message is cut off")
        yield tag >> 3, value


def delimited(data: bytes) -> bytes:
    """Return the first of messages that each follow their length. Raises InputError."""
    size, at = read_varint(data, 0)
    if at + size > len(data):
        raise InputError("a message is cut off")
    return data[at : at + size]


def numbers(data: bytes, names: dict[int, str], required: int) -> dict[str, int]:
    """Return the numeric fields of a message by name; the first `required` of them must be there. Raises InputError."""
    found: dict[str, int] = {}
    for number, value in fields(data):
        if number in names and isinstance(value, int):
            found[names[number]] = value
    for name in list(names.values())[:required]:
        if name not in found:
            raise InputError(f"a message lacks its field {name}")
    return found
