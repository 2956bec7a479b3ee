r"""Read a java.util.regex pattern and write the Python one. Source: Pattern.java of Java 17, whose methods it follows.

Every Java construct becomes text that means the same under Python's ASCII flag alone: flags are resolved while reading
(they change in the middle of a pattern in Java, only at the start or in a group in Python), and every class, dot, anchor
and case-insensitive letter becomes an explicit set or look-around. What cannot be said in Python is refused by name.

With `plain` the result is for ASCII input without "\r", and can also run on bytes (java_regex_emitter).

Not exact: \b and \B take numbers such as "²" for word characters and know no combining marks; a group that matched
empty in a repetition keeps its span, where Java sometimes drops it; where a pattern prefers the empty match ("|a"),
finding goes on with a longer match at the same place, Java at the next one.
"""

from flumepy.formats.java_regex_class import read_class, read_property, shorthand, single
from flumepy.formats.java_regex_emitter import LINE_BREAK, Emitter
from flumepy.formats.java_regex_text import END, PatternText

FLAGS = "idmsuxU"
_EMPTY = "(?:)"
_NEVER = "(?!)"
_INT_MAX = 2**31 - 1
_DIGITS = frozenset("0123456789")
_GROUP_STARTS = {":": "(?:", "=": "(?=", "!": "(?!", ">": "(?>"}
_REFUSED_ESCAPES = {
    "G": r"\G (end of the previous match) is not supported",
    "X": r"\X (grapheme cluster) is not supported",
    "N": r"\N{name} is not supported",
}


class Translator:
    """One translation of one pattern. Afterwards `first_look_behind` is the place of the first one, or None."""

    def __init__(self, pattern: str, flags: str = "", *, plain: bool = False) -> None:
        self.text = PatternText(pattern, flags + "u" if "U" in flags else flags)
        self.first_look_behind: int | None = None
        self._emitter = Emitter(plain=plain)
        self._emit = self._emitter.emit
        self._groups = 0
        self._open_groups: list[int] = []
        self._names: dict[str, int] = {}
        self._later_references: list[tuple[int, int]] = []

    def translate(self) -> str:
        """Return the Python pattern. Raises ConfigurationError naming construct and column."""
        text = self.text
        found = "|".join(self._alternatives())
        if not text.is_at_end:
            text.refuse("unmatched closing )")
        for group, index in self._later_references:
            if group <= self._groups:
                text.refuse(f"reference to group {group} before its end is not supported", index)
        return "(?a)" + found

    def _alternatives(self) -> list[str]:
        branches = [self._sequence()]
        while self.text.peek() == "|":
            self.text.next()
            branches.append(self._sequence())
        return branches

    def _sequence(self) -> str:
        text = self.text
        parts: list[str] = []
        while True:
            character = text.peek()
            if (character == END and text.is_at_end) or character in "|)":
                return "".join(parts)
            if character in "*+?":
                text.refuse(f"dangling meta character {character}")
            atom = self._atom(character)
            if atom is not None:
                parts.append(self._quantified(atom))

    def _atom(self, character: str) -> str | None:
        text = self.text
        if character == "(":
            return self._group()
        if character == "\\":
            text.cursor += 1
            return self._escape()
        if character == "{":
            # As in Java, where "{2}" repeats nothing.
            return _EMPTY
        if character == "[":
            return self._emit(read_class(text))
        text.next()
        match character:
            case "^":
                atom = self._emitter.line_start(text.flags)
            case "$":
                atom = self._emitter.line_end(text.flags)
            case ".":
                atom = self._emit(self._emitter.dot(text.flags))
            case _:
                atom = self._emit(single(ord(character), text.flags))
        return atom

    def _quantified(self, atom: str) -> str:
        text = self.text
        start = text.cursor
        character = text.peek()
        if character == END or character not in "?*+{":
            return atom
        if character == "{":
            count = self._counted(start)
        else:
            count = character
            text.next()
        mode = text.peek()
        if mode != END and mode in "?+":
            text.next()
        else:
            mode = ""
        # A repeated \R does not fall back to half of "\r\n". Python before 3.11.5 gets *+ itself wrong.
        opening = "(?>" if atom.startswith(LINE_BREAK) else "(?:"
        return f"(?>{opening}{atom}){count})" if mode == "+" else f"{opening}{atom}){count}{mode}"

    def _counted(self, start: int) -> str:
        text = self.text
        text.cursor += 1
        least = self._number(start)
        most = least
        if text.at(text.cursor) == ",":
            text.cursor += 1
            most = "" if text.at(text.cursor) == "}" else self._number(start)
        if text.at(text.cursor) != "}":
            text.refuse("unclosed counted repetition", start)
        if most and int(most) < int(least):
            text.refuse("illegal repetition range", start)
        text.next()
        return f"{{{least}}}" if most == least else f"{{{least},{most}}}"

    def _number(self, start: int) -> str:
        text = self.text
        digits = ""
        while text.at(text.cursor) in _DIGITS:
            digits += text.at(text.cursor)
            text.cursor += 1
        if not digits or int(digits) > _INT_MAX:
            text.refuse("illegal repetition", start)
        return digits

    def _group(self) -> str | None:
        """Read a group; return None for flags alone, which stay in force up to the end of the enclosing group."""
        text = self.text
        start = text.cursor
        outer_flags = text.flags
        number = 0
        if text.next() != "?":
            opening, number = "(", self._open_group()
        else:
            kind = text.at(text.cursor + 1)
            text.cursor += 2
            if kind == "<":
                if text.at(text.cursor) in "=!":
                    return self._look_behind(start)
                opening = f"(?P<{self._group_name(start)}>"
                number = self._open_group()
            elif kind in _GROUP_STARTS:
                opening = _GROUP_STARTS[kind]
            else:
                text.cursor -= 1
                self._read_flags(start)
                if text.read() == ")":
                    return None
                opening = "(?:"
        inner = "|".join(self._alternatives())
        self._close(start, outer_flags)
        if number:
            self._open_groups.remove(number)
        return f"{opening}{inner})"

    def _open_group(self) -> int:
        self._groups += 1
        self._open_groups.append(self._groups)
        return self._groups

    def _close(self, start: int, outer_flags: frozenset[str]) -> None:
        text = self.text
        if text.peek() != ")" or text.is_at_end:
            text.refuse("unclosed group", start)
        text.cursor += 1
        text.flags = outer_flags

    def _look_behind(self, start: int) -> str:
        text = self.text
        outer_flags = text.flags
        if self.first_look_behind is None:
            self.first_look_behind = start
        sign = text.at(text.cursor)
        text.cursor += 1
        branches = self._alternatives()
        self._close(start, outer_flags)
        # Python wants one width in each look-behind, so every alternative has its own.
        parts = [f"(?<{sign}{branch})" for branch in branches]
        return "(?:" + ("|" if sign == "=" else "").join(parts) + ")"

    def _group_name(self, start: int) -> str:
        name = self._read_name(start)
        if name in self._names:
            self.text.refuse(f"group name <{name}> is defined twice", start)
        self._names[name] = self._groups + 1
        return name

    def _read_name(self, start: int) -> str:
        text = self.text
        name = ""
        while text.at(text.cursor).isascii() and text.at(text.cursor).isalnum():
            name += text.at(text.cursor)
            text.cursor += 1
        if not name[:1].isalpha() or text.at(text.cursor) != ">":
            text.refuse("malformed group name", start)
        text.cursor += 1
        return name

    def _read_flags(self, start: int) -> None:
        text = self.text
        flags = set(text.flags)
        removing = False
        while (letter := text.peek()) not in ":)":
            if letter == "-" and not removing:
                removing = True
            elif letter in FLAGS and letter != END:
                (flags.difference_update if removing else flags.update)("Uu" if letter == "U" else letter)
            else:
                text.refuse(f"unknown inline modifier {letter!r}" if letter != END else "unclosed group", start)
            text.flags = frozenset(flags)
            text.cursor += 1

    def _escape(self) -> str:
        text = self.text
        start = text.cursor
        letter = text.at(start)
        if not text.is_at_end and letter in "pP":
            return self._emit(read_property(text))
        if "1" <= letter <= "9":
            return self._numbered_reference()
        code = text.scalar_escape()
        if code is not None:
            return self._emit(single(code, text.flags))
        if letter in _REFUSED_ESCAPES:
            text.refuse(_REFUSED_ESCAPES[letter], start)
        text.cursor += 1
        if letter == "k":
            return self._named_reference(start)
        found = shorthand(letter, text.flags)
        if found is not None:
            return self._emit(found)
        anchor = self._anchor(letter, start)
        return anchor if anchor is not None else text.refuse(f"illegal escape \\{letter}", start)

    def _anchor(self, letter: str, start: int) -> str | None:
        match letter:
            case "A":
                return r"\A"
            case "z":
                return r"\Z"
            case "Z":
                return self._emitter.line_end(self.text.flags - {"m"})
            case "R":
                return self._emitter.line_break()
            case "b" | "B":
                if letter == "b" and [self.text.at(self.text.cursor + i) for i in (0, 1)] == ["{", "g"]:
                    self.text.refuse(r"\b{g} (grapheme cluster boundary) is not supported", start)
                return (
                    self._emitter.boundary(self.text.flags)
                    if letter == "b"
                    else f"(?!{self._emitter.boundary(self.text.flags)})"
                )
        return None

    def _numbered_reference(self) -> str:
        text = self.text
        start = text.cursor
        group = int(text.at(start))
        text.cursor += 1
        # One more digit counts as long as so many groups have begun.
        while text.peek() in _DIGITS and group * 10 + int(text.peek()) <= self._groups:
            group = group * 10 + int(text.read())
        return self._reference(group, f"\\{group}" if group < 100 else _NEVER, start)

    def _named_reference(self, start: int) -> str:
        text = self.text
        if text.read() != "<":
            text.refuse(r"\k is not followed by '<'", start)
        name = self._read_name(start)
        if name not in self._names:
            text.refuse(f"group <{name}> does not exist", start)
        return self._reference(self._names[name], f"(?P={name})", start)

    def _reference(self, group: int, reference: str, start: int) -> str:
        if group > self._groups or group in self._open_groups:
            self._later_references.append((group, start))
            return _NEVER
        modes = {"i", "u"} & self.text.flags
        if modes == {"i", "u"}:
            return f"(?iu:{reference})"
        # The group keeps a digit that follows apart from the number.
        return f"(?i:{reference})" if "i" in modes else f"(?:{reference})"
