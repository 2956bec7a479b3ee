"""The counters as Flume's /metrics shows them: an object per component, every value a string.

Source: JMXPollUtil.getAllMBeans, HTTPMetricsServer.
"""

import msgspec

from flumepy.core.counters import CounterGroup, Number
from flumepy.formats.java_text import java_double
from flumepy.monitor.contract import Monitored


def metrics_json(application: Monitored) -> bytes:
    """Return the body of /metrics."""
    return msgspec.json.encode(shown_counters(application))


def shown_counters(application: Monitored) -> dict[str, dict[str, str]]:
    """Return the attributes of every component, by `TYPE.name`, as Java prints them."""
    return {f"{kind}.{name}": _shown(group) for (kind, name), group in dict(application.counters).items()}


def _shown(group: CounterGroup) -> dict[str, str]:
    return {attribute: java_value(value) for attribute, value in group.snapshot().items()}


def java_value(value: Number | str) -> str:
    """Return String.valueOf(value)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return java_double(value) if isinstance(value, float) else str(value)
