"""The bytes of one event, as v3 (Protocol Buffers) and v2 (Hadoop's Writable) store it.

v3: Put {1 event {1 repeated header {1 key, 2 value}, 2 body}, 2 checksum}, the checksum a CRC-32 of the body as fixed64.
v2: byte n of class names that are skipped, int32 headers, each twice (byte -116, Hadoop VInt, UTF-8), int32 body (-1: none).
Sources: Put, FlumeEvent, WritableUtils.
"""

import struct
import zlib

from flumepy.core.errors import InputError
from flumepy.formats.flume_log.protobuf import BYTES, FIXED32, FIXED64, VARINT, read_varint

_CHECKSUM = struct.Struct("<q")
_INT = struct.Struct(">i")
_SHORT = struct.Struct(">H")
_FIRST_BYTES, _SECOND_BYTES, _SECOND_FIXED64 = 0x0A, 0x12, 0x11
TEXT_CLASS = 0x8C


def read_put(data: bytes, at: int, end: int) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a Put message in data[at:end], which fills it. Raises InputError, IndexError."""
    checksum = None
    event = None
    while at < end:
        tag = data[at]
        if tag == _FIRST_BYTES:
            size, start = read_varint(data, at + 1)
            at = start + size
            event = (start, at)
        elif tag == _SECOND_FIXED64 and at + 9 <= end:
            (checksum,) = _CHECKSUM.unpack_from(data, at + 1)
            at += 9
        else:
            at = _skip(data, at)
    if at != end or event is None or event[1] > end:
        raise InputError("an event's message is cut off")
    headers, body = _read_event(data, *event)
    if checksum is not None and zlib.crc32(body) != checksum:
        raise InputError("the checksum of an event is wrong")
    return headers, body


def _read_event(data: bytes, at: int, end: int) -> tuple[dict[str, str], bytes]:
    headers: dict[str, str] = {}
    body = None
    while at < end:
        tag = data[at]
        if tag in (_FIRST_BYTES, _SECOND_BYTES):
            size, start = data[at + 1], at + 2
            if size >= 128:
                size, start = read_varint(data, at + 1)
            at = start + size
            if at > end:
                break
            if tag == _FIRST_BYTES:
                key, value = _read_header(data, start, at)
                headers[key] = value
            else:
                body = data[start:at]
        else:
            at = _skip(data, at)
    if at != end or body is None:
        raise InputError("an event is cut off")
    return headers, body


def _read_header(data: bytes, at: int, end: int) -> tuple[str, str]:
    """A null value was written without its field and reads back as empty text, as in Flume."""
    # Nearly always: a key and a value, both shorter than 128 bytes.
    middle = at + 2 + data[at + 1]
    if data[at] == _FIRST_BYTES and middle + 1 < end and data[middle] == _SECOND_BYTES:
        behind = middle + 2 + data[middle + 1]
        if behind == end and data[at + 1] < 128 > data[middle + 1]:
            return data[at + 2 : middle].decode("utf-8", "replace"), data[middle + 2 : end].decode("utf-8", "replace")
    key, value = None, ""
    while at < end:
        tag = data[at]
        if tag in (_FIRST_BYTES, _SECOND_BYTES):
            size, start = read_varint(data, at + 1)
            at = start + size
            text = data[start:at].decode("utf-8", "replace")
            if tag == _FIRST_BYTES:
                key = text
            else:
                value = text
        else:
            at = _skip(data, at)
    if at != end or key is None:
        raise InputError("a header is cut off")
    return key, value


def _skip(data: bytes, at: int) -> int:
    """Return the index behind an unknown field."""
    tag, at = read_varint(data, at)
    kind = tag & 7
    if kind == VARINT:
        return read_varint(data, at)[1]
    if kind == BYTES:
        size, at = read_varint(data, at)
        return at + size
    if kind in (FIXED64, FIXED32):
        return at + (8 if kind == FIXED64 else 4)
    raise InputError(f"an event has the unknown wire type {kind}")


def skip_event_v2(data: bytes, at: int, end: int) -> int:
    """Return the index behind a v2 event; `end`: that of the file's end, whether there are data up to it or not.

    Raises IndexError and struct.error where the data end, InputError.
    """
    at = _behind_class_names(data, at)
    (count,) = _INT.unpack_from(data, at)
    at += 4
    for _ in range(2 * count):
        start, size = _text(data, at)
        at = start + size
        if at > end:
            raise InputError("a header is longer than the file")
    (size,) = _INT.unpack_from(data, at)
    if size < -1 or count < 0:
        raise InputError("an event has a negative length")
    return int(at + 4 + max(0, size))


def read_event_v2(data: bytes, at: int) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a v2 event that is there whole. Raises as `skip_event_v2`."""
    end = skip_event_v2(data, at, len(data))
    at = _behind_class_names(data, at)
    (count,) = _INT.unpack_from(data, at)
    at += 4
    texts: list[str] = []
    for _ in range(2 * count):
        start, size = _text(data, at)
        at = start + size
        texts.append(data[start:at].decode("utf-8", "replace"))
    return dict(zip(texts[::2], texts[1::2], strict=True)), data[at + 4 : end]


def _behind_class_names(data: bytes, at: int) -> int:
    count = data[at]
    at += 1
    # A signed byte: from 128 on there are none.
    for _ in range(count if count < 128 else 0):
        (size,) = _SHORT.unpack_from(data, at + 1)
        at += 3 + size
    return at


def _text(data: bytes, at: int) -> tuple[int, int]:
    """Return where a text begins, and its size."""
    if data[at] != TEXT_CLASS:
        raise InputError("a header is no text")
    first = data[at + 1]
    if first < 128:
        return at + 2, first
    if not 0x88 <= first <= 0x8F:  # -113 to -120: a positive number of 1 to 8 bytes follows
        raise InputError("a header has a negative length")
    count = 0x90 - first
    size = int.from_bytes(data[at + 2 : at + 2 + count], "big")
    if len(data) < at + 2 + count:
        raise IndexError
    return at + 2 + count, size
