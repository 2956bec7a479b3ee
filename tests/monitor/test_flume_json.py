"""The JSON of /metrics, byte for byte what the real Flume answered for the same counts, but for the order."""

import json

from flumepy.core.counters import ChannelCounters, CounterGroup, SinkCounters, SourceCounters
from flumepy.monitor.flume_json import java_value, metrics_json
from tests.monitor.agents import FakeApplication

#: observed: capacity 3, one event in it, seven put
OBSERVED_CHANNEL = (
    '{"CHANNEL.c1":{"ChannelCapacity":"3","ChannelFillPercentage":"33.33333333333333","Type":"CHANNEL","ChannelSize":"1",'
    '"EventTakeSuccessCount":"0","StartTime":"1795167696329","EventTakeAttemptCount":"0","EventPutAttemptCount":"0",'
    '"EventPutSuccessCount":"7","StopTime":"0"}}'
)
#: observed: netcat -> memory -> logger after 3 events
OBSERVED_AGENT = (
    '{"CHANNEL.c1":{"ChannelCapacity":"1000","ChannelFillPercentage":"0.0","Type":"CHANNEL","ChannelSize":"0",'
    '"EventTakeSuccessCount":"3","StartTime":"1795268737587","EventTakeAttemptCount":"5","EventPutAttemptCount":"3",'
    '"EventPutSuccessCount":"3","StopTime":"0"}}'
)
#: observed: an http source and a file_roll sink that have just started
OBSERVED_SINK_AND_SOURCE = (
    '{"SINK.k2":{"ConnectionCreatedCount":"1","BatchCompleteCount":"0","EventWriteFail":"0","BatchEmptyCount":"0",'
    '"EventDrainAttemptCount":"0","StartTime":"1795279115961","BatchUnderflowCount":"0","ChannelReadFail":"0",'
    '"ConnectionFailedCount":"0","Type":"SINK","ConnectionClosedCount":"0","EventDrainSuccessCount":"0","StopTime":"0"},'
    '"SOURCE.r1":{"AppendBatchAcceptedCount":"0","GenericProcessingFail":"0","EventAcceptedCount":"0",'
    '"AppendReceivedCount":"0","StartTime":"1795279116940","AppendBatchReceivedCount":"0","ChannelWriteFail":"0",'
    '"EventReceivedCount":"0","Type":"SOURCE","EventReadFail":"0","AppendAcceptedCount":"0","OpenConnectionCount":"0",'
    '"StopTime":"0"}}'
)


def assert_shows(application: FakeApplication, observed: str) -> None:
    shown = metrics_json(application)
    assert json.loads(shown) == json.loads(observed)
    assert len(shown) == len(observed)  # no blanks either


def test_a_channel_is_shown_as_flume_shows_it() -> None:
    application = FakeApplication()
    application.add(
        ChannelCounters("c1"), channel_capacity=3, channel_size=1, put_success=7, start_time_ms=1795167696329
    )
    assert_shows(application, OBSERVED_CHANNEL)


def test_netcat_and_logger_are_not_shown_as_in_flume() -> None:
    application = FakeApplication()
    counters = ChannelCounters("c1")
    application.add(counters, channel_capacity=1000, take_success=3, take_attempt=5, put_attempt=3, put_success=3)
    counters.start_time_ms = 1795268737587
    assert_shows(application, OBSERVED_AGENT)


def test_sources_and_sinks_have_all_attributes_from_the_start() -> None:
    application = FakeApplication()
    application.add(SinkCounters("k2"), connection_created=1, start_time_ms=1795279115961)
    application.add(SourceCounters("r1"), start_time_ms=1795279116940)
    assert_shows(application, OBSERVED_SINK_AND_SOURCE)


def test_a_channel_without_a_capacity_is_as_full_as_a_double_can_say() -> None:
    application = FakeApplication()
    application.add(ChannelCounters("c1"))
    assert b'"ChannelFillPercentage":"1.7976931348623157E308"' in metrics_json(application)


def test_an_agent_without_counters_shows_an_empty_object() -> None:
    assert metrics_json(FakeApplication()) == b"{}"


def test_a_removed_component_stays_with_its_stop_time() -> None:
    application = FakeApplication()
    group = application.add(SourceCounters("r1"), event_received=5)
    group.stop()
    shown = json.loads(metrics_json(application))["SOURCE.r1"]
    assert (shown["EventReceivedCount"], shown["StopTime"]) == ("5", str(group.stop_time_ms))
    assert group.stop_time_ms > 0


def test_values_print_as_in_java() -> None:
    assert [java_value(value) for value in (True, False, 7, 100.0, 1e7, "x")] == [
        "true", "false", "7", "100.0", "1.0E7", "x"
    ]  # fmt: skip


def test_a_group_of_another_kind_is_shown_under_it() -> None:
    application = FakeApplication()
    application.add(CounterGroup("x"))
    assert json.loads(metrics_json(application)) == {"OTHER.x": {"Type": "OTHER", "StartTime": "0", "StopTime": "0"}}
