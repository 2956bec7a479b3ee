"""A component's options, declared once: `opt()` fields of a frozen pydantic model beside the component's class.

From that one place come parsing, `check`, `describe`, the reference in docs/ and the JSON schema. Parsing follows Flume's
Context: values are trimmed, an empty value is an absent one, only "true" (any case) is true, integers are strict decimal
of 32 (or, with `long`, 64) bits. `on_bad` says what Flume does with a value that cannot be used: "drop" the component or
take the "default". Nothing here knows files or lines: problems name the key, the configuration layer adds the place.
"""

import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import Problem, Severity, did_you_mean

REQUIRED: Any = PydanticUndefined
INTEGER = re.compile(r"[+-]?\d+", re.ASCII)


def opt(
    key: str,
    default: Any = REQUIRED,
    *,
    doc: str,
    unit: str | None = None,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    on_bad: Literal["drop", "default", "default_outside"] = "drop",
    deprecated_keys: tuple[str, ...] = (),
    long: bool = False,
    secret: bool = False,
    kind: str | None = None,
    since: str | None = None,
    ignored: str | None = None,
) -> Any:
    """Declare one option.

    key: the exact property name below the component; one that ends in "." takes all properties below it as a dict.
    unit: shown in describe; long: 64-bit integer; secret: never shown; kind: the value names a component of that kind;
    on_bad: "default_outside" takes the default for a number outside its limits and drops the component for no number;
    ignored: why the option is accepted without effect (a note says so whenever it is set).
    """
    extra: dict[str, Any] = {
        "unit": unit, "on_bad": on_bad, "deprecated_keys": list(deprecated_keys), "long": long, "secret": secret,
        "kind": kind, "since": since, "ignored": ignored,
    }  # fmt: skip
    if isinstance(default, dict | list):
        value = default
        return Field(default_factory=lambda: type(value)(value), alias=key, description=doc, json_schema_extra=extra)
    return Field(default, alias=key, description=doc, ge=ge, gt=gt, le=le, repr=not secret, json_schema_extra=extra)


class Options(BaseModel):
    """Base of all option models. Fields are read by their Python names, files by their keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


class NoOptions(Options):
    """A component without options of its own."""


class AnyOptions(Options):
    """Every property below the component, unchecked: for plugins that read their settings by hand."""

    settings: dict[str, str] = opt(".", {}, doc="All properties of the component.")


OptionsT = TypeVar("OptionsT", bound=Options)


@dataclass(slots=True)
class Reading(Generic[OptionsT]):
    """What became of a component's settings: the options, or None when problems forbid them."""

    options: OptionsT | None
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OptionField:
    """One declared option, as parsing and describe see it."""

    name: str
    key: str
    annotation: Any
    default: Any
    doc: str
    is_required: bool
    unit: str | None
    on_bad: str
    deprecated_keys: tuple[str, ...]
    long: bool
    secret: bool
    kind: str | None
    since: str | None
    ignored: str | None

    @property
    def is_prefix(self) -> bool:
        """Tell whether the option takes all properties below its key."""
        return self.key.endswith(".")


def option_fields(model: type[Options]) -> list[OptionField]:
    """Return the declared options of a model in order."""
    return [_option_field(name, info) for name, info in model.model_fields.items()]


def _option_field(name: str, info: FieldInfo) -> OptionField:
    extra: dict[str, Any] = dict(info.json_schema_extra) if isinstance(info.json_schema_extra, dict) else {}
    default = info.get_default(call_default_factory=True) if not info.is_required() else None
    return OptionField(
        name=name, key=info.alias or name, annotation=info.annotation, default=default, doc=info.description or "",
        is_required=info.is_required(), unit=extra.get("unit"), on_bad=extra.get("on_bad", "drop"),
        deprecated_keys=tuple(extra.get("deprecated_keys", ())), long=bool(extra.get("long")),
        secret=bool(extra.get("secret")), kind=extra.get("kind"), since=extra.get("since"), ignored=extra.get("ignored"),
    )  # fmt: skip


def convert(text: str, annotation: Any, *, long: bool = False) -> Any:
    """Turn a property's text into the annotated type by Flume's rules. Raises ValueError with Java's wording."""
    kind = _plain_type(annotation)
    text = text.strip()
    if kind is bool:
        return text.lower() == "true"
    if kind is int:
        bits = 63 if long else 31
        if not INTEGER.fullmatch(text) or not -(1 << bits) <= int(text) < 1 << bits:
            raise ValueError(f'For input string: "{text}"')
        return int(text)
    if kind is float:
        return float(text)
    if get_origin(kind) in (list, tuple):
        return text.split()
    if isinstance(kind, type) and issubclass(kind, Enum):
        for member in kind:
            if text.lower() == str(member.value).lower():
                return member
        raise ValueError(f"{text!r} is none of {', '.join(str(member.value) for member in kind)}")
    return text


def _plain_type(annotation: Any) -> Any:
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation


def read_options(model: type[OptionsT], settings: Mapping[str, str]) -> Reading[OptionsT]:
    """Read settings (property key -> text) into a model; every problem is listed at once."""
    reader = _Reader(option_fields(model), settings)
    values = reader.values()
    while True:
        try:
            options = model.model_validate(values)
        except ValidationError as error:
            if reader.take_defaults(error, values):
                continue
            return Reading(None, reader.problems)
        blocked = any(problem.severity is Severity.ERROR for problem in reader.problems)
        return Reading(None if blocked else options, reader.problems)


def require_options(model: type[OptionsT], settings: Mapping[str, str]) -> OptionsT:
    """Read settings or raise ConfigurationError with the first error."""
    reading = read_options(model, settings)
    if reading.options is None:
        first = next(problem for problem in reading.problems if problem.severity is Severity.ERROR)
        raise ConfigurationError(first.message, key=first.key, hint=first.hint)
    return reading.options


class _Reader:
    """Collects the values and the problems of one component."""

    def __init__(self, fields: list[OptionField], settings: Mapping[str, str]) -> None:
        self.fields = fields
        self.settings = {key: text.strip() for key, text in settings.items() if text.strip()}
        self.problems: list[Problem] = []
        self.used: set[str] = set()

    def values(self) -> dict[str, Any]:
        """Convert what is set, by key; bad values become problems and are left out."""
        values: dict[str, Any] = {}
        for option in self.fields:
            if option.is_prefix:
                continue
            key = self._key_set(option)
            if key is None:
                if option.is_required:
                    self._error(option.key, "is required", self._near_hint(option.key))
                continue
            try:
                values[option.key] = convert(self.settings[key], option.annotation, long=option.long)
            except ValueError as error:
                self._bad(option, key, str(error), is_default=option.on_bad == "default")
        for option in self.fields:
            if option.is_prefix:
                values[option.key] = below = self._below(option.key)
                for key in below if option.ignored else ():
                    self._note(f"{option.key}{key}", f"is accepted and has no effect: {option.ignored}")
        self._report_unknown()
        return values

    def take_defaults(self, error: ValidationError, values: dict[str, Any]) -> bool:
        """Report pydantic's findings; drop the values that fall back to their default. False: cannot go on."""
        by_key = {option.key: option for option in self.fields}
        again = False
        for finding in error.errors(include_url=False, include_context=False, include_input=False):
            key = str(finding["loc"][0]) if finding["loc"] else None
            option = by_key.get(key or "")
            message = finding["msg"].removeprefix("Value error, ")
            if option is None:
                self.problems.append(Problem(Severity.ERROR, message))
            elif option.key in values:
                key_set = next((name for name in (key, *option.deprecated_keys) if name in self.settings), option.key)
                is_default = option.on_bad != "drop"
                self._bad(option, key_set, f"{self.settings.get(key_set, '')!r}: {message}", is_default=is_default)
                again |= is_default
                values.pop(option.key)
        return again and not any(problem.severity is Severity.ERROR for problem in self.problems)

    def _key_set(self, option: OptionField) -> str | None:
        keys = [key for key in (option.key, *option.deprecated_keys) if key in self.settings]
        for key in keys:
            self.used.add(key)
            if key != keys[0]:
                self._note(key, f"is an old name of {option.key!r} and has no effect beside {keys[0]!r}")
            elif key != option.key:
                self._note(key, f"is an old name of {option.key!r}")
        if keys and option.ignored:
            self._note(keys[0], f"is accepted and has no effect: {option.ignored}")
        return keys[0] if keys else None

    def _below(self, prefix: str) -> dict[str, str]:
        if prefix == ".":
            rest = {key: text for key, text in self.settings.items() if key not in self.used}
            self.used.update(rest)
            return rest
        below = {key: text for key, text in self.settings.items() if key.startswith(prefix) and key not in self.used}
        self.used.update(below)
        return {key.removeprefix(prefix): text for key, text in below.items()}

    def _report_unknown(self) -> None:
        known = [option.key for option in self.fields if not option.ignored]
        for key in self.settings:
            if key not in self.used:
                self.problems.append(
                    Problem(Severity.WARNING, "is not a property of this component and has no effect", key=key,
                            hint=did_you_mean(key, known))
                )  # fmt: skip

    def _near_hint(self, key: str) -> str | None:
        known = {option.key for option in self.fields}
        hint = did_you_mean(key, [name for name in self.settings if name not in known])
        return hint and hint.replace("did you mean", "is it spelled").replace("?", " here?")

    def _bad(self, option: OptionField, key: str, message: str, *, is_default: bool) -> None:
        if is_default:
            text = f"{message}; the default {option.default} is used, as in Flume"
            self.problems.append(Problem(Severity.WARNING, text, key=key))
        else:
            self._error(key, message)

    def _error(self, key: str, message: str, hint: str | None = None) -> None:
        self.problems.append(Problem(Severity.ERROR, message, key=key, hint=hint))

    def _note(self, key: str, message: str) -> None:
        self.problems.append(Problem(Severity.NOTE, message, key=key))
