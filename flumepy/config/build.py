"""From a type name to a component: find the row, import its class, read its options, construct.

Whatever is wrong ends as one error of our tree; warnings about settings go to `context.report`.
"""

import importlib
from collections.abc import Mapping
from typing import Any

from flumepy.config import plugins
from flumepy.config.catalog import Row, find_builtin, names
from flumepy.core.component import Component, Context
from flumepy.core.errors import ConfigurationError, MissingPackageError, UnknownTypeError
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
    raise UnknownTypeError(f"no {kind.replace('_', ' ')} type is called {type_name!r}", key="type", hint=hint)


def load(row: Row) -> type[Component[Any]]:
    """Import a row's class. Raises MissingPackageError, ConfigurationError."""
    module_name, _, class_name = row.path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("flumepy."):
            raise ConfigurationError(f"{row.path} cannot be imported: {error}", key="type") from error
        advice = f"pip install 'flumepy[{row.extra}]'" if row.extra else f"pip install {error.name.partition('.')[0]}"
        raise MissingPackageError(f"{row.label} needs the package {error.name}", key="type", hint=advice) from error
    except ImportError as error:
        raise ConfigurationError(f"{row.path} cannot be imported: {error}", key="type") from error
    try:
        component = getattr(module, class_name)
    except AttributeError as error:
        raise ConfigurationError(f"{module_name} has no class {class_name}", key="type") from error
    if not (isinstance(component, type) and issubclass(component, Component)):
        raise ConfigurationError(f"{row.path} is not a flumepy component", key="type")
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
    return component(context, reading.options, *extra)
