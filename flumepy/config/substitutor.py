"""`${name}` in text, as org.apache.commons.text.StringSubstitutor replaces it.

`${name:-default}`; a nested `${a${b}}` is resolved inside out; what a name gives is resolved again; `$${name}` stands for
the literal `${name}`; a name that gives nothing stays as it is written, without an error.
"""

from collections.abc import Callable

from flumepy.core.errors import ConfigurationError

_DEPTH_LIMIT = 64
# A few properties that name each other twice could otherwise grow without bound.
_REFERENCE_LIMIT = 10_000


class CycleError(ConfigurationError):
    """A value needs itself."""


class Substitutor:
    """Replaces references in texts; `look_up` answers a name with its raw text, or None."""

    def __init__(self, look_up: Callable[[str], str | None]) -> None:
        self.look_up = look_up
        #: names that gave nothing and stay as they are
        self.unresolved: list[str] = []
        self._references = 0

    def replace(self, text: str) -> str:
        """Return the text with its references replaced. Raises CycleError."""
        self.unresolved = []
        self._references = 0
        return self._replace(text, ())

    def _replace(self, text: str, path: tuple[str, ...]) -> str:
        parts: list[str] = []
        position = 0
        while (start := text.find("${", position)) >= 0:
            end = _closing(text, start + 2)
            if end < 0:
                break
            if start > position and text[start - 1] == "$":
                parts.append(text[position : start - 1])
                parts.append("${")
                position = start + 2
                continue
            parts.append(text[position:start])
            value = self._value(text[start + 2 : end], path)
            parts.append(text[start : end + 1] if value is None else value)
            position = end + 1
        parts.append(text[position:])
        return "".join(parts)

    def _value(self, inner: str, path: tuple[str, ...]) -> str | None:
        name, has_default, default = self._replace(inner, path).partition(":-")
        if name in path:
            raise CycleError(f"${{{name}}} needs itself: {' -> '.join([*path[path.index(name) :], name])}")
        if len(path) >= _DEPTH_LIMIT:
            raise CycleError(f"${{{path[0]}}} leads through more than {_DEPTH_LIMIT} others")
        self._references += 1
        if self._references > _REFERENCE_LIMIT:
            raise CycleError(f"more than {_REFERENCE_LIMIT} references stand behind one value")
        raw = self.look_up(name)
        if raw is None and has_default:
            raw = default
        if raw is None:
            self.unresolved.append(name)
            return None
        return self._replace(raw, (*path, name)) if "${" in raw else raw


def _closing(text: str, position: int) -> int:
    """Return where the reference that began before `position` ends, or -1."""
    depth = 1
    while position < len(text):
        if text.startswith("${", position):
            depth += 1
            position += 2
            continue
        if text[position] == "}":
            depth -= 1
            if not depth:
                return position
        position += 1
    return -1
