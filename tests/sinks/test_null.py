"""The null sink."""

import logging

import pytest

from flumepy.core.component import Status
from flumepy.core.errors import ConfigurationError
from flumepy.sinks.null import NullSink
from flumepy.testing.conformance import ComponentConformance
from flumepy.testing.fakes import ListChannel, attach, build


def sink_on(channel: ListChannel, **settings: str) -> NullSink:
    sink = build(NullSink, settings, name="k5")
    attach(sink, channel)
    sink.start()
    return sink


class TestLaw(ComponentConformance):
    def make(self) -> NullSink:
        return build(NullSink)

    def prepared(self) -> NullSink:
        sink = self.make()
        attach(sink, ListChannel())
        return sink


def test_events_are_taken_by_the_batch_and_forgotten() -> None:
    channel = ListChannel()
    channel.add(*[b"x"] * 5)
    sink = sink_on(channel, batchSize="3")
    assert [sink.process(), channel.size] == [Status.READY, 2]
    assert [sink.process(), channel.size, sink.process()] == [Status.READY, 0, Status.IDLE]
    assert (sink.events, sink.transactions, sink.counters) == (5, 2, None)


def test_every_nth_event_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    channel = ListChannel()
    channel.add(*[b"x"] * 5)
    sink = sink_on(channel, logEveryNEvents="2")
    while sink.process() is Status.READY:
        pass
    channel.add(b"x")
    sink.process()
    said = [record.getMessage() for record in caplog.records if "successful" in record.getMessage()]
    assert said == [f"Null sink k5 successful processed {number} events." for number in (2, 4, 6)]


def test_the_counts_are_logged_once_at_stop(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    channel = ListChannel()
    channel.add(*[b"x"] * 5)
    sink = sink_on(channel)
    sink.process()
    sink.stop()
    sink.stop()
    assert [record.getMessage() for record in caplog.records if "stopped" in record.getMessage()] == [
        "Null sink k5 stopped. Event metrics: { name:k5 counters:{transaction.success=1, events.success=5} }"
    ]


def test_the_batch_size_is_declared() -> None:
    assert build(NullSink).declared_batch_size == 100


@pytest.mark.parametrize("key", ["batchSize", "logEveryNEvents"])
def test_a_number_below_one_is_refused(key: str) -> None:
    with pytest.raises(ConfigurationError):
        build(NullSink, {key: "0"})
