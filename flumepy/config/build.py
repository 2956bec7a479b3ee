"""From a type name to a component: find the row, import its class, read its options, construct.

Whatever is wrong ends as one error of our tree; warnings about settings go to `context.report`.
"""

import importlib
from collections.abc import Mapping
from typing import Any

from flumepy.config import plugins
from flumepy.config.catalog import Row, find_builtin, names
from flumepy.core.component import Component, Context
from flumepy.core.errors import ConfigurationError, MissingPackageError, UnknownTypeError, naming_key, translate
from flumepy.core.options import read_options
from flumepy.core.problems import Severity, did_you_mean


def find(kind: str, type_name: str) -> Row:
    """Return the row of a type. Raises UnknownTypeError with a hint."""
    row = find_builtin(kind, type_name) or plugins.find(kind, type_name)
    if row is not None:
        return row
    known = names(kind)
    if "." in type_name and not type_name.startswith("org.apache.flume."):
        hint = "a Java class cannot run here; write it in Python and name it `package.module.Class`"
    else:
        aliases = ", ".join(sorted({name for name in known if "." not in name}))
        hint = did_you_mean(type_name, known) or f"known types: {aliases}"
    raise UnknownTypeError(f"no {_words(kind)} type is called {type_name!r}", key="type", hint=hint)


def load(row: Row) -> type[Component[Any]]:
    """Import a row's class. Raises MissingPackageError, ConfigurationError."""
    module_name, _, class_name = row.path.partition(":")
    try:
        with naming_key("type"), translate({Exception: ConfigurationError}, f"{row.path} cannot be imported"):
            module = importlib.import_module(module_name)
    except ConfigurationError as error:
        missing = error.__cause__.name if isinstance(error.__cause__, ModuleNotFoundError) else None
        package = (missing or "").partition(".")[0]
        if package in ("", module_name.partition(".")[0]):
            raise
        advice = f"pip install 'flumepy[{row.extra}]'" if row.extra else f"pip install {package}"
        raise MissingPackageError(f"{row.label} needs the package {missing}", key="type", hint=advice) from error
    component = getattr(module, class_name, None)
    if component is None:
        hint = did_you_mean(class_name, vars(module))
        raise ConfigurationError(f"{module_name} has no class {class_name!r}", key="type", hint=hint)
    if not (isinstance(component, type) and issubclass(component, Component)):
        raise ConfigurationError(f"{row.path} is not a flumepy component", key="type")
    if component.kind != row.kind:
        raise ConfigurationError(f"{row.path} is a {_words(component.kind)}, not a {_words(row.kind)}", key="type")
    return component


def build(kind: str, type_name: str, settings: Mapping[str, str], context: Context, *extra: Any) -> Component[Any]:
    """Return a new component. Raises ConfigurationError and its kinds; several errors are joined in one message."""
    component = load(find(kind, type_name))
    reading = read_options(component.Options, settings)
    errors = [problem for problem in reading.problems if problem.severity is Severity.ERROR]
    for problem in reading.problems:
        if problem.severity is not Severity.ERROR or len(errors) > 1:
            context.report(problem)
    if reading.options is None:
        first = errors[-1]
        raise ConfigurationError(first.message, key=first.key, hint=first.hint)
    with translate({Exception: ConfigurationError}, f"{component.__name__} cannot be made"):
        return component(context, reading.options, *extra)


def _words(kind: str) -> str:
    return kind.replace("_", " ")
