"""An event batch as one blob of columns: what durable channels store, one blob a put.

    version u8 | flags u8 | 0 u16 | header_bytes u32 | headers | length u32 per event | entries
    version u8 | TEXT  u8 | 0 u16 | header_bytes u32 | headers | text

Little-endian. `headers` is msgpack: name -> one string for all events, or an array with a string or nil per event. An entry
is a body; with the flag LINES it is a body with its line feed, as it came, so that a batch of lines is stored and comes back
without a pass that cuts the ends off. With the flag TEXT a text of lines is stored as it is and comes back as one: its line
feeds are the lengths, and nothing is made for an event. Other work per event is C loops only.

The blob has no checksum: a channel has one for its whole record. Decoding checks every length and type before it is used, so
that damage gives an InputError, or other bytes in a body, never anything else.
"""

import io
import re
import struct
import sys
from array import array
from collections.abc import Sequence

import msgspec

from flumepy.core.batch import Column, EventBatch
from flumepy.core.errors import InputError
from flumepy.core.line_text import LINE_FEED, Buffer, LineText

VERSION = 1
LINES = 1  #: flag: every entry ends with a line feed that is not part of its body
TEXT = 2  #: flag: one line feed after each body, none in it, and no lengths

_HEAD = struct.Struct("<BBHI")
_LENGTH_BYTES = 4
_IS_BIG_ENDIAN = sys.byteorder == "big"
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_headers_encoder = msgspec.msgpack.Encoder()
_headers_decoder = msgspec.msgpack.Decoder(dict[str, str | list[str | None]])


def encode_batch(batch: EventBatch) -> Sequence[Buffer]:
    """Return the parts whose join is the blob. Raises InputError for a body of 4 GiB or more.

    A lone surrogate in a header becomes a question mark, as when Java encodes it.
    """
    headers = _encode_headers(batch.headers)
    if batch.text is not None:
        return [_HEAD.pack(VERSION, TEXT, 0, len(headers)) + headers, *batch.text.buffers()]
    lines = batch.lines
    entries = batch.bodies if lines is None else lines
    try:
        lengths = array("I", map(len, entries))
    except OverflowError as error:
        raise InputError("a body of 4 GiB or more cannot be stored") from error
    if _IS_BIG_ENDIAN:
        lengths.byteswap()
    head = _HEAD.pack(VERSION, 0 if lines is None else LINES, 0, len(headers))
    return [head + headers, lengths.tobytes(), b"".join(entries)]


def decode_batch(count: int, data: bytes | bytearray | memoryview) -> EventBatch:
    """Return the batch of `count` events that a blob holds. Raises InputError for damaged data."""
    size = len(data)
    if size < _HEAD.size:
        raise InputError(f"a stored batch of {size} bytes has no head")
    version, flags, zero, header_bytes = _HEAD.unpack_from(data)
    if version != VERSION or flags not in (0, LINES, TEXT) or zero:
        raise InputError(f"a stored batch has version {version} with flags {flags:#x}; this flumepy reads {VERSION}")
    headers_stop = _HEAD.size + header_bytes
    start = headers_stop if flags == TEXT else headers_stop + _LENGTH_BYTES * count
    if count < 0 or start > size:
        raise InputError(f"a stored batch of {size} bytes cannot hold {count} events")
    view = memoryview(data)
    headers = _decode_headers(count, view[_HEAD.size : headers_stop])
    if flags == TEXT:
        return EventBatch.from_text(_decode_text(count, bytes(view[start:])), headers)
    lengths = array("I", view[headers_stop:start].tobytes())
    if _IS_BIG_ENDIAN:
        lengths.byteswap()
    if start + sum(lengths) != size:
        raise InputError(f"a stored batch of {size} bytes is not as long as its {count} events")
    stream = io.BytesIO(data)  # shares bytes, copies anything else
    stream.seek(start)
    entries = list(map(stream.read, lengths))
    if flags != LINES:
        return EventBatch(entries, headers, body_bytes=size - start)
    if count and (not min(lengths) or view[-1] != ord("\n")):
        raise InputError("a stored batch of lines lacks a line feed")
    return EventBatch.from_lines(entries, headers, size_bytes=size - start)


def _decode_text(count: int, text: bytes) -> LineText:
    lines = LineText(text)
    if lines.count != count or (text and not text.endswith(LINE_FEED)):
        raise InputError(f"a stored text of {len(text)} bytes does not hold {count} lines")
    return lines


def _encode_headers(headers: dict[str, Column]) -> bytes:
    try:
        return _headers_encoder.encode(headers)
    except UnicodeEncodeError:
        return _headers_encoder.encode({_encodable(name): _encodable_column(headers[name]) for name in headers})


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
