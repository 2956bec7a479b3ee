"""What the tests of components that cannot run yet share: build one through the catalog, as a file would."""

from dataclasses import dataclass, field
from typing import Any

from flumepy.config.build import build
from flumepy.core.component import Component, Context
from flumepy.core.problems import Problem

Settings = dict[str, str]


@dataclass
class Built:
    """A component and what was reported while it was built."""

    component: Component[Any]
    problems: list[Problem] = field(default_factory=list)

    def messages(self, key: str) -> list[str]:
        """Return what was reported about a property."""
        return [problem.message for problem in self.problems if problem.key == key]


def make(kind: str, type_name: str, settings: Settings, **system_properties: str) -> Built:
    """Build `x1` of a type. Raises ConfigurationError."""
    reported: list[Problem] = []
    properties = {key.replace("_", "."): text for key, text in system_properties.items()}
    context = Context("x1", f"a1.{kind}s.x1", builder=build, system_properties=properties, report=reported.append)
    component = build(kind, type_name, settings, context)
    said = [problem for problem in reported if "is checked only" not in problem.message]
    assert len(said) < len(reported), "it is not said that the component cannot run yet"
    return Built(component, said)
