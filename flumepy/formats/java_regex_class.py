r"""Read what matches one character: [...], \d, \p{...}. Follows Pattern.clazz, range, family and escape of Java 17."""

from collections.abc import Callable

from flumepy.formats import java_regex_sets as sets
from flumepy.formats.java_regex_properties import property_set, unicode_word
from flumepy.formats.java_regex_sets import Ranges
from flumepy.formats.java_regex_text import END, PatternText

# Part of a class, given the characters under 256 that stand alone in it. Java keeps those in one bit set that the parts
# share, so that in [ab&&[b]&c] & and c also join the left side of &&; a function of the final set does the same.
_Part = Callable[[Ranges], Ranges]


def single(code: int, flags: frozenset[str]) -> Ranges:
    """Return the character, with its other cases under (?i)."""
    ranges = ((code, code),)
    return sets.ignore_case(ranges, unicode_case="u" in flags) if "i" in flags else ranges


def shorthand(letter: str, flags: frozenset[str]) -> Ranges | None:
    r"""Return the set of \d \D \s \S \w \W \h \H \v \V, or None for another letter."""
    known: Ranges
    match letter.lower():
        case "d":
            known = sets.category("Nd") if "U" in flags else sets.DIGIT
        case "w":
            known = unicode_word() if "U" in flags else sets.WORD
        case "s":
            known = (
                (property_set("IsWhite_Space", ignore_case=False, unicode_class=True) or ())
                if "U" in flags
                else sets.SPACE
            )
        case "h":
            known = sets.HORIZONTAL
        case "v":
            known = sets.VERTICAL
        case _:
            return None
    return sets.negate(known) if letter.isupper() else known


def read_property(text: PatternText) -> Ranges:
    r"""Read \pL or \p{Name}; the cursor is at the p or P, afterwards behind the construct."""
    start = text.cursor
    negative = text.at(start) == "P"
    if text.next() == "{":
        first = text.cursor + 1
        end = next((i for i in range(first, text.length) if text.at(i) == "}"), -1)
        if end < 0:
            text.refuse("unclosed character family", start)
        name = "".join(text.at(i) for i in range(first, end))
        text.cursor = end + 1
    else:
        name = text.read()
    found = property_set(name, ignore_case="i" in text.flags, unicode_class="U" in text.flags)
    if found is None:
        text.refuse(f"character property {name!r} is unknown or not supported (blocks and scripts are not)", start)
    return sets.negate(found) if negative else found


def read_class(text: PatternText) -> Ranges:
    """Read a class; the cursor is at its bracket, afterwards behind the closing one."""
    return _ClassReader(text, text.cursor).read(consume=True)


class _ClassReader:
    def __init__(self, text: PatternText, start: int) -> None:
        self._text = text
        self._start = start
        self._previous: _Part | None = None
        self._current: _Part | None = None
        self._bits: Ranges = ()
        self._has_bits = False

    def read(self, *, consume: bool) -> Ranges:
        text = self._text
        character = text.next()
        negative = False
        while True:
            if character == "^" and text.at(text.cursor - 1) == "[":
                negative = True
                character = text.next()
                continue
            if character == "[":
                self._join(_constant(read_class(text)))
            elif character == "&" and text.at(text.cursor + 1) == "&":
                self._read_intersection()
            elif character == END and text.is_at_end:
                text.refuse("unclosed character class", self._start)
            elif character == "]" and (self._previous or self._has_bits):
                if consume:
                    text.next()
                self._join_bits()
                assert self._previous is not None
                found = self._previous(self._bits)
                return sets.negate(found) if negative else found
            else:
                self._read_range()
            character = text.peek()

    def _join(self, part: _Part) -> None:
        self._current = part
        left = self._previous
        self._previous = part if left is None else lambda bits: sets.merge(left(bits), part(bits))

    def _join_bits(self) -> None:
        if self._has_bits:
            self._has_bits = False
            current, was_empty = self._current, self._previous is None
            self._join(lambda bits: bits)
            if not was_empty:
                self._current = current

    def _read_intersection(self) -> None:
        text = self._text
        text.next()
        character = text.next()
        right: _Part | None = None
        while character not in "]&":
            if text.is_at_end:
                text.refuse("unclosed character class", self._start)
            if character == "[":
                operand = _constant(read_class(text))
            else:
                text.cursor -= 1
                operand = _constant(_ClassReader(text, self._start).read(consume=False))
            right = operand if right is None else _union(right, operand)
            character = text.peek()
        self._join_bits()
        if right is not None:
            self._current = right
        if self._previous is None:
            if right is None:
                text.refuse("bad class syntax", self._start)
            self._previous = right
        else:
            left, other = self._previous, self._current
            if other is None:
                text.refuse("&& with nothing behind it", self._start)
            self._previous = lambda bits: sets.intersect(left(bits), other(bits))

    def _read_range(self) -> None:
        text = self._text
        start = text.cursor
        first = self._read_member(start)
        if first is None:
            return
        if text.peek() == "-" and text.at(text.cursor + 1) not in "[]":
            if text.next() == "\\":
                text.cursor += 1
                code = text.scalar_escape()
                last = 11 if code is None and text.at(text.cursor) == "v" else -1 if code is None else code
                text.cursor += code is None
            else:
                last = ord(text.at(text.cursor))
                text.next()
            if last < first:
                text.refuse("illegal character range", start)
            ranges: Ranges = ((first, last),)
            if "i" in text.flags:
                ranges = sets.ignore_case(ranges, unicode_case="u" in text.flags)
            self._join(_constant(ranges))
        elif first < 256 and not _leaves_latin_1(first, text.flags):
            self._bits = sets.merge(self._bits, single(first, text.flags))
            self._has_bits = True
            self._current = None
        else:
            self._join(_constant(single(first, text.flags)))

    def _read_member(self, start: int) -> int | None:
        r"""Return the character here, or None after a \d, \p{..} and the like, which has joined the class."""
        text = self._text
        if text.peek() != "\\":
            code = ord(text.peek())
            text.next()
            return code
        text.cursor += 1
        letter = text.at(text.cursor)
        if letter in "pP" and not text.is_at_end:
            self._join(_constant(read_property(text)))
            return None
        found = shorthand(letter, text.flags)
        if found is not None:
            text.cursor += 1
            if letter == "v" and text.at(text.cursor) == "-":
                return 11
            self._join(_constant(found))
            return None
        code_point = text.scalar_escape()
        if code_point is None:
            text.refuse(f"illegal escape \\{letter} in a character class", start)
        return code_point


def _constant(ranges: Ranges) -> _Part:
    return lambda bits: ranges


def _union(left: _Part, right: _Part) -> _Part:
    return lambda bits: sets.merge(left(bits), right(bits))


def _leaves_latin_1(code: int, flags: frozenset[str]) -> bool:
    return {"i", "u"} <= flags and chr(code) in "\xff\xb5IiSsKk\xe5\xc5"
