"""The load_balance processor and its sink selectors, at a clock that stands still."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from flumepy.core.component import Component, Context, Sink, Status
from flumepy.core.errors import ConfigurationError, DeliveryError, StartError, UnknownTypeError
from flumepy.core.options import AnyOptions, require_options
from flumepy.core.parts import SinkSelector
from flumepy.processors.load_balance import LoadBalanceProcessor
from flumepy.sink_selectors.random import RandomSinkSelector
from flumepy.sink_selectors.round_robin import RoundRobinSinkSelector
from flumepy.testing.conformance import ProcessorConformance
from flumepy.testing.fakes import FakeClock, ListChannel, attach, build
from flumepy.testing.sinks import RecordingSink


class LastFirst(SinkSelector[AnyOptions]):
    """What a plugin would write."""

    Options = AnyOptions

    def __init__(self, context: Context, options: AnyOptions) -> None:
        super().__init__(context, options)
        self.failed: list[str] = []
        self.is_running = False

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False

    def order(self) -> Sequence[Sink[Any]]:
        return self.sinks[::-1]

    def inform_failed(self, sink: Sink[Any]) -> None:
        self.failed.append(sink.name)


SELECTORS: dict[str, type[Component[Any]]] = {
    "round_robin": RoundRobinSinkSelector, "random": RandomSinkSelector, "last_first": LastFirst,
}  # fmt: skip


def builder(kind: str, type_name: str, settings: Mapping[str, str], context: Context) -> Component[Any]:
    """Build the sink selectors of these tests."""
    if kind != "sink_selector" or type_name not in SELECTORS:
        raise UnknownTypeError(f"no {kind} type is called {type_name!r}", key="type")
    component = SELECTORS[type_name]
    return component(context, require_options(component.Options, settings))


class TestLawRoundRobin(ProcessorConformance):
    def make_for(self, sinks: list[Sink[Any]]) -> LoadBalanceProcessor:
        return build(LoadBalanceProcessor, {}, sinks, builder=builder)


class TestLawRandomWithBackoff(ProcessorConformance):
    def make_for(self, sinks: list[Sink[Any]]) -> LoadBalanceProcessor:
        return build(LoadBalanceProcessor, {"selector": "RANDOM", "backoff": "true"}, sinks, builder=builder)


class TestLawOfAPlugin(ProcessorConformance):
    def make_for(self, sinks: list[Sink[Any]]) -> LoadBalanceProcessor:
        return build(LoadBalanceProcessor, {"selector": "last_first"}, sinks, builder=builder)


class Group:
    """A load_balance group and all its parts."""

    def __init__(self, count: int, **settings: str) -> None:
        self.channel = ListChannel()
        self.sinks = [RecordingSink(f"k{number + 1}", batch_size=1) for number in range(count)]
        for sink in self.sinks:
            attach(sink, self.channel)
        self.clock = FakeClock()
        texts = {key.replace("__", "."): text for key, text in settings.items()}
        self.processor = build(LoadBalanceProcessor, texts, self.sinks, builder=builder, name="g1", clock=self.clock)

    def next(self) -> str:
        """Put one event, process once, and return the name of the sink that delivered it."""
        before = [len(sink.bodies) for sink in self.sinks]
        self.channel.add(b"x")
        self.processor.process()
        (name,) = [sink.name for sink, count in zip(self.sinks, before, strict=True) if len(sink.bodies) > count]
        return name

    def names(self, count: int) -> str:
        """Return the numbers of the sinks that delivered so many events."""
        return "".join(self.next().removeprefix("k") for _ in range(count))


def test_one_sink_is_too_few() -> None:
    with pytest.raises(ConfigurationError, match="cannot be used for a single sink"):
        Group(1)


def test_an_unknown_selector_is_refused_at_its_key() -> None:
    for name in ("ROUND_ROBIN_BACKOFF", "fair"):
        with pytest.raises(ConfigurationError) as caught:
            Group(2, selector=name)
        assert caught.value.key == "selector"


def test_round_robin_moves_on_by_one_each_call() -> None:
    assert Group(3).names(7) == "1231231"


def test_round_robin_moves_on_for_empty_polls_too() -> None:
    group = Group(3)
    assert group.processor.process() is Status.IDLE
    assert group.names(2) == "23"


def test_single_events_are_spread_although_an_empty_call_follows_each() -> None:
    group = Group(2)
    names = ""
    for _ in range(6):
        names += group.names(1)
        assert group.processor.process() is Status.IDLE
    assert names == "121212"
    calls = [sink.calls for sink in group.sinks]
    for _ in range(4):
        assert group.processor.process() is Status.IDLE
    # Idle sinks are still called in turn: they roll their files then.
    assert [sink.calls - before for sink, before in zip(group.sinks, calls, strict=True)] == [2, 2]


def test_round_robin_tries_the_following_sinks_in_order() -> None:
    group = Group(3)
    group.sinks[0].breakage = DeliveryError("down")
    assert group.names(6) == "223223"
    assert group.sinks[0].calls == 2


@pytest.mark.parametrize("answer", [Status.IDLE, Status.BACKOFF])
def test_a_sink_that_returns_ends_the_call(answer: Status) -> None:
    group = Group(2)
    group.sinks[0].answer = answer
    assert group.processor.process() is answer
    assert group.sinks[1].calls == 0


def test_random_uses_all_sinks() -> None:
    group = Group(3, selector="random")
    assert set(group.names(200)) == {"1", "2", "3"}


def test_random_falls_back_to_a_sink_that_works() -> None:
    group = Group(3, selector="Random")
    group.sinks[0].breakage = group.sinks[2].breakage = DeliveryError("down")
    assert set(group.names(20)) == {"2"}


@pytest.mark.parametrize("selector", ["round_robin", "random"])
def test_with_backoff_a_failed_sink_is_skipped_for_longer_each_time(selector: str) -> None:
    group = Group(2, selector=selector, backoff="true", selector__maxTimeOut="10000")
    sink = group.sinks[0]
    sink.breakage = DeliveryError("down")
    group.names(20)
    assert sink.calls == 1
    for wait_ms in (2000, 4000, 8000, 10_000, 10_000):
        calls = sink.calls
        group.clock.advance_ms(wait_ms)
        group.names(20)
        assert sink.calls == calls, "tried before its wait had passed"
        group.clock.advance_ms(1)
        group.names(20)
        assert sink.calls == calls + 1, "not tried although its wait had passed"


def test_the_longest_wait_is_half_a_minute_unless_set() -> None:
    for settings in ({}, {"selector__maxTimeOut": "0"}):
        group = Group(2, backoff="true", **settings)
        sink = group.sinks[0]
        sink.breakage = DeliveryError("down")
        group.names(2)
        for _ in range(8):
            group.clock.advance_ms(30_001)
            calls = sink.calls
            group.names(2)
            assert sink.calls == calls + 1


def test_a_success_does_not_reset_the_wait_but_an_hour_of_quiet_does() -> None:
    group = Group(2, backoff="true")
    sink = group.sinks[0]
    sink.failures = [DeliveryError("down")]
    group.names(2)
    group.clock.advance_ms(2001)
    assert "1" in group.names(2)
    sink.failures = [DeliveryError("down")]
    group.names(2)
    group.clock.advance_ms(2001)
    assert group.names(4) == "2222", "the second failure within the hour waits 4 s"
    group.clock.advance_ms(3_700_000)
    assert "1" in group.names(2)
    sink.failures = [DeliveryError("down")]
    group.names(2)
    group.clock.advance_ms(2001)
    assert "1" in group.names(2)


def test_when_all_are_skipped_nothing_is_tried() -> None:
    for selector in ("round_robin", "random"):
        group = Group(2, selector=selector, backoff="true")
        for sink in group.sinks:
            sink.failures = [DeliveryError("down")]
        group.channel.add(b"x")
        for _ in range(3):
            with pytest.raises(DeliveryError, match="All configured sinks have failed"):
                group.processor.process()
        assert [sink.calls for sink in group.sinks] == [1, 1]


def test_a_bad_time_out_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Group(2, selector__maxTimeOut="soon")
    assert caught.value.key == "selector.maxTimeOut"


def test_a_selector_class_gets_its_properties_its_sinks_and_the_failures() -> None:
    group = Group(3, selector="last_first", backoff="true", selector__maxTimeOut="7", selector__colour="red")
    selector = group.processor.selector
    assert isinstance(selector, LastFirst)
    assert selector.options.settings == {"maxTimeOut": "7", "colour": "red"}
    group.processor.start()
    assert selector.is_running
    group.sinks[2].failures = [DeliveryError("down")]
    assert group.names(2) == "23"
    assert selector.failed == ["k3"]
    group.processor.stop()
    assert not selector.is_running


def test_a_member_that_could_not_start_is_tried_again_after_three_seconds() -> None:
    group = Group(2)
    group.sinks[0].start_failures = [StartError("port taken"), StartError("port taken")]
    group.processor.start()
    assert group.names(4) == "2222"
    assert len(group.sinks[0].start_failures) == 1, "its start was tried again too early"
    group.clock.advance_ms(3000)
    group.names(4)
    assert not group.sinks[0].start_failures
    group.clock.advance_ms(3000)
    assert "1" in group.names(2)
