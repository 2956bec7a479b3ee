"""Property keys cut into agents, name lists and components.

Source: FlumeConfiguration.addRawProperty, AgentConfiguration.addProperty and parseConfigKey. What Flume ignores with a
warning is ignored here too, and becomes a problem with its place. The properties of a prefix that is no agent at all
(`log4j.rootLogger`) become one note, not one each.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from flumepy.config.model import SECTIONS, Setting
from flumepy.core.problems import Problem, Severity, did_you_mean
from flumepy.formats.properties import Entry


@dataclass(slots=True)
class RawAgent:
    """What stands below one agent's name, not yet judged."""

    name: str
    #: section (`sources`) -> its name list
    lists: dict[str, Setting] = field(default_factory=dict)
    #: section -> component name -> key -> setting
    components: dict[str, dict[str, dict[str, Setting]]] = field(
        default_factory=lambda: {section: {} for section in SECTIONS.values()}
    )
    #: what is neither: (text after the agent's name, place)
    strays: list[tuple[str, Setting]] = field(default_factory=list)

    @property
    def is_agent(self) -> bool:
        """Tell whether any list or component is configured below the name."""
        return bool(self.lists) or any(self.components.values())

    def first(self) -> Setting:
        """Return the first list or component setting, as the agent's place."""
        for setting in self.lists.values():
            return setting
        return next(
            setting
            for components in self.components.values()
            for settings in components.values()
            for setting in settings.values()
        )

    def names(self, section: str) -> list[str]:
        """Return a list's names, each once. Only the sinkgroups list is not split at tabs (StringTokenizer)."""
        setting = self.lists.get(section)
        if setting is None:
            return []
        words = setting.value.split(" ") if section == "sinkgroups" else setting.value.split()
        return list(dict.fromkeys(word for word in words if word))


def entry_problem(severity: Severity, message: str, entry: Entry, hint: str | None = None) -> Problem:
    """Return a problem of one property with its place; its component is the agent, as far as there is one."""
    name, dot, rest = entry.key.strip().partition(".")
    component, key = (name, rest or None) if name and dot else ("", entry.key.strip())
    return Problem(severity, message, component, key, hint, entry.file, entry.line)


def in_file_order(problems: Iterable[Problem], entries: Iterable[Entry]) -> tuple[Problem, ...]:
    """Return the problems ordered by file, as the entries first name them, and line; those without a place first."""
    order = {file: index for index, file in enumerate(dict.fromkeys(entry.file for entry in entries))}
    return tuple(sorted(problems, key=lambda problem: (order.get(problem.file or "", -1), problem.line or 0)))


def last_wins(entries: Iterable[Entry]) -> tuple[list[Entry], list[Problem]]:
    """Return one entry a key, the last as in java.util.Properties; a warning where one file sets a key twice."""
    kept: dict[str, Entry] = {}
    problems = []
    for entry in entries:
        earlier = kept.get(entry.key)
        if earlier is not None and earlier.file == entry.file and earlier.value != entry.value:
            message = f"is set again in line {entry.line} of the same file; the last one counts"
            problems.append(entry_problem(Severity.WARNING, message, earlier))
        kept[entry.key] = entry
    return list(kept.values()), problems


def tokenize(entries: Iterable[Entry]) -> tuple[dict[str, RawAgent], list[Problem]]:
    """Sort entries, of which no key comes twice, by agent. Never fails: what has no place becomes a problem."""
    agents: dict[str, RawAgent] = {}
    problems: list[Problem] = []
    for entry in entries:
        name, dot, rest = entry.key.strip().partition(".")
        if not name or not dot:
            problems.append(
                entry_problem(Severity.NOTE, "has no agent's name before a dot and configures nothing", entry)
            )
        elif not entry.value.strip():
            problems.append(entry_problem(Severity.NOTE, "has no value and is ignored", entry))
        elif not rest:
            message = "has nothing after the agent's name and is ignored"
            problems.append(entry_problem(Severity.WARNING, message, entry))
        else:
            agent = agents.get(name) or agents.setdefault(name, RawAgent(name))
            _place(agent, rest, Setting(entry.value.strip(), entry.file, entry.line))
    real = {name: agent for name, agent in agents.items() if agent.is_agent}
    for agent in agents.values():
        if agent.is_agent:
            problems += [_misplaced(agent, rest, setting) for rest, setting in agent.strays]
        else:
            problems.append(_no_agent(agent, real))
    return real, problems


def _place(agent: RawAgent, rest: str, setting: Setting) -> None:
    section, _, below = rest.partition(".")
    components = agent.components.get(section)
    if components is None:
        agent.strays.append((rest, setting))
        return
    name, _, key = below.partition(".")
    if rest == section:
        agent.lists[section] = setting
    elif name and key:
        components.setdefault(name, {})[key] = setting
    else:
        agent.strays.append((rest, setting))


def _misplaced(agent: RawAgent, rest: str, setting: Setting) -> Problem:
    section, dot, below = rest.partition(".")
    if section in agent.components:
        message, hint = "lacks the property's name after the component's and is ignored", None
        if below and not below.endswith("."):
            hint = f"a property has the form {agent.name}.{section}.{below.strip('.')}.type = ..."
    else:
        message = f"is ignored: {section!r} is none of {', '.join(agent.components)}"
        near = did_you_mean(section, agent.components)
        hint = near and near.replace("'?", f"{dot}{below}'?")
    return Problem(
        Severity.WARNING, message, component=agent.name, key=rest, hint=hint, file=setting.file, line=setting.line
    )


def _no_agent(prefix: RawAgent, agents: Iterable[str]) -> Problem:
    rest, setting = prefix.strays[0]
    count = len(prefix.strays)
    others = f" (nor {count - 1} more below {prefix.name!r})" if count > 1 else ""
    return Problem(
        Severity.NOTE, f"configures nothing{others}: {prefix.name!r} lists no sources, channels or sinks",
        component=prefix.name, key=rest, hint=did_you_mean(prefix.name, agents), file=setting.file, line=setting.line,
    )  # fmt: skip
