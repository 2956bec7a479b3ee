"""Runners: what drives sources and sinks, whatever they raise."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flumepy.agent.runner import (
    EventDrivenSourceRunner,
    PollableSourceRunner,
    Runner,
    SinkRunner,
    is_crowded,
    runner_for,
)
from flumepy.channels.memory import MemoryChannel
from flumepy.core.backoff import LinearBackoff
from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor, PollableSource, Sink, Source, Status
from flumepy.core.counters import SinkCounters, SourceCounters
from flumepy.core.errors import ChannelFullError, DeliveryError, StoppedError
from flumepy.core.options import NoOptions
from flumepy.core.threads import Wakeup
from flumepy.processors.default import DefaultProcessor
from flumepy.processors.failover import FailoverProcessor
from flumepy.testing.fakes import ListChannel, attach, build, connect, stays, wait_until
from flumepy.testing.sinks import RecordingSink
from tests.core.rests import rest_for_a_minute

LONG_MS = 60_000


class ScriptedSource(PollableSource[NoOptions]):
    """A source whose rounds are written down: an error to raise, a status to return, bodies to put."""

    def __init__(self, *script: "BaseException | Status | bytes | Callable[[], None]") -> None:
        super().__init__(Context("r1"), NoOptions())
        self.script = list(script)
        self.times_s: list[float] = []
        self.counters = SourceCounters("r1")
        self.is_stopped = False
        self.stop_error: Exception | None = None
        self.interrupt_error: Exception | None = None

    def process(self) -> Status:
        self.times_s.append(time.monotonic())
        if not self.script:
            return Status.BACKOFF
        step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, Status):
            return step
        if isinstance(step, bytes):
            self.outlet.put(EventBatch([step]))
        else:
            step()
        return Status.READY

    def interrupt(self) -> None:
        if self.interrupt_error is not None:
            raise self.interrupt_error

    def stop(self) -> None:
        self.is_stopped = True
        if self.stop_error is not None:
            raise self.stop_error


class JournalInterceptor(Interceptor[NoOptions]):
    """Notes its starts and stops."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__(Context("i1"), NoOptions())
        self.journal = journal

    def start(self) -> None:
        self.journal.append("start interceptor")

    def stop(self) -> None:
        self.journal.append("stop interceptor")

    def intercept(self, batch: EventBatch) -> EventBatch:
        return batch


class JournalSource(Source[NoOptions]):
    """Notes its starts and stops."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__(Context("r1"), NoOptions())
        self.journal = journal

    def start(self) -> None:
        self.journal.append("start source")

    def stop(self) -> None:
        self.journal.append("stop source")


@contextmanager
def running(runner: Runner) -> Iterator[None]:
    """Run for a block; the stop must be quick."""
    runner.start()
    try:
        yield
    finally:
        began_s = time.monotonic()
        runner.stop()
        assert time.monotonic() - began_s < 3, "the stop waited"


def sink_runner(*sinks: Sink[Any], **options: Any) -> SinkRunner:
    """Return a runner that nothing but a put, or the end of a rest, wakes within the time of a test."""
    runner = SinkRunner("k1", DefaultProcessor(Context("k1"), DefaultProcessor.Options(), list(sinks)), **options)
    runner._backoff = LinearBackoff(LONG_MS, LONG_MS)
    return runner


def prepared(source: ScriptedSource, channel: Any = None) -> PollableSourceRunner:
    connect(source, channel or ListChannel())
    return PollableSourceRunner(source)


def test_a_source_gets_the_runner_that_fits_it() -> None:
    assert isinstance(runner_for(ScriptedSource()), PollableSourceRunner)
    assert isinstance(runner_for(JournalSource([])), EventDrivenSourceRunner)


def test_interceptors_start_before_their_source_and_stop_after_it() -> None:
    journal: list[str] = []
    source = JournalSource(journal)
    connect(source, ListChannel(), interceptors=[JournalInterceptor(journal)])
    runner = EventDrivenSourceRunner(source)
    assert runner.is_alive
    with running(runner):
        assert journal == ["start interceptor", "start source"]
    assert journal[2:] == ["stop source", "stop interceptor"]
    assert source.outlet.is_stopped


@pytest.mark.parametrize(
    "error", [ValueError("boom"), MemoryError("boom"), ChannelFullError("boom"), AssertionError("boom")]
)
def test_a_source_that_raises_anything_is_polled_again_after_its_longest_back_off(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    source, channel = ScriptedSource(error, b"one"), ListChannel()
    source.max_backoff_sleep_ms = 50
    with running(prepared(source, channel)):
        wait_until(lambda: channel.bodies == [b"one"])
    assert source.times_s[1] - source.times_s[0] >= 0.05
    record = next(record for record in caplog.records if "boom" in record.message)
    assert record.message == "Unhandled exception in source r1: boom"
    assert record.levelno == logging.ERROR
    # A trace for what nobody expected only.
    assert bool(record.exc_info) is not isinstance(error, ChannelFullError)


def test_a_delivery_error_of_a_source_waits_for_nothing_as_in_flume() -> None:
    source, channel = ScriptedSource(DeliveryError("x"), DeliveryError("y"), b"one"), ListChannel()
    source.max_backoff_sleep_ms = LONG_MS
    with running(prepared(source, channel)):
        wait_until(lambda: channel.bodies == [b"one"])


def test_a_stopped_error_out_of_the_blue_does_not_spin() -> None:
    source = ScriptedSource(*[StoppedError("x")] * 1000)
    source.max_backoff_sleep_ms = LONG_MS
    with running(prepared(source)):
        wait_until(lambda: source.times_s)
        assert stays(lambda: len(source.times_s) == 1)


def test_a_source_with_nothing_to_do_backs_off_linearly_up_to_its_limit_and_starts_over_after_an_event() -> None:
    source = ScriptedSource(Status.BACKOFF, Status.BACKOFF, Status.BACKOFF, b"one", Status.BACKOFF, b"two")
    source.backoff_sleep_increment_ms, source.max_backoff_sleep_ms = 60, 130
    with running(prepared(source)):
        wait_until(lambda: len(source.times_s) >= 6)
    waits = [after - before for before, after in zip(source.times_s, source.times_s[1:], strict=False)]
    assert [wait_s >= least_s for wait_s, least_s in zip(waits, (0.06, 0.12, 0.13, 0, 0.06), strict=False)] == [
        True
    ] * 5
    assert waits[4] < 0.12


def test_a_source_blocked_on_a_full_channel_stops_at_once() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "3600"}, name="c1")
    source = ScriptedSource(b"one", b"two")
    runner = prepared(source, channel)
    with running(runner):
        wait_until(lambda: channel._waiting, what="the put that waits for room")
    assert not runner.is_alive
    assert channel.size == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_a_component_ended_is_seen_as_dead() -> None:
    runner = prepared(ScriptedSource(SystemExit(3)))
    runner.start()
    wait_until(lambda: not runner.is_alive)
    runner.stop()


def test_a_stop_ends_everything_whatever_single_parts_raise() -> None:
    source = ScriptedSource()
    source.interrupt_error, source.stop_error = RuntimeError("interrupt"), RuntimeError("stop")
    runner = prepared(source)
    runner.start()
    with pytest.raises(RuntimeError, match="stop"):
        runner.stop()
    assert not runner.is_alive
    assert source.outlet.is_stopped
    assert not source.counters.is_running


def test_a_stop_that_takes_long_is_told(caplog: pytest.LogCaptureFixture) -> None:
    gate = Wakeup()
    source = ScriptedSource(lambda: gate.wait(0.3) and None)
    runner = prepared(source)
    runner.patience_s = 0.05
    runner.start()
    wait_until(lambda: source.times_s)
    runner.stop()
    assert not runner.is_alive
    assert "source-r1 does not end its work; the stop waits for it." in caplog.messages


def test_a_sink_that_took_nothing_is_woken_by_the_next_put_at_once() -> None:
    sink, channel = RecordingSink(), ListChannel()
    attach(sink, channel)
    runner = sink_runner(sink)
    with running(runner):
        for number in range(20):
            if number % 2:  # else perhaps just before it falls asleep
                wait_until(lambda: runner._wakeup.is_armed, what="the sleep that only a put ends")
            channel.add(b"%d" % number)
            wait_until(lambda number=number: len(sink.bodies) == number + 1, what="the delivery")


def test_a_put_between_an_empty_take_and_the_sleep_is_not_missed() -> None:
    class Overtaken(RecordingSink):
        def process(self) -> Status:
            status = super().process()
            if not self.bodies and not channel.size:
                channel.add(b"late")
            return status

    sink, channel = Overtaken(), ListChannel()
    attach(sink, channel)
    with running(sink_runner(sink)):
        wait_until(lambda: sink.bodies == [b"late"], what="the delivery")


def test_a_sink_that_has_taken_everything_is_not_called_for_nothing() -> None:
    sink, channel = RecordingSink(), build(MemoryChannel, {}, name="c1")
    attach(sink, channel)
    with running(sink_runner(sink)):
        wait_until(lambda: sink.calls)
        calls = sink.calls
        for number in range(1, 6):
            channel.offer(EventBatch([b"x"]), lambda _: None)
            wait_until(lambda number=number: len(sink.bodies) == number, what="the delivery")
            assert stays(lambda number=number: sink.calls <= calls + number, for_s=0.05)


def test_a_sink_that_lets_a_crowd_gather_takes_what_comes_meanwhile_and_later() -> None:
    sink, channel = RecordingSink(), build(MemoryChannel, {"capacity": "10000"}, name="c1")
    attach(sink, channel)
    with running(sink_runner(sink)):
        for count in range(100, 1100, 100):
            channel.offer(EventBatch([b"x"] * 99), lambda _: None)
            channel.offer(EventBatch([b"x"]), lambda _: None)
            if count % 300 == 0:
                wait_until(lambda count=count: len(sink.bodies) == count, what="the delivery")
        wait_until(lambda: len(sink.bodies) == 1000, what="the delivery")


@pytest.fixture
def long_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    rest_for_a_minute(monkeypatch)


def put_until_it_rests(channel: MemoryChannel, sink: RecordingSink) -> None:
    """Put single events until the sink does not come for the next one."""
    for number in range(20):
        channel.offer(EventBatch([b"x"]), lambda _: None)
        if stays(lambda number=number: len(sink.bodies) == number, for_s=0.2):
            return
    raise AssertionError("the sink never rests")


@pytest.mark.usefixtures("long_rests")
def test_a_sink_that_is_woken_too_often_rests_and_a_stop_ends_it() -> None:
    sink, channel = RecordingSink(), build(MemoryChannel, {}, name="c1")
    attach(sink, channel)
    with running(sink_runner(sink)):  # asserts that the stop is quick
        put_until_it_rests(channel, sink)


@pytest.mark.usefixtures("long_rests")
@pytest.mark.parametrize("keep_alive", ["0", "60"])
def test_a_put_that_finds_no_room_ends_a_rest(keep_alive: str) -> None:
    limits = {"capacity": "100", "transactionCapacity": "100", "keep-alive": keep_alive}
    sink, channel = RecordingSink(), build(MemoryChannel, limits, name="c1")
    attach(sink, channel)
    with running(sink_runner(sink)):
        put_until_it_rests(channel, sink)
        taken = len(sink.bodies)
        channel.offer(EventBatch([b"x"] * 100), lambda _: None)
        wait_until(lambda: len(sink.bodies) > taken, what="the end of the rest")


@pytest.mark.usefixtures("long_rests")
def test_a_sink_that_finds_many_events_at_a_time_does_not_rest() -> None:
    sink, channel = (
        RecordingSink(),
        build(MemoryChannel, {"capacity": "9999", "transactionCapacity": "9999"}, name="c1"),
    )
    attach(sink, channel)
    with running(sink_runner(sink)):
        for count in range(1, 6):
            channel.offer(EventBatch([b"x"] * 1001), lambda _: None)
            wait_until(lambda count=count: len(sink.bodies) == 1001 * count, what="the delivery")


@pytest.mark.parametrize(("count", "expected"), [(49, False), (50, True), (100, True), (120, False)])
def test_a_channel_is_crowded_while_it_has_room_for_many_times_as_many(count: int, expected: bool) -> None:
    channel = build(MemoryChannel, {"capacity": "1000", "transactionCapacity": "1000"}, name="c1")
    channel.offer(EventBatch([b"x"] * count), lambda _: None)
    assert is_crowded(channel) is expected


def test_a_sink_that_backs_off_is_not_woken_by_a_put() -> None:
    sink, channel = RecordingSink(), ListChannel()
    attach(sink, channel)
    sink.answer = Status.BACKOFF
    with running(sink_runner(sink)):
        wait_until(lambda: sink.calls)
        channel.add(b"one")
        assert stays(lambda: sink.calls == 1)


def test_events_of_a_standby_members_channel_do_not_make_a_group_spin() -> None:
    active, standby, full = RecordingSink("k1"), RecordingSink("k2"), ListChannel("c2")
    attach(active, ListChannel("c1"))
    attach(standby, full)
    full.add(*[b"for k2"] * 100)
    group = build(FailoverProcessor, {"priority.k1": "2", "priority.k2": "1"}, [active, standby])
    with running(SinkRunner("g1", group)):
        wait_until(lambda: active.calls >= 2)
        assert stays(lambda: active.calls == 2)


@pytest.mark.parametrize("error", [DeliveryError("no"), KeyError("no"), StoppedError("no")])
def test_a_sink_that_raises_anything_is_called_again(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    sink, channel = RecordingSink(), ListChannel()
    attach(sink, channel)
    sink.failures = [error]  # type: ignore[list-item]
    channel.add(b"one")
    with running(sink_runner(sink, failure_wait_ms=50)):
        wait_until(lambda: sink.bodies == [b"one"])
    assert sink.calls >= 2
    assert any(message.startswith("Unable to deliver event. Sink k1: ") for message in caplog.messages)


def test_the_wait_of_five_seconds_after_a_failure_ends_at_a_stop_and_not_at_a_put() -> None:
    sink, channel = RecordingSink(), ListChannel()
    attach(sink, channel)
    sink.breakage = DeliveryError("no")
    channel.add(b"one")
    with running(sink_runner(sink)):
        wait_until(lambda: sink.calls)
        channel.add(b"two")
        assert stays(lambda: sink.calls == 1)
    assert channel.bodies == [b"one", b"two"]
    assert sink.is_interrupted


def test_stopping_one_sink_of_a_group_that_fails_still_stops_the_others() -> None:
    class Stubborn(RecordingSink):
        def stop(self) -> None:
            raise RuntimeError("stubborn")

    sinks = [Stubborn("k1"), RecordingSink("k2")]
    for sink in sinks:
        attach(sink, ListChannel())
        sink.counters = SinkCounters(sink.name)
    runner = SinkRunner("g1", build(FailoverProcessor, {}, list(sinks)))
    runner.start()
    with pytest.raises(RuntimeError, match="stubborn"):
        runner.stop()
    assert not sinks[1].is_started
    assert not any(sink.counters.is_running for sink in sinks)
    assert not any(sink.channel.listeners for sink in sinks)


def test_counters_run_from_start_to_stop_and_a_failed_start_is_not_announced_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    sink = RecordingSink()
    attach(sink, ListChannel())
    sink.counters = SinkCounters("k1")
    runner = sink_runner(sink)
    sink.start_failures = [DeliveryError("no"), DeliveryError("no")]
    for _ in range(2):
        with pytest.raises(DeliveryError):
            runner.start()
        runner.stop()
        assert not sink.counters.is_running
    sink.counters.drain_success = 7
    runner.start()
    assert sink.counters.is_running
    assert sink.counters.drain_success == 0
    runner.stop()
    runner.stop()
    assert not sink.counters.is_running
    lines = [message for message in caplog.messages if message.startswith("Component type: SINK, name: k1")]
    assert lines == ["Component type: SINK, name: k1 started", "Component type: SINK, name: k1 stopped"]
    assert not sink.channel.listeners
