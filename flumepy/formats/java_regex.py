"""java.util.regex for the components that take a pattern: translation, matching on bodies, replacement texts.

Strategy: the pattern is translated once (java_regex_parser) and then runs on Python's own engine. A body is bytes; Java
would decode it as UTF-8 first. While a body is ASCII without "\\r", which two fast checks tell, a second, plainer
translation runs on the bytes themselves; only other bodies are decoded as new String(body, UTF_8) does.
"""

import re
from typing import NoReturn

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.core.line_text import LineText
from flumepy.formats.body_text import is_plain
from flumepy.formats.java_regex_parser import Translator
from flumepy.formats.java_text import decode_utf8
from flumepy.formats.required_literal import lines_that_may_contain, may_contain, required_literal

# Accepted for `flags`, with the letters that java.util.regex has for them inside a pattern.
_FLAG_LETTERS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x", re.UNICODE: "u"}


def translate(pattern: str, flags: int = 0) -> str:
    """Return the Python pattern that means what the Java pattern means; it begins with (?a).

    Raises ConfigurationError naming construct and column for a pattern that Java refuses or that Python cannot express.
    """
    return compile_java(pattern, flags).pattern


def compile_java(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a Java pattern for text. `flags`: re.I, M, S, X and U (Java's CASE_INSENSITIVE ... UNICODE_CASE).

    find() is .search, matches() is .fullmatch, lookingAt() is .match. Raises ConfigurationError as `translate` does.
    """
    translator = _translator(pattern, flags, plain=False)
    return _compiled(translator, translator.translate())


def compile_plain(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a Java pattern for ASCII text without carriage returns; on other text its answers mean nothing."""
    translator = _translator(pattern, flags, plain=True)
    return _compiled(translator, translator.translate())


def compile_for_bodies(pattern: str, flags: int = 0) -> "BodyPattern":
    """Compile a Java pattern for event bodies. Raises ConfigurationError as `translate` does."""
    return BodyPattern(compile_java(pattern, flags), compile_plain(pattern, flags))


class BodyPattern:
    """A Java pattern that is applied to UTF-8 bodies; `text` is the same pattern for text."""

    __slots__ = ("_literal", "_plain", "_search_plain", "_search_text", "text")

    def __init__(self, text: re.Pattern[str], plain: re.Pattern[str]) -> None:
        self.text = text
        self._plain = re.compile(plain.pattern.encode("ascii"))
        self._search_plain = plain.search
        self._search_text = text.search
        self._literal = required_literal(text)

    def search(self, body: bytes) -> re.Match[str] | None:
        """Return the first match in the decoded body, or None (Matcher.find). Its groups are text."""
        if body.isascii() and b"\r" not in body:
            return self._search_plain(body.decode("ascii"))
        return self._search_text(decode_utf8(body))

    def found(self, body: bytes) -> bool:
        """Tell whether the pattern matches somewhere in the body (Matcher.find)."""
        if body.isascii() and b"\r" not in body:
            return self._plain.search(body) is not None
        return self._search_text(decode_utf8(body)) is not None

    def hits(self, batch: EventBatch) -> list[int]:
        """Return the indexes of the events in whose bodies the pattern is found, in order."""
        candidates = may_contain(self._literal, batch)
        if candidates is not None:
            found, lines = self.found, batch.lines
            if lines is not None:
                return [index for index in candidates if found(lines[index][:-1])]
            return [index for index in candidates if found(batch.bodies[index])]
        if is_plain(b"".join(batch.bodies)):
            search = self._plain.search
            return [index for index, body in enumerate(batch.bodies) if search(body) is not None]
        return [index for index, body in enumerate(batch.bodies) if self.found(body)]

    def hit_lines(self, lines: LineText) -> list[tuple[int, int]] | None:
        """Return where each line of a text in which the pattern is found begins and ends; None where `hits` is quicker."""
        candidates = lines_that_may_contain(self._literal, lines)
        if candidates is None:
            return None
        found, text = self.found, lines.text
        return [(start, stop) for start, stop in candidates if found(text[start : stop - 1])]

    def matches(self, body: bytes) -> bool:
        """Tell whether the pattern matches the whole body (Matcher.matches)."""
        if body.isascii() and b"\r" not in body:
            return self._plain.fullmatch(body) is not None
        return self.text.fullmatch(decode_utf8(body)) is not None

    def replace_all(self, body: bytes, replacement: str) -> bytes:
        """Return the body with every match replaced; `replacement` comes from `translate_replacement`."""
        if body.isascii() and b"\r" not in body:
            return self._plain.sub(replacement.encode("utf-8"), body)
        return self.text.sub(replacement, decode_utf8(body)).encode("utf-8")


def translate_replacement(replacement: str, pattern: re.Pattern[str]) -> str:
    r"""Return the template for `pattern.sub` that means what Java's Matcher.replaceAll makes of the replacement.

    $12 is group 12 if there is one, else group 1 and a "2"; ${name} is a named group; \x is x. Raises ConfigurationError
    for what Java refuses (at the first match there, here at once): no such group, a "$" or a backslash at the end.
    """
    parts: list[str] = []
    i = 0
    while i < len(replacement):
        character = replacement[i]
        if character == "\\":
            if i + 1 == len(replacement):
                _refuse_replacement(replacement, "a backslash has nothing behind it", i)
            parts.append(_template_literal(replacement[i + 1]))
            i += 2
        elif character == "$":
            group, i = _group_reference(replacement, i, pattern)
            parts.append(f"\\g<{group}>")
        else:
            parts.append(character)
            i += 1
    return "".join(parts)


def _template_literal(character: str) -> str:
    return r"\\" if character == "\\" else character


def _group_reference(replacement: str, start: int, pattern: re.Pattern[str]) -> tuple[int, int]:
    i = start + 1
    if replacement[i : i + 1] == "{":
        end = replacement.find("}", i)
        name = replacement[i + 1 : end] if end > 0 else ""
        if not (name.isascii() and name.isalnum()):
            _refuse_replacement(replacement, "a group name is malformed", start)
        if name not in pattern.groupindex:
            _refuse_replacement(replacement, f"no group has the name {{{name}}}", start)
        return pattern.groupindex[name], end + 1
    if replacement[i : i + 1] not in set("0123456789"):
        _refuse_replacement(replacement, "no group number or {name} follows a $ (write \\$ for a dollar)", start)
    group = int(replacement[i])
    i += 1
    while replacement[i : i + 1] in set("0123456789") and group * 10 + int(replacement[i]) <= pattern.groups:
        group = group * 10 + int(replacement[i])
        i += 1
    if group > pattern.groups:
        _refuse_replacement(replacement, f"there is no group {group}", start)
    return group, i


def _refuse_replacement(replacement: str, what: str, index: int) -> NoReturn:
    raise ConfigurationError(f"replacement {replacement!r}: {what} at column {index + 1}")


def _translator(pattern: str, flags: int, *, plain: bool) -> Translator:
    letters = "".join(letter for flag, letter in _FLAG_LETTERS.items() if flags & flag)
    return Translator(pattern, letters, plain=plain)


def _compiled(translator: Translator, translated: str) -> re.Pattern[str]:
    try:
        return re.compile(translated)
    except (re.error, OverflowError) as error:
        text = translator.text
        if "look-behind" in str(error):
            text.refuse("look-behind of variable width is not supported", translator.first_look_behind)
        text.refuse(f"Python's engine refuses this ({error})", 0)
