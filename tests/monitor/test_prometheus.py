"""The prometheus monitor: Flume's names, flumepy's additions, a text that Prometheus's own parser reads."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_open_metrics
from prometheus_client.parser import text_string_to_metric_families

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.counters import ChannelCounters, SinkCounters, SourceCounters
from flumepy.monitor.prometheus import PrometheusMonitor
from flumepy.monitor.prometheus_text import exposition
from flumepy.testing.fakes import FakeClock, ListChannel, build
from tests.monitor.agents import FakeApplication, request, serving, three_components

#: as on Flume's trunk, with `_total` for what only grows
FLUME_NAMES = {
    "Flume_AppendAcceptedCount_total", "Flume_AppendBatchAcceptedCount_total", "Flume_AppendBatchReceivedCount_total",
    "Flume_AppendReceivedCount_total", "Flume_BatchCompleteCount_total", "Flume_BatchEmptyCount_total",
    "Flume_BatchUnderflowCount_total", "Flume_ChannelCapacity", "Flume_ChannelReadFail_total", "Flume_ChannelSize",
    "Flume_ChannelWriteFail_total", "Flume_ConnectionClosedCount_total", "Flume_ConnectionCreatedCount_total",
    "Flume_ConnectionFailedCount_total", "Flume_EventAcceptedCount_total", "Flume_EventDrainAttemptCount_total",
    "Flume_EventDrainSuccessCount_total", "Flume_EventPutAttemptCount_total", "Flume_EventPutSuccessCount_total",
    "Flume_EventReadFail_total", "Flume_EventReceivedCount_total", "Flume_EventTakeAttemptCount_total",
    "Flume_EventTakeSuccessCount_total", "Flume_EventWriteFail_total", "Flume_GenericProcessingFail_total",
    "Flume_OpenConnectionCount",
}  # fmt: skip


def samples(application: FakeApplication) -> dict[tuple[str, str | None], float]:
    _, body = exposition(application, "")
    return {
        (sample.name, sample.labels.get("component")): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_the_names_and_labels_are_those_of_flumes_trunk() -> None:
    found = samples(three_components())
    assert {name for name, _ in found if name.startswith("Flume_")} == FLUME_NAMES
    assert found["Flume_EventReceivedCount_total", "r1"] == 12
    assert found["Flume_OpenConnectionCount", "r1"] == 2
    assert found["Flume_ChannelSize", "c1"] == 1
    assert found["Flume_EventDrainSuccessCount_total", "k1"] == 11


def test_a_family_is_typed_once_for_all_components() -> None:
    application = FakeApplication()
    for name in ("c1", "c2"):
        application.add(ChannelCounters(name))
    body = exposition(application, "")[1].decode()
    assert body.count("# TYPE Flume_ChannelSize gauge\n") == 1
    assert body.count("# TYPE Flume_EventPutSuccessCount_total counter\n") == 1
    assert 'Flume_ChannelSize{component="c2"} 0.0\n' in body


def test_the_same_attribute_of_the_same_name_is_told_apart_by_kind() -> None:
    class TimedSource(SourceCounters):
        attributes = {**SourceCounters.attributes, "rollback": ("RollbackCount", "x.rollback")}  # noqa: RUF012

    class TimedSink(SinkCounters):
        attributes = {**SinkCounters.attributes, "rollback": ("RollbackCount", "x.rollback")}  # noqa: RUF012

    application = FakeApplication()
    application.add(TimedSource("k"), rollback=1)
    application.add(TimedSink("k"), rollback=2)
    found = samples(application)
    assert (found["Flume_RollbackCount_total", "k"], found["Flume_RollbackCount_total", "SINK.k"]) == (1, 2)


def test_age_and_bytes_are_shown_for_channels_that_know_them() -> None:
    clock = FakeClock()
    memory = build(MemoryChannel, name="c1", clock=clock)
    with memory.transaction() as transaction:
        transaction.put(EventBatch([b"12345", b"678"]))
    clock.advance_ms(2500)
    found = samples(FakeApplication(channels={"c1": memory, "c2": ListChannel("c2")}))
    assert found["flumepy_channel_oldest_event_age_seconds", "c1"] == 2.5
    assert found["flumepy_channel_queued_bytes", "c1"] == 8
    assert ("flumepy_channel_oldest_event_age_seconds", "c2") not in found


def test_components_show_whether_they_are_started() -> None:
    body = exposition(FakeApplication(states={"Source r1": None, "Sink k1": "port in use"}), "")[1].decode()
    assert 'flumepy_component_started{component="r1",kind="source"} 1.0\n' in body
    assert 'flumepy_component_started{component="k1",kind="sink"} 0.0\n' in body


def test_the_process_shows_its_cpu_and_memory() -> None:
    found = samples(FakeApplication())
    assert found["process_resident_memory_bytes", None] > 1_000_000
    assert found["process_cpu_seconds_total", None] > 0


def test_metrics_are_served_and_open_metrics_where_asked_for() -> None:
    with serving(PrometheusMonitor, three_components()) as server:
        response, body = request(server, "/metrics")
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        assert "Flume_ChannelSize" in {family.name for family in text_string_to_metric_families(body.decode())}
        response, body = request(server, "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        assert response.headers["Content-Type"].startswith("application/openmetrics-text")
        assert "Flume_EventReceivedCount" in {family.name for family in parse_open_metrics(body.decode())}


def test_health_and_ready_are_served_too() -> None:
    with serving(PrometheusMonitor, FakeApplication(states={"Source r1": "port in use"})) as server:
        assert request(server, "/health")[0].status == 200
        assert request(server, "/ready")[0].status == 503
        assert request(server, "/nope")[0].status == 404
