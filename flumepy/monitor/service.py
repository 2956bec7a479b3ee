"""From -Dflume.monitoring.* to a running monitor.

The type is found like that of any component: a built-in name (http, prometheus, ganglia), a Java class of Flume's, an entry
point of the group `flumepy.monitors`, or a dotted Python path. Source: Application.loadMonitoring.
"""

import logging
from collections.abc import Callable, Mapping

from flumepy.config.build import build, find, load
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import Problem, Severity
from flumepy.monitor.contract import Monitor, Monitored

log = logging.getLogger("flumepy.monitor")

PREFIX = "flume.monitoring."
TYPE_KEY = f"{PREFIX}type"
LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.NOTE: logging.INFO}


def start_monitoring(application: Monitored, system_properties: Mapping[str, str]) -> Callable[[], None]:
    """Start what -Dflume.monitoring.type names and return what stops it; without a type nothing is started.

    Raises ConfigurationError, whose key is the whole name of the -D property at fault.
    """
    settings = {
        key.removeprefix(PREFIX): text.strip() for key, text in system_properties.items() if key.startswith(PREFIX)
    }
    type_name = settings.pop("type", "")
    if not type_name:
        if settings:
            names = ", ".join(f"-D{PREFIX}{key}" for key in sorted(settings))
            log.warning("%s without -D%s: there is no monitoring.", names, TYPE_KEY)
        return lambda: None
    name = type_name.rpartition(".")[2].lower()
    context = Context(
        name=name, prefix=PREFIX.rstrip("."), builder=build, system_properties=system_properties, report=_report
    )
    try:
        if not issubclass(load(find("monitor", type_name)), Monitor):
            raise ConfigurationError(f"{type_name} is no monitor")
        monitor = build("monitor", type_name, settings, context, application)
    except ConfigurationError as error:
        key = f"{PREFIX}{error.key or 'type'}"
        raise ConfigurationError(f"-D{key}: {error}", key=key, hint=error.hint) from error
    monitor.start()
    return monitor.stop


def _report(problem: Problem) -> None:
    hint = f" ({problem.hint})" if problem.hint else ""
    log.log(LEVELS[problem.severity], "-D%s%s: %s%s", PREFIX, problem.key or "type", problem.message, hint)
