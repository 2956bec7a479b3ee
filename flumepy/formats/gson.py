"""Read JSON as leniently as Gson does: comments, single quotes, unquoted names and values, `;` and `=`, empty elements.

The strict and fast way is msgspec; this one is for what that refuses, so it may be slow and must be bounded by its caller.
Numbers and booleans are text here, because Gson gives a field of type String the literal. Objects keep their members in
order with duplicates, since Gson's answer to those depends on the field. Source: com.google.gson.stream.JsonReader 2.10.
"""

import re
from typing import NoReturn, TypeAlias

from flumepy.core.errors import InputError

MAX_DEPTH = 200

_SKIP = re.compile(r"(?:[ \t\r\n]++|/\*.*?\*/|//[^\r\n]*+|\#[^\r\n]*+)*+", re.DOTALL)
_UNQUOTED = re.compile(r"[^/\\;\#={}\[\]:, \t\f\r\n]++")
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL),
    "'": re.compile(r"'((?:[^'\\]++|\\.)*+)'", re.DOTALL),
}
_ESCAPE = re.compile(r"\\(u.{0,4}|.)", re.DOTALL)
_ESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", "\n": "\n", "'": "'", '"': '"', "\\": "\\", "/": "/"}
_KEYWORDS = {"true": "true", "false": "false", "null": None}
_NOT_EXECUTABLE = ")]}'\n"


class JsonObject(list[tuple[str, "JsonValue"]]):
    """The members of an object, in order."""


JsonValue: TypeAlias = "str | JsonObject | list[JsonValue] | None"


class JsonSyntaxError(InputError):
    """The text is no JSON, not even for Gson."""


class JsonNumberError(InputError):
    """An escape \\u without four hex digits: Gson lets a NumberFormatException out."""


def read_json(text: str) -> JsonValue:
    """Return the value; None for an empty document. Raises JsonSyntaxError, JsonNumberError."""
    return _Reader(text.removeprefix("\ufeff")).document()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def document(self) -> JsonValue:
        self._peek()
        if self._text.startswith(_NOT_EXECUTABLE, self._position):
            self._position += len(_NOT_EXECUTABLE)
        if not self._peek():
            return None
        value = self._value(0)
        # Gson looks for the end only when there is a value, and is strict about it: not even a comment may follow.
        if value is not None and self._text[self._position :].strip(" \t\r\n"):
            self._fail("something follows the end")
        return value

    def _peek(self) -> str:
        """Skip blanks and comments; return the next character, or nothing at the end."""
        skipped = _SKIP.match(self._text, self._position)
        if skipped is not None:
            self._position = skipped.end()
        if self._text.startswith("/*", self._position):
            self._fail("unterminated comment")
        return self._text[self._position : self._position + 1]

    def _fail(self, what: str) -> NoReturn:
        raise JsonSyntaxError(f"{what} at character {self._position + 1}")

    def _value(self, depth: int) -> JsonValue:
        if depth > MAX_DEPTH:
            self._fail(f"nested deeper than {MAX_DEPTH}")
        following = self._peek()
        if following == "{":
            return self._object(depth)
        if following == "[":
            return self._array(depth)
        if following in _QUOTED:
            return self._quoted(following)
        word = self._unquoted()
        return _KEYWORDS.get(word.lower(), word)

    def _object(self, depth: int) -> JsonObject:
        self._position += 1
        members = JsonObject()
        if self._peek() == "}":
            self._position += 1
            return members
        while True:
            following = self._peek()
            name = self._quoted(following) if following in _QUOTED else self._unquoted()
            self._name_separator()
            members.append((name, self._value(depth + 1)))
            if self._ends("}"):
                return members

    def _name_separator(self) -> None:
        separator = self._peek()
        if separator not in (":", "="):
            self._fail("expected ':'")
        self._position += 1
        if separator == "=" and self._text.startswith(">", self._position):
            self._position += 1

    def _array(self, depth: int) -> list[JsonValue]:
        self._position += 1
        elements: list[JsonValue] = []
        if self._peek() == "]":
            self._position += 1
            return elements
        while True:
            # An empty element is null, also one after the last separator.
            elements.append(None if self._peek() in (",", ";", "]") else self._value(depth + 1))
            if self._ends("]"):
                return elements

    def _ends(self, end: str) -> bool:
        following = self._peek()
        if following != end and following not in (",", ";"):
            self._fail(f"expected ',' or {end!r}")
        self._position += 1
        return following == end

    def _quoted(self, quote: str) -> str:
        found = _QUOTED[quote].match(self._text, self._position) if quote else None
        if found is None:
            self._fail("unterminated string")
        self._position = found.end()
        return _whole_characters(_ESCAPE.sub(_unescape, found[1])) if "\\" in found[1] else found[1]

    def _unquoted(self) -> str:
        found = _UNQUOTED.match(self._text, self._position)
        if found is None:
            self._fail("expected a value")
        self._position = found.end()
        return found[0]


def _whole_characters(text: str) -> str:
    """Join the halves of escaped surrogate pairs; a half that stays alone becomes ?, as when Java encodes it."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return joined.encode(errors="replace").decode()


def _unescape(escape: re.Match[str]) -> str:
    code = escape[1]
    if code[0] == "u":
        if not re.fullmatch(r"u[0-9a-fA-F]{4}", code):
            raise JsonNumberError(code)
        return chr(int(code[1:], 16))
    if code not in _ESCAPED:
        raise JsonSyntaxError(f"invalid escape sequence \\{code}")
    return _ESCAPED[code]
