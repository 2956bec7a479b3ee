"""Components described from what they declare: as text, as Markdown for docs/, as JSON with a JSON schema each.

Nothing is written twice: names come from the catalog, properties from the option model, the sentence from the docstring.
"""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

from flumepy.config.build import find, load
from flumepy.config.catalog import Row, rows
from flumepy.core.channel import Channel
from flumepy.core.component import Component
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import Later
from flumepy.core.options import OptionField, option_fields

WIDTH = 28
LATER = "Known and checked in full; cannot run yet."


@dataclass(frozen=True)
class Description:
    """One component; `missing` says why its class cannot be loaded."""

    row: Row
    component: type[Component[Any]] | None
    missing: str | None = None

    @property
    def title(self) -> str:
        """Return `netcat source`."""
        return f"{self.row.label} {self.row.kind.replace('_', ' ')}"

    @property
    def options(self) -> list[OptionField]:
        """Return the declared options."""
        return option_fields(self.component.Options) if self.component is not None else []

    def sentences(self) -> list[str]:
        """Return what there is to say beside the options."""
        if self.component is None:
            return [self.missing or ""]
        said = [(inspect.getdoc(self.component) or "").partition("\n")[0]]  # its own, or what it derives from
        if issubclass(self.component, Channel):
            said.append(f"Durability: {self.component.durability}.")
        if issubclass(self.component, Later):
            said.append(LATER)
        if self.row.extra:
            said.append(f"Needs: pip install 'flumepy[{self.row.extra}]'.")
        return said


def descriptions(words: Sequence[str] = ()) -> list[Description]:
    """Return all built-in components, or those that every word names: a kind, an alias or a Java class name.

    A kind and a type of which there is no built-in one may name a plugin.
    """
    found = []
    for row in rows():
        names = {row.kind, row.name, *(name.lower() for name in (*row.aliases, *row.classes))}
        if all(word.lower() in names for word in words):
            found.append(_describe(row))
    if not found and len(words) == 2:
        with suppress(ConfigurationError):
            found = [_describe(find(words[0].lower(), words[1]))]
    return found


def _describe(row: Row) -> Description:
    try:
        return Description(row, load(row))
    except ConfigurationError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Description(row, None, f"Not available: {error}{hint}")


def type_text(option: OptionField) -> str:
    """Return the kind of value: `integer (ms)`, `round_robin | random`, `name of a serializer`."""
    if option.is_prefix:
        return "properties below it"
    if option.kind:
        return f"name of a {option.kind.replace('_', ' ')}"
    schema = _plain(option)
    unit = f" ({option.unit})" if option.unit else ""
    return f"{schema}{unit}"


def _plain(option: OptionField) -> str:
    text = str(option.annotation)
    candidates = getattr(option.annotation, "__args__", None) or (option.annotation,)
    for kind in candidates:
        if isinstance(kind, type) and issubclass(kind, Enum):
            return " | ".join(str(member.value) for member in kind)
    if "tuple" in text or "list" in text:
        return "list"
    for python, name in ((bool, "true | false"), (int, "integer"), (float, "number")):
        if python in candidates:
            return name
    return "text"


def default_text(option: OptionField) -> str:
    """Return the default as a file would say it; empty for none."""
    default = option.default
    if option.is_required or default is None or option.is_prefix:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, tuple | list):
        return " ".join(map(str, default))
    return str(default).encode("unicode_escape").decode() if isinstance(default, str) else str(default)


def remarks(option: OptionField) -> list[str]:
    """Return what is to be known of an option beside its doc."""
    found = []
    if option.deprecated_keys:
        found.append(f"Old names: {', '.join(option.deprecated_keys)}.")
    if option.since:
        found.append(f"Since Flume {option.since}.")
    if option.ignored:
        found.append(f"Accepted without effect: {option.ignored}.")
    if option.on_bad == "default":
        found.append("A value that cannot be used means the default.")
    if option.secret:
        found.append("Never shown.")
    return found


def as_list(found: Iterable[Description]) -> str:
    """Return one line a component, by kind."""
    lines: list[str] = []
    kind = ""
    for one in found:
        if one.row.kind != kind:
            kind = one.row.kind
            lines += ["", f"{kind.replace('_', ' ')}s"]
        lines.append(f"  {one.row.label:<{WIDTH}} {' '.join(one.sentences())}")
    return "\n".join(lines[1:])


def as_text(found: Iterable[Description]) -> str:
    """Return the components with their properties, for a terminal."""
    return "\n\n".join("\n".join(_text_lines(one)) for one in found)


def _text_lines(one: Description) -> Iterator[str]:
    yield one.title
    yield from (f"  {sentence}" for sentence in one.sentences())
    names = [*one.row.aliases[1:], *one.row.classes]
    if names:
        yield f"  also: {', '.join(names)}"
    for option in one.options:
        default = default_text(option)
        value = "required" if option.is_required else f"default {default}" if default else "optional"
        yield f"    {_key(option):<{WIDTH}} {type_text(option)}, {value}"
        yield f"        {' '.join([option.doc, *remarks(option)])}"


def as_markdown(found: Iterable[Description]) -> str:
    """Return the component reference."""
    lines = [
        "# Component reference",
        "",
        "Written by `scripts/docs` from the components' own declarations; `flumepy describe TYPE` shows the same.",
    ]
    kind = ""
    for one in found:
        if one.row.kind != kind:
            kind = one.row.kind
            lines += ["", f"## {kind.replace('_', ' ').capitalize()}s"]
        lines += ["", f"### {one.row.label}", "", " ".join(one.sentences())]
        names = [*one.row.aliases[1:], *one.row.classes]
        if names:
            lines += ["", f"Also called {', '.join(f'`{name}`' for name in names)}."]
        if one.options:
            lines += ["", "| property | value | default | |", "|---|---|---|---|"]
            lines += [_row(option) for option in one.options]
    return "\n".join(lines)


def _row(option: OptionField) -> str:
    default = default_text(option)
    cells = [
        f"`{_key(option)}`", type_text(option), "**required**" if option.is_required else f"`{default}`" if default else "",
        " ".join([option.doc, *remarks(option)]),
    ]  # fmt: skip
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def as_json(found: Iterable[Description]) -> list[dict[str, Any]]:
    """Return one object a component: names, options, and the JSON schema of its properties."""
    return [
        {
            "kind": one.row.kind, "type": one.row.label, "aliases": list(one.row.aliases), "classes": list(one.row.classes),
            "extra": one.row.extra, "description": " ".join(one.sentences()),
            "options": [_option_json(option) for option in one.options], "schema": _schema(one),
        }
        for one in found
    ]  # fmt: skip


def _option_json(option: OptionField) -> dict[str, Any]:
    return {
        "key": _key(option), "value": type_text(option), "default": default_text(option) or None, "unit": option.unit,
        "required": option.is_required, "secret": option.secret, "deprecated_keys": list(option.deprecated_keys),
        "since": option.since, "on_bad": option.on_bad, "ignored": option.ignored, "doc": option.doc,
    }  # fmt: skip


def _schema(one: Description) -> dict[str, Any]:
    if one.component is None:
        return {}
    schema = one.component.Options.model_json_schema()
    properties = schema.get("properties", {})
    below: dict[str, Any] = {}
    for option in one.options:
        if option.is_prefix:
            properties.pop(option.key, None)
            pattern = "" if option.key == "." else f"^{re.escape(option.key)}"
            below[pattern] = {"type": "string", "description": option.doc}
    schema["title"] = one.title
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return {**schema, "patternProperties": below} if below else schema


def _key(option: OptionField) -> str:
    return "*" if option.key == "." else f"{option.key}*" if option.is_prefix else option.key
