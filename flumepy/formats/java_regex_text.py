r"""The pattern as its readers see it: a cursor, the flags in force, scalar escapes, and errors with a column.

The cursor's methods are those of java.util.regex.Pattern (peek, next, read, skip), because where each of them skips the
blanks and comments of (?x) decides what a pattern means. \Q..\E is rewritten to escapes first, as in Pattern.
"""

from typing import NoReturn

from flumepy.core.errors import ConfigurationError

END = "\0"
_CONTROLS = {"a": 7, "e": 27, "f": 12, "n": 10, "r": 13, "t": 9}
_HEX = frozenset("0123456789abcdefABCDEF")
_OCTAL = frozenset("01234567")


class PatternText:
    """A pattern with a cursor; `flags` holds the letters of the flags in force at the cursor."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.flags = frozenset(flags)
        self._characters, self._columns = _without_quotes(pattern)
        self.length = len(self._characters)
        self._characters += [END, END, END]
        self.cursor = 0

    def at(self, index: int) -> str:
        """Return the character at the index, END behind the last."""
        return self._characters[index] if index < self.length else END

    @property
    def is_at_end(self) -> bool:
        """Tell whether nothing is left, not even a blank."""
        return self.cursor >= self.length

    def peek(self) -> str:
        """Return the character at the cursor."""
        if "x" in self.flags:
            self._skip_comments()
        return self.at(self.cursor)

    def next(self) -> str:
        """Step on and return the character there."""
        self.cursor += 1
        return self.peek()

    def read(self) -> str:
        """Return the character at the cursor and step on."""
        character = self.peek()
        self.cursor += 1
        return character

    def refuse(self, what: str, index: int | None = None) -> NoReturn:
        """Raise ConfigurationError naming what stands at the index (default: the cursor)."""
        at = min(self.cursor if index is None else index, self.length)
        column = self._columns[at] if at < self.length else len(self.pattern)
        raise ConfigurationError(f"regular expression {self.pattern!r}: {what} at column {column + 1}")

    def _skip_comments(self) -> None:
        line_ends = "\n" if "d" in self.flags else "\n\r\x85\u2028\u2029"
        while not self.is_at_end:
            character = self.at(self.cursor)
            if character == "#":
                while not self.is_at_end and self.at(self.cursor) not in line_ends:
                    self.cursor += 1
            elif character not in " \t\n\x0b\f\r":
                return
            else:
                self.cursor += 1

    def scalar_escape(self) -> int | None:
        """Read the rest of an escape that stands for one character; the cursor is at the letter behind the backslash.

        Return its code point, or None (cursor unmoved) for a letter or digit that means something else or nothing.
        """
        start = self.cursor
        letter = self.at(start)
        if self.is_at_end:
            self.refuse("backslash with nothing behind it", self.length - 1)
        if not (letter.isascii() and letter.isalnum()):
            self.cursor += 1
            return ord(letter)
        readers = {"0": self._octal, "x": self._hexadecimal, "u": self._unicode, "c": self._control}
        if letter in readers:
            self.cursor += 1
            return readers[letter](start)
        if letter in _CONTROLS:
            self.cursor += 1
        return _CONTROLS.get(letter)

    def _take(self, allowed: frozenset[str], most: int) -> str:
        start = self.cursor
        while self.cursor - start < most and self.at(self.cursor) in allowed and not self.is_at_end:
            self.cursor += 1
        return "".join(self._characters[start : self.cursor])

    def _octal(self, start: int) -> int:
        first = self.at(self.cursor)
        digits = self._take(_OCTAL, 3 if first in "0123" else 2)
        return int(digits, 8) if digits else self.refuse("illegal octal escape", start)

    def _hexadecimal(self, start: int) -> int:
        if self.at(self.cursor) != "{":
            digits = self._take(_HEX, 2)
            return int(digits, 16) if len(digits) == 2 else self.refuse("illegal hexadecimal escape", start)
        self.cursor += 1
        digits = self._take(_HEX, 10)
        if not digits or self.at(self.cursor) != "}" or int(digits, 16) > 0x10FFFF:
            self.refuse("illegal hexadecimal escape", start)
        self.cursor += 1
        return int(digits, 16)

    def _unicode(self, start: int) -> int:
        code = self._four_digits(start)
        if 0xD800 <= code < 0xDC00 and self.at(self.cursor) == "\\" and self.at(self.cursor + 1) == "u":
            behind_high = self.cursor
            self.cursor += 2
            low = self._four_digits(start)
            if 0xDC00 <= low < 0xE000:
                return 0x10000 + (code - 0xD800 << 10) + low - 0xDC00
            self.cursor = behind_high
        return code

    def _four_digits(self, start: int) -> int:
        digits = self._take(_HEX, 4)
        return int(digits, 16) if len(digits) == 4 else self.refuse("illegal Unicode escape", start)

    def _control(self, start: int) -> int:
        if self.is_at_end:
            self.refuse("illegal control escape", start)
        self.cursor += 1
        return ord(self.at(self.cursor - 1)) ^ 64


def _without_quotes(pattern: str) -> tuple[list[str], list[int]]:
    characters: list[str] = []
    columns: list[int] = []

    def put(text: str, column: int) -> None:
        characters.extend(text)
        columns.extend([column] * len(text))

    quoted, i = False, 0
    while i < len(pattern):
        pair = pattern[i : i + 2]
        if quoted and pair == r"\E":
            quoted, i = False, i + 2
        elif quoted:
            # A digit must not become part of an escape that stands before the quote.
            sign, character = pattern[i].isascii() and not pattern[i].isalnum(), pattern[i]
            put(f"\\x3{character}" if pattern[i] in "0123456789" else f"\\{character}" if sign else character, i)
            i += 1
        elif pair == r"\Q":
            quoted, i = True, i + 2
        else:
            put(pair if pattern[i] == "\\" else pattern[i], i)
            i += 2 if pattern[i] == "\\" else 1
    return characters, columns
