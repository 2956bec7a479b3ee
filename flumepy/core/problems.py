"""A diagnosis: what is wrong, where it stands, and what to do."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum

_WORD_JOINTS = re.compile(r"[-_.]")
#: names that Flume's own components use for the same thing
_SYNONYMS = (frozenset({"bind", "host", "hostname"}),)


class Severity(StrEnum):
    """How bad a problem is: an error costs a component, a warning changes what runs, a note is only said."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagnosis with its place. `component` is the full prefix (`a1.sinks.k1`), `key` the property below it."""

    severity: Severity
    message: str
    component: str = ""
    key: str | None = None
    hint: str | None = None
    file: str | None = None
    line: int | None = None

    def at(self, *, component: str | None = None, file: str | None = None, line: int | None = None) -> "Problem":
        """Return the problem with the place filled in where it was not known."""
        return replace(
            self,
            component=self.component or component or "",
            file=self.file if self.file is not None else file,
            line=self.line if self.line is not None else line,
        )

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        what = ".".join(part for part in (self.component, self.key) if part)
        text = f"{where}{what}: {self.message}" if what else f"{where}{self.message}"
        return f"{text} ({self.hint})" if self.hint else text


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return a hint that names the nearest known word, or None.

    A prefix left out or put on, a folder of another name and another way to join words (`rollInterval`, `hdfs.serializer`,
    `sink.rollInterval`, `batch_size`) are nearer than any typing error.
    """
    by_lower = {name.lower(): name for name in sorted(known, key=len, reverse=True) if not name.endswith(".")}
    word = word.lower()
    near = _same_parts(word, by_lower) or get_close_matches(word, by_lower, n=1, cutoff=0.7)
    return f"did you mean {by_lower[near[0]]!r}?" if near else None


def _same_parts(word: str, known: Iterable[str]) -> list[str]:
    names = sorted(known, key=len)
    last = word.rpartition(".")[2]
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == word or name.endswith(f".{word}"),
        lambda name: word.endswith(f".{name}"),
        lambda name: _squashed(name) == _squashed(word),
        lambda name: name.rpartition(".")[2] == last,
        lambda name: sorted(_WORD_JOINTS.split(name)) == sorted(_WORD_JOINTS.split(word)),
        lambda name: any(name in names and word in names for names in _SYNONYMS),
    )
    return next(([name] for test in tests for name in names if test(name)), [])


def _squashed(name: str) -> str:
    return _WORD_JOINTS.sub("", name)
