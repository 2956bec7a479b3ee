"""What a name that does not fit was probably meant to be: a near spelling, two names in one, the only candidate."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from flumepy.config.model import ComponentConfig, Setting
from flumepy.core.problems import Problem, did_you_mean

_COMMENT = re.compile(r"\s#")


def name_hint(name: str, known: Collection[str]) -> str | None:
    """Return a hint for a component's name that is not among the known ones, or None."""
    if "," in name or ";" in name:
        return "names are separated by blanks only"
    near = did_you_mean(name, [*known]) or did_you_mean(name.rpartition(".")[2], [*known])
    if near is not None:
        return near
    return f"did you mean {next(iter(known))!r}, the only one there is?" if len(known) == 1 else None


def missing_key(component: ComponentConfig, key: str, outcome: str, hint: str | None = None) -> Problem:
    """Return the problem of a required key that is not set; a similar one (`channels` for `channel`) is its hint."""
    problem = component.problem(f"is missing; {outcome}", key=key, hint=hint)
    for written, place in component.settings.items():
        if did_you_mean(key, [written]) is not None:
            hint = f"{written!r} is set; did you mean {key!r}?"
            return replace(problem, hint=hint, file=place.file, line=place.line)
    return problem


def values_with_comments(settings: dict[str, Setting]) -> Iterator[str]:
    """Yield the keys whose value seems to end in a comment: properties files know comments on their own lines only."""
    for key, setting in settings.items():
        if "#" in setting.value and _COMMENT.search(setting.value):
            yield key
