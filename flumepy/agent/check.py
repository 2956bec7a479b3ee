"""What `agent` would make of a file, without running it: the same loading and building, then a report.

Building opens nothing, so nothing is opened here. Local files that decide (key stores, keytabs) are read; what only a remote
system could decide stays live with a note from its component.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flumepy.agent.materialize import MaterializedAgent, materialize
from flumepy.config.load import load
from flumepy.config.model import AgentConfig, Configuration
from flumepy.config.sources.file import FileSource
from flumepy.core.component import Component
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import Later
from flumepy.core.problems import Problem, Severity, did_you_mean

DURABILITY = {
    "volatile": "volatile: events in it are lost when the agent dies",
    "crash-safe": "crash-safe: survives the agent's death, not the machine's",
    "power-safe": "power-safe: survives a power cut",
}


@dataclass
class AgentReport:
    """One agent: what would run, and everything found."""

    name: str
    config: AgentConfig | None = None
    agent: MaterializedAgent | None = None
    problems: list[Problem] = field(default_factory=list)

    def live(self) -> dict[str, list[str]]:
        """Return the names of what would run."""
        agent = self.agent or MaterializedAgent(self.name)
        return {
            "sources": [*agent.sources], "channels": [*agent.channels],
            "sinks": [*agent.sinks], "sink_groups": [*agent.groups],
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """Yield the report as text."""
        live = self.live()
        counts = ", ".join(_count(len(names), kind[:-1].replace("_", " ")) for kind, names in live.items() if names)
        yield f"  agent {self.name}: {counts or 'nothing'} would run; {_summary(self.problems)}"
        if self.agent is not None and self.config is not None:
            for name, source in self.agent.sources.items():
                channels = " ".join(channel.name for channel in source.outlet.selector.channels)
                yield f"    source   {name}  {self.config.sources[name].type} → {channels}{_later(source)}"
            for name, channel in self.agent.channels.items():
                durability = DURABILITY.get(channel.durability, channel.durability)
                yield f"    channel  {name}  {self.config.channels[name].type}, {durability}{_later(channel)}"
            for name, sink in self.agent.sinks.items():
                yield f"    sink     {name}  {self.config.sinks[name].type} ← {sink.channel.name}{_later(sink)}"
            for name, members in self.agent.groups.items():
                yield f"    group    {name}  {self.config.sink_groups[name].type}: {' '.join(members)}"
        for problem in self.problems:
            yield from problem_lines(problem)


@dataclass
class FileReport:
    """One file; `unreadable` says why nothing could be judged."""

    file: str
    agents: list[AgentReport] = field(default_factory=list)
    unreadable: Problem | None = None
    #: found where there is no agent to blame
    problems: list[Problem] = field(default_factory=list)

    def has(self, *severities: Severity) -> bool:
        """Tell whether there is a problem of these severities."""
        found = [*self.problems, *(problem for agent in self.agents for problem in agent.problems)]
        return any(problem.severity in severities for problem in found)

    def text(self) -> str:
        """Return the report for people."""
        lines = [self.file]
        if self.unreadable is not None:
            lines += problem_lines(self.unreadable)
        for agent in self.agents:
            lines += agent.lines()
        for problem in self.problems:
            lines += problem_lines(problem)
        return "\n".join(lines)

    def json(self) -> str:
        """Return the report for programs, one line."""
        agents = {
            agent.name: {**agent.live(), "problems": [_as_json(problem) for problem in agent.problems]}
            for agent in self.agents
        }
        document: dict[str, Any] = {"file": self.file, "agents": agents}
        rest = [*self.problems, *([self.unreadable] if self.unreadable else [])]
        if rest:
            document["problems"] = [_as_json(problem) for problem in rest]
        return json.dumps(document, ensure_ascii=False)


def check_file(
    file: str,
    system_properties: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    names: Collection[str] = (),
    conf_directory: Path | None = None,
) -> FileReport:
    """Judge a file's agents, or only those named."""
    report = FileReport(file)
    try:
        configuration = load(FileSource(file), system_properties, environ, conf_directory=conf_directory)
    except ConfigurationError as error:
        report.unreadable = Problem(Severity.ERROR, str(error), hint=error.hint, file=file)
        return report
    assert configuration is not None, "a first read brings something"
    known = [*configuration.agents, *configuration.invalid]
    report.agents = [
        _check_agent(name, configuration, system_properties) for name in known if not names or name in names
    ]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"agents: {', '.join(known) or 'none'}"
            problem = Problem(Severity.ERROR, "is not configured here", component=name, hint=hint, file=file)
            report.agents.append(AgentReport(name, problems=[problem]))
    if not report.agents:
        problem = Problem(Severity.ERROR, "no agent is configured here", hint="an agent lists its channels", file=file)
        report.problems = [*configuration.problems, problem]
    return report


def _check_agent(name: str, configuration: Configuration, system_properties: Mapping[str, str]) -> AgentReport:
    report = AgentReport(name, configuration.agents.get(name), problems=configuration.problems_of(name))
    if report.config is not None:
        report.agent = materialize(report.config, system_properties)
        report.problems += report.agent.problems
    report.problems.sort(key=lambda problem: (problem.file or "", problem.line or 0))
    return report


def problem_lines(problem: Problem) -> Iterator[str]:
    """Yield a problem as one line, its hint on another."""
    where = ":".join(str(part) for part in (problem.file, problem.line) if part)
    what = ".".join(part for part in (problem.component, problem.key) if part)
    yield f"    {problem.severity.value:<8} {': '.join(part for part in (where, what, problem.message) if part)}"
    if problem.hint:
        yield f"             {problem.hint}"


def _later(component: Component[Any]) -> str:
    return "; cannot run yet" if isinstance(component, Later) else ""


def _as_json(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity.value, "file": problem.file, "line": problem.line, "component": problem.component,
        "key": problem.key, "message": problem.message, "hint": problem.hint,
    }  # fmt: skip


def _summary(problems: list[Problem]) -> str:
    counts = [(severity, sum(problem.severity is severity for problem in problems)) for severity in Severity]
    return ", ".join(_count(count, severity.value) for severity, count in counts if count) or "no problems"


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
