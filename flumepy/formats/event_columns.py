"""An event batch as one blob of columns: what durable channels store, one blob a put.

    version u8 | flags u8 | 0 u16 | header_bytes u32 | headers | entries
    version u8 | TEXT  u8 | 0 u16 | header_bytes u32 | headers | text

Little-endian. `headers` is msgpack: name -> one string for all events, or an array with a string or nil per event. `entries`
is a msgpack array of bin: one pass in C writes lengths and bytes, a third of the work of two passes over them. An entry is a
body; with the flag LINES it is a body with its line feed, as it came, so that a batch of lines is stored and comes back
without a pass that cuts the ends off. With the flag TEXT a text of lines is stored as it is and comes back as one: its line
feeds are the lengths, and nothing is made for an event. Other work per event is C loops only.

The blob has no checksum: a channel has one for its whole record. Decoding checks every length and type before it is used, so
that damage gives an InputError, or other bytes in a body, never anything else.
"""

import re
import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from flumepy.core.batch import Column, EventBatch
from flumepy.core.errors import InputError
from flumepy.core.line_text import LINE_FEED, Buffer, LineText
from flumepy.formats.entries import pack_entries

VERSION: Final = 2
LINES: Final = 1  #: flag: every entry ends with a line feed that is not part of its body
TEXT: Final = 2  #: flag: one line feed after each body, none in it, and no lengths

_HEAD: Final = struct.Struct("<BBHI")
_pack_head: Final = _HEAD.pack
_LONE_SURROGATE = re.compile(f"[{chr(0xD800)}-{chr(0xDFFF)}]")
_NO_HEADERS: Final = b"\x80"
_encoder: Final = msgspec.msgpack.Encoder()
_headers_decoder = msgspec.msgpack.Decoder(dict[str, str | list[str | None]])
_entries_decoder = msgspec.msgpack.Decoder(list[bytes])


def encode_batch(batch: EventBatch) -> Sequence[Buffer]:
    """Return the parts whose join is the blob. Raises InputError for a body of 4 GiB or more.

    A lone surrogate in a header becomes a question mark, as when Java encodes it.
    """
    headers = _encode_headers(batch.headers)
    if batch.text is not None:
        return [_pack_head(VERSION, TEXT, 0, len(headers)) + headers, *batch.text.buffers()]
    lines = batch.lines
    try:
        entries = pack_entries(batch.bodies if lines is None else lines)
    except ValueError as error:
        raise InputError("a body of 4 GiB or more cannot be stored") from error
    return [_pack_head(VERSION, 0 if lines is None else LINES, 0, len(headers)) + headers, entries]


def decode_batch(count: int, data: bytes | bytearray | memoryview) -> EventBatch:
    """Return the batch of `count` events that a blob holds. Raises InputError for damaged data."""
    size = len(data)
    if size < _HEAD.size:
        raise InputError(f"a stored batch of {size} bytes has no head")
    version, flags, zero, header_bytes = _HEAD.unpack_from(data)
    if version != VERSION or flags not in (0, LINES, TEXT) or zero:
        raise InputError(f"a stored batch has version {version} with flags {flags:#x}; this flumepy reads {VERSION}")
    start = _HEAD.size + header_bytes
    if start > size:
        raise InputError(f"a stored batch of {size} bytes has no room for its headers")
    view = memoryview(data)
    headers = _decode_headers(count, view[_HEAD.size : start])
    if flags == TEXT:
        return EventBatch.from_text(_decode_text(count, bytes(view[start:])), headers)
    entries = _decode_entries(count, view[start:])
    if flags != LINES:
        return EventBatch(entries, headers)
    if count and (not all(entries) or view[-1] != ord("\n")):
        raise InputError("a stored batch of lines lacks a line feed")
    return EventBatch.from_lines(entries, headers)


def _decode_entries(count: int, data: memoryview) -> list[bytes]:
    try:
        entries = _entries_decoder.decode(data)
    except msgspec.DecodeError as error:
        raise InputError(f"the events of a stored batch cannot be read: {error}") from error
    if len(entries) != count:
        raise InputError(f"a stored batch of {count} events has {len(entries)}")
    return entries


def _decode_text(count: int, text: bytes) -> LineText:
    lines = LineText(text)
    if lines.count != count or (text and not text.endswith(LINE_FEED)):
        raise InputError(f"a stored text of {len(text)} bytes does not hold {count} lines")
    return lines


def _encode_headers(headers: dict[str, Column]) -> bytes:
    if not headers:
        return _NO_HEADERS
    try:
        return _encoder.encode(headers)
    except UnicodeEncodeError:
        return _encoder.encode({_encodable(name): _encodable_column(headers[name]) for name in headers})


def _encodable(text: str) -> str:
    return _LONE_SURROGATE.sub("?", text)


def _encodable_column(column: Column) -> Column:
    if isinstance(column, str):
        return _encodable(column)
    return [None if value is None else _encodable(value) for value in column]


def _decode_headers(count: int, data: memoryview) -> dict[str, Column]:
    try:
        headers = _headers_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"the headers of a stored batch cannot be read: {error}") from error
    for name, column in headers.items():
        if not isinstance(column, str) and len(column) != count:
            raise InputError(f"the header {name!r} of a stored batch has {len(column)} values for {count} events")
    return headers
