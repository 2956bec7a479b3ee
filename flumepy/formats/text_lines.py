"""Splitting and recoding text that arrives as bytes.

Strategy: text that was received as bytes and leaves as bytes is not decoded. One check of a whole chunk (ASCII, or valid
UTF-8) tells whether decoding and encoding it again would give the same bytes; only what fails it goes the long way.
Charsets are Python codec names. Lengths count UTF-16 units, as Java's char does.
"""

import codecs
import io
from collections.abc import Iterator
from functools import lru_cache
from operator import itemgetter

# bytes.split looks at every byte; where lines are longer on average, a reader that finds their ends with memchr is faster.
LONG_LINE_BYTES = 64
SAMPLE_BYTES = 4096
_without_last = itemgetter(slice(None, -1))


def split_lines(data: bytes) -> list[bytes]:
    """Return the lines of `data`, which ends with LF, without their LF."""
    sample = data[:SAMPLE_BYTES]
    if len(sample) > LONG_LINE_BYTES * sample.count(b"\n"):
        return list(map(_without_last, io.BytesIO(data)))
    lines = data.split(b"\n")
    lines.pop()
    return lines


@lru_cache(maxsize=64)
def is_ascii_superset(charset: str) -> bool:
    """Tell whether bytes below 128 mean the same in this charset as in ASCII, and LF occurs only as a line's end."""
    ascii_bytes = bytes(range(128))
    try:
        return ascii_bytes.decode(charset) == ascii_bytes.decode("ascii")
    except UnicodeError:
        return False


def is_unchanged(data: bytes, charset: str, output_charset: str) -> bool:
    """Tell whether decoding `data` (whole characters) and encoding it again gives the same bytes."""
    if data.isascii():
        return is_ascii_superset(charset) and is_ascii_superset(output_charset)
    if charset != "utf-8" or output_charset != "utf-8":
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def recode(data: bytes, charset: str, errors: str, output_charset: str) -> bytes:
    """Decode and encode again; what the output charset lacks becomes "?". Raises UnicodeDecodeError with errors=strict."""
    if is_unchanged(data, charset, output_charset):
        return data
    return data.decode(charset, errors).encode(output_charset, "replace")


def utf16_units(text: str) -> int:
    """Return Java's length of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_at_newlines(data: bytes, newline: bytes) -> list[bytes]:
    """Return the parts of `data` between line ends that stand at a multiple of their own length (UTF-16, UTF-32)."""
    width, parts, start = len(newline), [], 0
    at = data.find(newline)
    while at >= 0:
        if at % width:
            at = data.find(newline, at + 1)
            continue
        parts.append(data[start:at])
        start = at + width
        at = data.find(newline, start)
    parts.append(data[start:])
    return parts


def cut_text(data: bytes, charset: str, errors: str, limit_units: int) -> Iterator[tuple[str, int]]:
    """Cut the start of `data` into texts of `limit_units`, each with the bytes it took; the shorter rest is left.

    A character beyond the BMP is never cut: its text is one unit shorter (or, with a limit of 1, longer).
    Raises UnicodeDecodeError where errors=strict meets what the charset does not know; the texts before it came first.
    """
    text, known = _decoded_start(data, charset)
    at = start = 0
    while (stop := cut_index(text, start, limit_units)) is not None:
        piece = text[start:stop]
        size = len(piece.encode(charset))
        yield piece, size
        at, start = at + size, stop
    if known < len(data):
        yield from _cut_by_byte(data[at:], charset, errors, limit_units)


def _decoded_start(data: bytes, charset: str) -> tuple[str, int]:
    """Return a text whose characters encode to exactly the first bytes of `data`, and how many those are."""
    try:
        if charset == "utf-8":
            return codecs.utf_8_decode(data, "strict", False)
        if is_ascii_superset(charset) or charset.startswith(("utf-16-", "utf-32-")):
            text = data.decode(charset)
            if text.encode(charset) == data:
                return text, len(data)
    except UnicodeError:
        return "", 0
    return "", 0


def cut_index(text: str, start: int, limit_units: int) -> int | None:
    """Return where the piece from `start` ends, or None when fewer units than the limit are left."""
    window = text[start : start + limit_units]
    if window.isascii() or max(window) < "\U00010000":
        return start + limit_units if len(window) == limit_units else None
    units, stop = 0, start
    for character in window:
        width = 2 if character >= "\U00010000" else 1
        if units + width > limit_units and stop > start:
            return stop
        units, stop = units + width, stop + 1
        if units >= limit_units:
            return stop
    return None


def _cut_by_byte(data: bytes, charset: str, errors: str, limit_units: int) -> Iterator[tuple[str, int]]:
    """Feed byte by byte: the only way to know, for every charset and bad input, which bytes made which character."""
    decoder = codecs.getincrementaldecoder(charset)(errors)
    start, known, units, text = 0, 0, 0, ""
    for at in range(len(data)):
        new = decoder.decode(data[at : at + 1])
        if not new:
            continue
        width = utf16_units(new)
        if text and units + width > limit_units:
            yield text, known - start
            start, units, text = known, 0, ""
        text, units = text + new, units + width
        known = at + 1 - len(decoder.getstate()[0])  # after bad bytes the start of the next character may be held
        if units >= limit_units:
            yield text, known - start
            start, units, text = known, 0, ""
