"""Config filters applied: `${name['key']}`, `${name["key"]}` and `${name[key]}` in the values of components.

Source: FlumeConfiguration.createConfigFilters and filterValue. Name lists and the filters' own settings are not filtered.
A filter that cannot be made is left out, and its references stay as written. The filters work in the order of their list,
so a value that one gave may hold references to a later one. Each key is asked for once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, cast

from flumepy.config.build import build
from flumepy.config.filters.base import ConfigFilter
from flumepy.config.hints import missing_key, name_hint
from flumepy.config.model import SECTIONS, ComponentConfig
from flumepy.config.tokens import RawAgent
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError, FlumeError
from flumepy.core.problems import Problem, Severity

_KEY = r"\[(?P<quote>['\"]?)(?P<key>[-_a-zA-Z0-9]+)(?P=quote)\]\}"


def apply_filters(raw: RawAgent, system_properties: Mapping[str, str]) -> list[Problem]:
    """Replace the references in an agent's component values; return what went wrong."""
    problems: list[Problem] = []
    configured = raw.components["configfilters"]
    for name in raw.names("configfilters"):
        settings = configured.get(name)
        if settings is None:
            problems.append(_without_settings(raw, name))
            continue
        type_name = settings["type"].value if "type" in settings else ""
        config = ComponentConfig(raw.name, "configfilter", name, type_name, settings)
        config_filter = _create(config, system_properties, problems)
        if config_filter is not None:
            _filter_values(raw, config_filter, problems)
    return problems


def _without_settings(raw: RawAgent, name: str) -> Problem:
    place = raw.lists["configfilters"]
    hint = name_hint(name, raw.components["configfilters"])
    message = f"{name!r} is listed but has no property; its references stay as they are written"
    return Problem(Severity.ERROR, message, raw.name, "configfilters", hint, place.file, place.line)


def _create(
    config: ComponentConfig, system_properties: Mapping[str, str], problems: list[Problem]
) -> ConfigFilter[Any] | None:
    if not config.type:
        problems.append(missing_key(config, "type", "the filter is left out"))
        return None
    context = Context(
        config.name, config.prefix, config.agent, system_properties=system_properties,
        report=lambda problem: problems.append(config.locate(problem)),
    )  # fmt: skip
    settings = {key: text for key, text in config.values().items() if key != "type"}
    try:
        return cast("ConfigFilter[Any]", build("config_filter", config.type, settings, context))
    except ConfigurationError as error:
        message = f"{error}; its references stay as they are written"
        problems.append(config.problem(message, key=error.key, hint=error.hint))
        return None


def _filter_values(raw: RawAgent, config_filter: ConfigFilter[Any], problems: list[Problem]) -> None:
    reference = re.compile(re.escape(f"${{{config_filter.name}") + _KEY)
    look_up = cache(config_filter.value)
    for config in _components(raw):
        for key, setting in config.settings.items():
            if f"${{{config_filter.name}[" not in setting.value:
                continue
            missing: list[str] = []
            try:
                value = reference.sub(lambda match: _value(match, look_up, missing), setting.value)  # noqa: B023
            except FlumeError as error:
                hint = error.hint if isinstance(error, ConfigurationError) else None
                message = f"config filter {config_filter.name!r}: {error}; the reference stays as it is written"
                problems.append(config.problem(message, key=key, hint=hint))
                continue
            if missing:
                message = f"config filter {config_filter.name!r} has no value for {', '.join(missing)}"
                problems.append(config.problem(message, key=key, severity=Severity.WARNING))
            raw.components[SECTIONS[config.kind]][config.name][key] = replace(setting, value=value)


def _components(raw: RawAgent) -> list[ComponentConfig]:
    return [
        ComponentConfig(raw.name, kind, name, "", dict(settings))
        for kind, section in SECTIONS.items()
        if kind != "configfilter"
        for name, settings in raw.components[section].items()
    ]


def _value(match: re.Match[str], look_up: Callable[[str], str | None], missing: list[str]) -> str:
    value = look_up(match["key"])
    if value is None:
        missing.append(match["key"])
        return match[0]
    return value
