"""Python text for what stands at one place of a Java pattern: a set, an anchor, a line break.

Everything written here is for patterns under the ASCII flag. With `plain` it is for input of ASCII characters without
"\\r", and can also be compiled for bytes: sets are cut down, and as only "\\n" can end a line, dots and anchors are those
of (?d), which Python's engine runs several times faster.
"""

from flumepy.formats import java_regex_sets as sets
from flumepy.formats.java_regex_properties import unicode_word
from flumepy.formats.java_regex_sets import Ranges

Flags = frozenset[str]

LINE_BREAK = r"(?:\r\n|"
_ASCII: Ranges = ((0, 127),)
_BEYOND_ASCII: Ranges = ((128, sets.EVERYTHING[0][1]),)


class Emitter:
    """Writes sets and anchors; `flags` are the letters in force at the place."""

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain

    def emit(self, ranges: Ranges) -> str:
        """Return a pattern for one character of the set."""
        if self._plain:
            kept = sets.intersect(ranges, _ASCII)
            # A negated set is the shorter and faster one.
            ranges = sets.merge(kept, _BEYOND_ASCII) if kept and kept[-1][1] == 127 else kept
        return sets.emit(ranges)

    def dot(self, flags: Flags) -> Ranges:
        """Return what a dot matches."""
        if "s" in flags:
            return sets.EVERYTHING
        return sets.negate(sets.of("\n") if "d" in flags or self._plain else sets.LINE_ENDS)

    def line_start(self, flags: Flags) -> str:
        """Return ^."""
        if "m" not in flags:
            return r"\A"
        if "d" in flags or self._plain:
            return r"(?:(?!\Z)(?:\A|(?<=\n)))"
        return rf"(?:(?!\Z)(?:\A|(?<=\r)(?!\n)|(?<={self._other_line_ends()})))"

    def line_end(self, flags: Flags) -> str:
        r"""Return $; without the letter m it is also \Z."""
        multiline = "m" in flags
        if "d" in flags or self._plain:
            return r"(?=\n|\Z)" if multiline else "$"
        ends = rf"\r\n?|(?<!\r)\n|{self._other_line_ends(without=chr(10))}"
        return rf"(?={ends}|\Z)" if multiline else rf"(?=(?:{ends})?\Z)"

    def boundary(self, flags: Flags) -> str:
        r"""Return \b."""
        if "U" in flags:
            word = self.emit(unicode_word())
            return f"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"
        # Up to Java 18, \b goes by Unicode letters although \w does not.
        return r"\b" if self._plain else r"(?u:\b)"

    def line_break(self) -> str:
        r"""Return \R; it begins with LINE_BREAK."""
        return f"{LINE_BREAK}{self.emit(sets.VERTICAL)})"

    def _other_line_ends(self, without: str = "") -> str:
        return self.emit(sets.intersect(sets.LINE_ENDS, sets.negate(sets.of("\r" + without))))
