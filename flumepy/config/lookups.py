"""`${}` references in the values of a configuration, resolved before anything else looks at them.

Source: org.apache.flume.node.MapResolver. A name is `prefix:argument` (sys, env, java, date, any case) or, where that gives
nothing, the full key of another property. Flume finds such a key only if hash order happens to have put it earlier; here
it is always found. Other look-ups come from a file: `-Dlookups=FILE`, or `lookups.properties` in the conf directory.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from flumepy.config.lookup_functions import Lookup, by_constant
from flumepy.config.substitutor import Substitutor
from flumepy.config.tokens import entry_problem
from flumepy.core.errors import ConfigurationError, FlumeError
from flumepy.core.problems import Problem, Severity, did_you_mean
from flumepy.formats.properties import Entry, load_properties

DEFAULTS = {"sys": "SYSTEM_PROPERTIES", "env": "ENVIRONMENT", "java": "JAVA", "date": "DATE"}
CONSTANTS = "org.apache.commons.text.lookup.DefaultStringLookup."
ENVIRONMENT_CLASS = "org.apache.flume.node.EnvVarResolverProperties"
_FILTER_REFERENCE = re.compile(r"[-\w]+\[.*\]", re.DOTALL)


class Resolver:
    """Resolves the references of configurations; made once, as system properties and environment do not change."""

    def __init__(
        self, system_properties: Mapping[str, str], environ: Mapping[str, str], conf_directory: Path | None = None
    ) -> None:
        self.system_properties = system_properties
        self.environ = environ
        #: what is wrong with the look-ups themselves
        self.problems: list[Problem] = []
        self.lookups: dict[str, Lookup] = {}
        #: keys that the last configuration itself answered with
        self.used: set[str] = set()
        for prefix, (constant, problem) in self._declared(conf_directory).items():
            try:
                self.lookups[prefix.lower()] = by_constant(constant, system_properties, environ)
            except FlumeError as error:
                self.problems.append(replace(problem, message=str(error), hint=getattr(error, "hint", None)))
        implementation = system_properties.get("propertiesImplementation")
        self.names_are_variables = implementation == ENVIRONMENT_CLASS
        if implementation and not self.names_are_variables:
            message = f"-DpropertiesImplementation={implementation} is a Java class and has no effect"
            self.problems.append(Problem(Severity.WARNING, message, hint=f"known: {ENVIRONMENT_CLASS}"))

    def resolve(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[Problem]]:
        """Return the entries, no key twice, with their references replaced, and a problem for each that cannot be."""
        entries = list(entries)
        own = {entry.key: entry.value for entry in entries}
        self.used = set()
        substitutor = Substitutor(lambda name: self._look_up(name, own))
        resolved: list[Entry] = []
        problems = list(self.problems)
        for entry in entries:
            if "${" not in entry.value:
                resolved.append(entry)
                continue
            try:
                resolved.append(replace(entry, value=substitutor.replace(entry.value)))
            except ConfigurationError as error:
                problems.append(
                    entry_problem(Severity.ERROR, f"{error}; the value stays as it is written", entry, error.hint)
                )
                resolved.append(entry)
                continue
            for name in dict.fromkeys(substitutor.unresolved):
                if not _FILTER_REFERENCE.fullmatch(name):
                    message = f"${{{name}}} stands for nothing and stays as it is written"
                    problems.append(entry_problem(Severity.NOTE, message, entry, self._hint(name, own)))
        return resolved, problems

    def _look_up(self, name: str, own: Mapping[str, str]) -> str | None:
        prefix, colon, argument = name.partition(":")
        key = argument if colon else name
        lookup = self.lookups.get(prefix.lower()) if colon else None
        found = lookup(argument) if lookup is not None else None
        if found is None and key in own:
            found = own[key]
            self.used.add(key)
        if found is None and self.names_are_variables:
            found = self.environ.get(key)
        return found

    def _hint(self, name: str, own: Mapping[str, str]) -> str | None:
        prefix, colon, _ = name.partition(":")
        if not colon and name in self.environ and "env" in self.lookups:
            return f"did you mean ${{env:{name}}}?"
        if colon and prefix.lower() not in self.lookups:
            return did_you_mean(prefix, self.lookups)
        return None if colon else did_you_mean(name, own)

    def _declared(self, conf_directory: Path | None) -> dict[str, tuple[str, Problem]]:
        """Return prefix -> constant, and the place to blame, of the look-ups' file, or else of the four defaults."""
        named = self.system_properties.get("lookups")
        beside = conf_directory / "lookups.properties" if conf_directory else None
        candidates = [Path(named), conf_directory / named if conf_directory else None] if named else [beside]
        path = next((path for path in candidates if path is not None and path.is_file()), None)
        if path is None:
            if named:
                self.problems.append(Problem(Severity.ERROR, f"-Dlookups={named}: there is no such file"))
            return {prefix: (constant, Problem(Severity.ERROR, "")) for prefix, constant in DEFAULTS.items()}
        declared = {}
        try:
            entries = load_properties(path.read_bytes(), str(path))
        except (OSError, ConfigurationError) as error:
            self.problems.append(Problem(Severity.ERROR, f"the look-ups cannot be read: {error}", file=str(path)))
            entries = []
        for entry in entries:
            constant = entry.value.strip().removeprefix(CONSTANTS)
            declared[entry.key] = (constant, entry_problem(Severity.ERROR, "", entry))
        return declared
