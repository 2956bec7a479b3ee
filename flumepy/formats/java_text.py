"""How Java prints and reads small values, where an operator or a script can see the difference.

Sources: Double.toString, Integer.parseInt, HashMap iteration order, Charset.forName, and for the dump of the logger
sink org.apache.flume.event.EventHelper.dumpEvent with commons-io HexDump.
"""

import codecs
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from flumepy.core.errors import ConfigurationError, InputError

_DECIMAL = re.compile(r"[+-]?\d+")
_TRIMMED = "".join(map(chr, range(33)))
_DUMP_WIDTH = 16
# Printable bytes stand for themselves, all others are a dot.
_DUMP_TEXT = "".join(chr(byte) if 32 <= byte <= 126 else "." for byte in range(256))
_ENCODED_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]?")
_CHARSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_+-]*")
# Java's names that Python does not know, or knows as something else. UTF-16 without a mark is big-endian in Java.
_CHARSETS = {
    "utf-16": "utf-16-be",
    "utf_16": "utf-16-be",
    "unicode": "utf-16-be",
    "utf16": "utf-16-be",
    "utf-32": "utf-32-be",
    "utf32": "utf-32-be",
    "utf_32": "utf-32-be",
    "unicodebig": "utf-16-be",
    "x-utf-16be": "utf-16-be",
    "x-utf-16le": "utf-16-le",
    "x-utf-16le-bom": "utf-16",
    "windows-31j": "cp932",
    "x-windows-949": "cp949",
    "x-windows-950": "cp950",
    "x-windows-874": "cp874",
    "tis-620": "tis-620",
    "x-gbk": "gbk",
    "x-euc-jp-linux": "euc_jp",
    "x-johab": "johab",
    "x-macroman": "mac_roman",
    "x-maccyrillic": "mac_cyrillic",
    "x-macgreek": "mac_greek",
    "x-macturkish": "mac_turkish",
    "x-macicelandic": "mac_iceland",
    "x-maccentraleurope": "mac_latin2",
    "8859_1": "iso-8859-1",
    "iso8859_15_fdis": "iso-8859-15",
}
# Text codecs of Python that are no charset in Java.
_NOT_CHARSETS = frozenset(
    ("idna", "mbcs", "oem", "palmos", "punycode", "raw-unicode-escape", "unicode-escape", "undefined", "utf-7")
)


def java_double(value: float) -> str:
    """Return Double.toString(value): "100.0", "33.33333333333333", "1.0E7", "NaN", "-Infinity".

    The digits are the fewest that read back to the same value, as since Java 19; older ones print a few longer.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    fraction = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{fraction}E{exponent + len(digits) - 1}"


def java_map_text(headers: Mapping[str, str | None]) -> str:
    """Return "{k=v, k2=v2}" in the order in which a java.util.HashMap filled in the mapping's order prints it."""
    if len(headers) < 2:
        pairs = list(headers.items())
    else:
        table_size = 16
        while len(headers) > table_size * 3 // 4:
            table_size *= 2
        # The sort is stable: within one bucket HashMap keeps the order of insertion, also when it grows.
        pairs = sorted(headers.items(), key=lambda pair: _spread_hash(pair[0]) & (table_size - 1))
    return "{" + ", ".join(f"{key}={'null' if value is None else value}" for key, value in pairs) + "}"


@lru_cache(maxsize=4096)
def _spread_hash(text: str) -> int:
    units = text.encode("utf-16-be", "surrogatepass")
    value = 0
    for i in range(0, len(units), 2):
        value = (value * 31 + (units[i] << 8 | units[i + 1])) & 0xFFFFFFFF
    return value ^ value >> 16


def decode_utf8(body: bytes) -> str:
    """Return new String(body, UTF_8): U+FFFD for every malformed part, cut into parts as Java cuts them."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        # Java counts an encoded surrogate as one malformed part, Python as three.
        return _ENCODED_SURROGATE.sub(b"\xff", body).decode("utf-8", "replace")


def parse_int(text: str) -> int:
    """Read a 32-bit integer as Integer.parseInt(text.trim()). Raises InputError with Java's message."""
    return _parse_integer(text, 31)


def parse_long(text: str) -> int:
    """Read a 64-bit integer as Long.parseLong(text.trim()). Raises InputError with Java's message."""
    return _parse_integer(text, 63)


def _parse_integer(text: str, bits: int) -> int:
    trimmed = text.strip(_TRIMMED)
    # int() itself refuses more than 4,300 digits with an error of its own.
    if len(trimmed) <= 1000 and _DECIMAL.fullmatch(trimmed):
        value = int(trimmed)
        if -(1 << bits) <= value < 1 << bits:
            return value
    raise InputError(f'For input string: "{trimmed}"')


def hex_dump(body: bytes, limit: int = 16) -> str:
    """Return what the logger sink shows of a body: at most `limit` bytes, 16 a line, hex and text.

    The first line lacks its offset but not the blank after it, as in EventHelper.dumpEvent; an empty body gives "".
    """
    lines = []
    for offset in range(0, min(len(body), limit), _DUMP_WIDTH):
        chunk = body[offset : min(offset + _DUMP_WIDTH, limit)]
        digits = chunk.hex(" ").upper().ljust(_DUMP_WIDTH * 3)
        lines.append(f"{f'{offset:08X}' if offset else ''} {digits}{''.join(_DUMP_TEXT[byte] for byte in chunk)}")
    return "\n".join(lines)


def java_charset(name: str) -> str:
    """Return the Python codec for a Java charset name or alias. Raises ConfigurationError for a name that is neither.

    Java's UTF-16 and UTF-32 are read and written big-endian; a byte order mark stays in the text.
    """
    if not _CHARSET_NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} is not a legal charset name")
    try:
        codec = codecs.lookup(_CHARSETS.get(name.lower(), name))
    except LookupError:
        codec = None
    if codec is None or codec.name in _NOT_CHARSETS or not _is_text_codec(codec):
        raise ConfigurationError(f"{name!r} is not a charset that is known here")
    return codec.name


def _is_text_codec(codec: codecs.CodecInfo) -> bool:
    try:
        codec.decode(b"")
        return isinstance(codec.encode("")[0], bytes) and isinstance(codec.decode(b"a" * 4, "replace")[0], str)
    except (TypeError, UnicodeError, ValueError):
        return False
