"""The counters in the Prometheus text format: Flume's own names, then flumepy's additions, then the process.

An attribute that only grows becomes the counter `Flume_<Attribute>_total`, one that goes up and down the gauge
`Flume_<Attribute>`, each with the one label `component`. Where two components of one name have the same attribute (a Kafka
source and a Kafka channel `k`), the second is labelled `TYPE.name`: a series must not occur twice.
Source: PrometheusHTTPMetricsServer (Flume's trunk after 1.11).
"""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from flumepy.monitor.contract import Monitored

#: attributes that are no measurements on Flume's trunk
LEFT_OUT = frozenset({"Type", "StartTime", "StopTime", "ChannelFillPercentage"})
LABELS = ["component"]


def exposition(application: Monitored, accept: str) -> tuple[str, bytes]:
    """Return content type and body; OpenMetrics where the client asks for it."""
    registry = CollectorRegistry()
    registry.register(AgentCollector(application))
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(accept)
    return content_type, encode(registry)


class AgentCollector(Collector):
    """Reads the agent anew at each scrape."""

    def __init__(self, application: Monitored) -> None:
        self._application = application

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering does not scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        yield from self._flume_families()
        yield from self._channel_families()
        yield self._started()

    def _flume_families(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        seen: set[tuple[str, str]] = set()
        for (kind, name), group in dict(self._application.counters).items():
            for attribute, value in group.snapshot().items():
                if attribute in LEFT_OUT or isinstance(value, str):
                    continue
                is_gauge = attribute in group.gauges
                family = families.get(attribute) or families.setdefault(attribute, _family(attribute, is_gauge))
                label = f"{kind}.{name}" if (attribute, name) in seen else name
                seen.add((attribute, name))
                family.add_sample(f"Flume_{attribute}{'' if is_gauge else '_total'}", {"component": label}, value)
        return families.values()

    def _channel_families(self) -> Iterable[Metric]:
        age = GaugeMetricFamily(
            "flumepy_channel_oldest_event_age_seconds",
            "How long the oldest event that waits in the channel has been there; 0 for an empty one.", labels=LABELS,
        )  # fmt: skip
        queued = GaugeMetricFamily(
            "flumepy_channel_queued_bytes", "Body bytes in the channel, open takes included.", labels=LABELS
        )
        for name, channel in dict(self._application.channels).items():
            if (age_s := channel.oldest_event_age_s) is not None:
                age.add_metric([name], age_s)
            if (bytes_queued := channel.bytes_queued) is not None:
                queued.add_metric([name], bytes_queued)
        return age, queued

    def _started(self) -> Metric:
        started = GaugeMetricFamily(
            "flumepy_component_started", "1 for a component that is started, else 0.", labels=["kind", "component"]
        )
        for title, reason in self._application.states.items():
            kind, _, name = title.partition(" ")
            started.add_metric([kind.lower(), name], reason is None)
        return started


def _family(attribute: str, is_gauge: bool) -> Metric:
    help_text = f"{attribute} of Flume's counters."
    if is_gauge:
        return GaugeMetricFamily(f"Flume_{attribute}", help_text, labels=LABELS)
    return CounterMetricFamily(f"Flume_{attribute}", help_text, labels=LABELS)
