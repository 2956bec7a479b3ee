"""The typed agent model: what a configuration means once it is validated. Every mapping is in file order.

A setting knows the file and line it came from, so that whatever is found out about it later (by options, by a
component's constructor) can be said with its place: `ComponentConfig.locate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flumepy.core.problems import Problem, Severity

#: kind -> its word in property keys
SECTIONS = {
    "configfilter": "configfilters",
    "channel": "channels",
    "source": "sources",
    "sink": "sinks",
    "sinkgroup": "sinkgroups",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and its place. The value may be a secret, so it is kept out of `repr`."""

    value: str = field(repr=False)
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ComponentConfig:
    """One component as configured; `settings` maps the key below the component (`hdfs.path`) to its value."""

    agent: str
    kind: str
    name: str
    type: str
    settings: Mapping[str, Setting]

    @property
    def prefix(self) -> str:
        """Return the full name in the file, `a1.sinks.k1`."""
        return f"{self.agent}.{SECTIONS[self.kind]}.{self.name}"

    def values(self, below: str = "") -> dict[str, str]:
        """Return key -> text; with `below` (`serializer.`) only what starts with it, without it."""
        return {key[len(below) :]: setting.value for key, setting in self.settings.items() if key.startswith(below)}

    def locate(self, problem: Problem) -> Problem:
        """Return the problem with component, file and line filled in: of its key, else of `type`, else the first."""
        place = self.settings.get(problem.key or "type") or self.settings.get("type")
        place = place or next(iter(self.settings.values()), None)
        if place is None:
            return problem.at(component=self.prefix)
        return problem.at(component=self.prefix, file=place.file, line=place.line)

    def problem(
        self, message: str, *, key: str | None = None, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Problem:
        """Return a problem of this component with its place."""
        return self.locate(Problem(severity, message, key=key, hint=hint))


@dataclass(frozen=True, slots=True)
class SourceConfig(ComponentConfig):
    """A source and the valid channels it writes to."""

    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SinkConfig(ComponentConfig):
    """A sink and the channel it reads."""

    channel: str = ""


@dataclass(frozen=True, slots=True)
class SinkGroupConfig(ComponentConfig):
    """A sink group, its processor's type and its valid members; `type` is `default` where none is set."""

    sinks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What is left of an agent after validation: at least one channel, and a source or a sink."""

    name: str
    channels: Mapping[str, ComponentConfig]
    sources: Mapping[str, SourceConfig]
    sinks: Mapping[str, SinkConfig]
    sink_groups: Mapping[str, SinkGroupConfig]


@dataclass(frozen=True, slots=True)
class Configuration:
    """All agents of a configuration that can run, the names of those that cannot, and what was found on the way."""

    agents: Mapping[str, AgentConfig]
    invalid: tuple[str, ...]
    problems: tuple[Problem, ...]

    def problems_of(self, agent: str) -> list[Problem]:
        """Return the problems of one agent, and those that belong to none."""
        others = {*self.agents, *self.invalid} - {agent}
        return [problem for problem in self.problems if problem.component.split(".", 1)[0] not in others]
