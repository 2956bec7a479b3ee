"""Java properties files, with the line of every key. Source: java.util.Properties.load(InputStream), .store.

The reader is jproperties. Three things are decided here, because jproperties 2.1 does them differently from Java:

- lines: Java cuts a file into logical lines before it looks at them. A blank line or a comment after an empty
  continued line, a lone backslash at the end and `#:` comments (jproperties' own metadata) come out differently,
  and neither the line of a key nor the first of two equal keys survives. So logical lines are cut here, and
  jproperties reads each of them (all in one call; `_Recorder` sees every assignment in order);
- `\\uXXXX`: jproperties also takes `\\u+123`, refuses half of a surrogate pair, and knows no file name;
- encoding: Java reads ISO-8859-1. Here a file that is valid UTF-8 is UTF-8, any other is ISO-8859-1.

Half of a surrogate pair becomes "?", which is what Java writes for it.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

from jproperties import Properties

from flumepy.core.errors import ConfigurationError

_WHITESPACE = " \t\f"
_TERMINATOR = re.compile(r"\r\n|\r|\n")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# How jproperties has to be given a character that came as \uXXXX and must not be taken as syntax.
_PROTECTED = {" ": "\\ ", "\t": "\\t", "\f": "\\f", "\n": "\\n", "\r": "\\r"} | {c: "\\" + c for c in "=:#!\\"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One assignment; `line` (from 1) is where the key begins. Equal keys stay separate entries, in file order."""

    key: str
    value: str
    file: str
    line: int


class _Recorder(dict[str, str]):
    """What jproperties fills; keeps every assignment, also to a key that is there already."""

    def __init__(self) -> None:
        super().__init__()
        self.assignments: list[tuple[str, str]] = []

    def __setitem__(self, key: str, value: str) -> None:
        super().__setitem__(key, value)
        self.assignments.append((key, value))


def load_properties(data: bytes, origin: str) -> list[Entry]:
    """Read a properties file; `origin` names it in entries and errors.

    Raises ConfigurationError for a malformed \\uXXXX, as java.util.Properties does.
    """
    lines = [(_decode_unicode_escapes(text, origin, line), line) for text, line in _logical_lines(_decode(data))]
    recorder = _Recorder()
    reader = Properties()
    reader.properties = recorder
    reader.load("\n".join(text for text, _ in lines))
    return [
        Entry(_join_surrogates(key), _join_surrogates(value), origin, line)
        for (key, value), (_, line) in zip(recorder.assignments, lines, strict=True)
    ]


def store_properties(properties: Mapping[str, str]) -> bytes:
    """Return the properties as java.util.Properties.store writes them: a date comment, sorted keys, ASCII."""
    writer = Properties()
    for key, value in properties.items():
        writer[key] = value
    out = io.BytesIO()
    writer.store(out)
    return out.getvalue()


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("iso-8859-1")


def _logical_lines(text: str) -> list[tuple[str, int]]:
    """Cut text as Properties.LineReader does: (line without leading blanks and continuations, number of its first)."""
    natural = _TERMINATOR.split(text)
    last = len(natural) if natural[-1] else len(natural) - 1
    # A lone backslash at the very end is an empty key, but not before "\r\n": LineReader notices that end too late.
    backslash_counts = not text.endswith("\r\n")
    lines: list[tuple[str, int]] = []
    pending = ""
    start = 0
    for number, raw in enumerate(natural[:last], 1):
        part = raw.lstrip(_WHITESPACE)
        if not pending:
            start = number
            if not part or part[0] in "#!":
                continue
        if (len(part) - len(part.rstrip("\\"))) % 2:
            pending += part[:-1]
            if number == last and (pending or backslash_counts):
                lines.append((pending or "=", start))
            continue
        lines.append((pending + part, start))
        pending = ""
    return lines


def _decode_unicode_escapes(line: str, origin: str, number: int) -> str:
    if "\\u" not in line:
        return line

    def decoded(match: re.Match[str]) -> str:
        digits, other = match.groups()
        if digits:
            character = chr(int(digits, 16))
            return _PROTECTED.get(character, character)
        if other == "u":
            found = line[match.start() : match.start() + 6]
            raise ConfigurationError(f"{origin}:{number}: Malformed \\uxxxx encoding: {found}")
        return match[0]

    return _ESCAPE.sub(decoded, line)


def _join_surrogates(text: str) -> str:
    if text.isascii() or not _LONE_SURROGATE.search(text):
        return text
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return _LONE_SURROGATE.sub("?", joined)
