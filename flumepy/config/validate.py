"""From entries to the agent model: what stays, what is dropped and why.

Source: FlumeConfiguration.AgentConfiguration.isValid and the validate* methods it calls, in their order: filters, channels,
sources, sinks, sink groups. The same components survive as in Flume, except where docs/compatibility.md says otherwise.
Nothing here raises for what a file says; whatever is dropped or ignored is a problem with file and line.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from flumepy.config.filters.apply import apply_filters
from flumepy.config.hints import missing_key, name_hint, values_with_comments
from flumepy.config.model import (
    SECTIONS,
    AgentConfig,
    ComponentConfig,
    Configuration,
    SinkConfig,
    SinkGroupConfig,
    SourceConfig,
)
from flumepy.config.tokens import RawAgent, in_file_order, last_wins, tokenize
from flumepy.core.problems import Problem, Severity, did_you_mean
from flumepy.formats.properties import Entry

ConfigT = TypeVar("ConfigT", bound=ComponentConfig)

COMMENT = "the value goes on after '#', which begins no comment here"
COMMENT_HINT = "comments stand on lines of their own"


def validate(entries: Iterable[Entry], system_properties: Mapping[str, str] | None = None) -> Configuration:
    """Return the agents that can run and everything that was found. Later entries override earlier ones."""
    entries = list(entries)
    effective, problems = last_wins(entries)
    raw_agents, found = tokenize(effective)
    problems += found
    agents: dict[str, AgentConfig] = {}
    invalid: list[str] = []
    for raw in raw_agents.values():
        problems += apply_filters(raw, system_properties or {})
        validator = _AgentValidator(raw, [name for name in raw_agents if name != raw.name])
        agent = validator.agent()
        problems += validator.problems
        if agent is None:
            invalid.append(raw.name)
        else:
            agents[raw.name] = agent
    return Configuration(agents, tuple(invalid), in_file_order(problems, entries))


class _AgentValidator:
    """Judges one agent and collects what it finds."""

    def __init__(self, raw: RawAgent, other_agents: Collection[str]) -> None:
        self.raw = raw
        self.other_agents = other_agents
        self.problems: list[Problem] = []

    def agent(self) -> AgentConfig | None:
        """Return what is left of the agent, or None when nothing can run."""
        self._report_settings()
        if not self.raw.lists:
            near = did_you_mean(self.raw.name, self.other_agents)
            message = "configures components but lists none of them, so it is no agent"
            self._say(message, near or f"list them: {self.raw.name}.channels = ...", Severity.WARNING)
            return None
        channels = {channel.name: channel for channel in self._listed("channel", ComponentConfig)}
        channels = {name: channel for name, channel in channels.items() if self._has_type(channel)}
        if not channels:
            hint = None if "channels" in self.raw.lists else self._list_hint("channels")
            what = "has no usable channel" if "channels" in self.raw.lists else "has no list of channels"
            self._say(f"{what}, so the whole agent cannot run", hint)
            return None
        sources = self._sources(channels)
        sinks = self._sinks(channels)
        groups = self._groups(sinks)
        if not sources and not sinks:
            self._say("has no usable source and no usable sink, so the agent cannot run")
            return None
        return AgentConfig(self.raw.name, channels, sources, sinks, groups)

    def _sources(self, channels: Mapping[str, ComponentConfig]) -> dict[str, SourceConfig]:
        self._say_if_not_listed("sources")
        sources = {}
        for source in self._listed("source", SourceConfig):
            has_type = self._has_type(source)
            names = source.settings["channels"].value.split() if "channels" in source.settings else []
            valid = tuple(name for name in dict.fromkeys(names) if name in channels)
            for name in dict.fromkeys(names):
                if name not in channels:
                    self._drop_channel(source, name, channels, is_last=not valid)
            if not names:
                self._miss_link(source, "channels", channels)
            if has_type and valid:
                sources[source.name] = replace(source, channels=valid)
        return sources

    def _sinks(self, channels: Mapping[str, ComponentConfig]) -> dict[str, SinkConfig]:
        self._say_if_not_listed("sinks")
        sinks = {}
        for sink in self._listed("sink", SinkConfig):
            has_type = self._has_type(sink)
            if "channel" not in sink.settings:
                self._miss_link(sink, "channel", channels)
                continue
            channel = sink.settings["channel"].value
            if channel not in channels:
                hint = "a sink reads one channel" if len(channel.split()) > 1 else self._channel_hint(channel, channels)
                self._fail(sink, f"{channel!r} is not a usable channel; the sink is dropped", "channel", hint)
            elif has_type:
                sinks[sink.name] = replace(sink, channel=channel)
        return sinks

    def _groups(self, sinks: Mapping[str, SinkConfig]) -> dict[str, SinkGroupConfig]:
        groups: dict[str, SinkGroupConfig] = {}
        taken: dict[str, str] = {}
        for group in self._listed("sinkgroup", SinkGroupConfig):
            names = group.settings["sinks"].value.split() if "sinks" in group.settings else []
            members = []
            for name in dict.fromkeys(names):
                if name in taken:
                    what = f"{name!r} belongs to sink group {taken[name]!r} already and is left out here"
                    self._fail(group, what, "sinks", severity=Severity.WARNING)
                elif name in sinks:
                    members.append(name)
                else:
                    what = f"{name!r} is not a usable sink and is left out of the group"
                    self._fail(group, what, "sinks", name_hint(name, sinks), Severity.WARNING)
            if not names:
                self._miss_link(group, "sinks", sinks)
            elif not members:
                self._fail(group, "has no usable sink and is dropped", "sinks")
            else:
                taken |= dict.fromkeys(members, group.name)
                groups[group.name] = replace(group, sinks=tuple(members))
        return groups

    def _listed(self, kind: str, model: type[ConfigT]) -> list[ConfigT]:
        """Return the listed components of a kind that have settings, in the order of the list."""
        section = SECTIONS[kind]
        configured = self.raw.components[section]
        names = self.raw.names(section)
        unlisted = [name for name in configured if name not in names]
        found = []
        for name in names:
            settings = configured.get(name)
            if settings is None:
                message = f"{name!r} is listed but has no usable property; it is dropped"
                self._say(message, name_hint(name, unlisted), section=section)
                continue
            type_key = "processor.type" if kind == "sinkgroup" else "type"
            default = "default" if kind == "sinkgroup" else ""
            type_name = settings[type_key].value if type_key in settings else default
            found.append(model(self.raw.name, kind, name, type_name, settings))
        for name in unlisted if self.raw.lists else ():
            component = model(self.raw.name, kind, name, "", configured[name])
            hint = name_hint(name, [known for known in names if known not in configured])
            message = f"is configured but not listed in {self.raw.name}.{section}; it has no effect"
            self.problems.append(component.problem(message, hint=hint, severity=Severity.NOTE))
        return found

    def _has_type(self, component: ComponentConfig) -> bool:
        if not component.type:
            self.problems.append(missing_key(component, "type", f"the {component.kind} is dropped"))
        return bool(component.type)

    def _drop_channel(
        self, source: SourceConfig, name: str, channels: Mapping[str, ComponentConfig], *, is_last: bool
    ) -> None:
        end = "the source has no other and is dropped" if is_last else "the source runs without it"
        severity = Severity.ERROR if is_last else Severity.WARNING
        what = f"{name!r} is not a usable channel; {end}"
        self._fail(source, what, "channels", self._channel_hint(name, channels), severity)

    def _channel_hint(self, name: str, channels: Collection[str]) -> str | None:
        if name in self.raw.components["channels"]:
            is_listed = name in self.raw.names("channels")
            return None if is_listed else f"it is configured but not listed in {self.raw.name}.channels"
        return name_hint(name, channels)

    def _miss_link(self, component: ComponentConfig, key: str, known: Collection[str]) -> None:
        hint = None
        if len(known) == 1:
            only = next(iter(known))
            hint = f"{only!r} is the only {key.removesuffix('s')}: {component.prefix}.{key} = {only}"
        kind = component.kind.replace("sinkgroup", "sink group")
        self.problems.append(missing_key(component, key, f"the {kind} is dropped", hint))

    def _say_if_not_listed(self, section: str) -> None:
        if section not in self.raw.lists:
            self._say(f"has no list of {section}", self._list_hint(section), Severity.NOTE)

    def _list_hint(self, section: str) -> str | None:
        configured = self.raw.components[section]
        return f"list them: {self.raw.name}.{section} = {' '.join(configured)}" if configured else None

    def _report_settings(self) -> None:
        """Say what is doubtful in single values, whatever component they belong to."""
        for section, setting in self.raw.lists.items():
            if any(values_with_comments({section: setting})):
                self._say(COMMENT, COMMENT_HINT, Severity.WARNING, section)
        for kind, section in SECTIONS.items():
            for name, settings in self.raw.components[section].items():
                for key in values_with_comments(settings):
                    component = ComponentConfig(self.raw.name, kind, name, "", settings)
                    self._fail(component, COMMENT, key, COMMENT_HINT, Severity.NOTE)

    def _fail(
        self,
        component: ComponentConfig,
        message: str,
        key: str,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        self.problems.append(component.problem(message, key=key, hint=hint, severity=severity))

    def _say(
        self, message: str, hint: str | None = None, severity: Severity = Severity.ERROR, section: str | None = None
    ) -> None:
        place = self.raw.lists.get(section or "channels") or self.raw.first()
        problem = Problem(severity, message, self.raw.name, section, hint, place.file, place.line)
        self.problems.append(problem)
