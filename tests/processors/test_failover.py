"""The failover processor, at a clock that stands still."""

import logging
from typing import Any

import pytest

from flumepy.core.component import Sink, Status
from flumepy.core.errors import DeliveryError, StartError, UnsupportedError
from flumepy.core.problems import Problem
from flumepy.processors.failover import FailoverProcessor
from flumepy.testing.conformance import ProcessorConformance
from flumepy.testing.fakes import FakeClock, ListChannel, attach, build
from flumepy.testing.sinks import RecordingSink


class TestLaw(ProcessorConformance):
    def make_for(self, sinks: list[Sink[Any]]) -> FailoverProcessor:
        return build(FailoverProcessor, {"priority.k2": "10"}, sinks)


class Group:
    """A started failover group and all its parts."""

    def __init__(self, count: int, problems: list[Problem] | None = None, **settings: str) -> None:
        self.channel = ListChannel()
        self.sinks = [RecordingSink(f"k{number + 1}", batch_size=1) for number in range(count)]
        for sink in self.sinks:
            attach(sink, self.channel)
        self.clock = FakeClock()
        texts = {key.replace("__", "."): text for key, text in settings.items()}
        report = (problems if problems is not None else []).append
        self.processor = build(FailoverProcessor, texts, self.sinks, name="g1", clock=self.clock, report=report)

    def start(self) -> "Group":
        """Start."""
        self.processor.start()
        return self

    def next(self, body: bytes = b"x") -> str:
        """Put one event, process once, and return the name of the sink that delivered it."""
        before = [len(sink.bodies) for sink in self.sinks]
        self.channel.add(body)
        self.processor.process()
        (name,) = [sink.name for sink, count in zip(self.sinks, before, strict=True) if len(sink.bodies) > count]
        return name


def test_the_highest_priority_is_used() -> None:
    assert Group(3, priority__k1="5", priority__k2="10", priority__k3="-7").start().next() == "k2"


def test_without_priorities_the_first_sink_is_preferred() -> None:
    group = Group(3).start()
    assert group.next() == "k1"
    group.sinks[0].failures = [DeliveryError("down")]
    assert group.next() == "k2"


def test_a_sink_without_priority_stands_behind_those_with_one() -> None:
    assert Group(2, priority__k2="0").start().next() == "k2"


def test_a_failed_sink_is_left_for_the_next_in_the_same_call() -> None:
    group = Group(3, priority__k1="3", priority__k2="2", priority__k3="1").start()
    group.sinks[0].failures = [DeliveryError("down")]
    group.sinks[1].failures = [DeliveryError("down")]
    assert group.next() == "k3"
    assert group.next() == "k3"


def test_penalties_double_up_to_the_limit() -> None:
    group = Group(2, priority__k1="2", priority__k2="1", maxpenalty="10000").start()
    sink = group.sinks[0]
    sink.breakage = DeliveryError("down")
    assert group.next() == "k2"
    for penalty_ms in (2000, 4000, 8000, 10_000, 10_000):
        calls = sink.calls
        group.clock.advance_ms(penalty_ms)
        assert group.next() == "k2"
        assert sink.calls == calls, "probed before its penalty had passed"
        group.clock.advance_ms(1)
        assert group.next() == "k2"
        assert sink.calls == calls + 1, "not probed although its penalty had passed"


def test_a_probe_that_works_makes_the_sink_active_again_and_forgives_it() -> None:
    group = Group(2, priority__k1="2", priority__k2="1").start()
    sink = group.sinks[0]
    sink.failures = [DeliveryError("down"), DeliveryError("down")]
    assert group.next() == "k2"
    group.clock.advance_ms(2001)
    assert group.next() == "k2"
    group.clock.advance_ms(4001)
    assert group.next() == "k1"
    assert group.next() == "k1"
    sink.failures = [DeliveryError("down")]
    assert group.next() == "k2"
    group.clock.advance_ms(2001)
    assert group.next() == "k1", "the penalty must begin again at 2 s"


def test_a_recovered_sink_of_low_priority_does_not_become_active() -> None:
    group = Group(2, priority__k1="2", priority__k2="1").start()
    group.sinks[0].failures = [DeliveryError("down")]
    group.sinks[1].failures = [DeliveryError("down")]
    group.channel.add(b"x")
    with pytest.raises(DeliveryError, match="nothing left to failover to"):
        group.processor.process()
    group.clock.advance_ms(2001)
    assert group.processor.process() is Status.READY
    assert group.sinks[0].bodies == [b"x"]
    assert group.next() == "k2", "k2 is probed"
    assert group.next() == "k1"


@pytest.mark.parametrize("answer", [Status.IDLE, Status.BACKOFF])
def test_a_probe_that_delivers_nothing_ends_the_call_and_costs_nothing(answer: Status) -> None:
    group = Group(2, priority__k1="2", priority__k2="1").start()
    sink = group.sinks[0]
    sink.failures = [DeliveryError("down")]
    assert group.next() == "k2"
    group.clock.advance_ms(2001)
    sink.answer = answer
    assert group.processor.process() is answer
    sink.answer = None
    assert group.next() == "k1"


@pytest.mark.parametrize("answer", [Status.IDLE, Status.BACKOFF])
def test_only_an_error_counts_as_failure(answer: Status) -> None:
    group = Group(2).start()
    group.sinks[0].answer = answer
    assert group.processor.process() is answer
    assert group.sinks[1].calls == 0


def test_equal_priorities_leave_the_second_sink_out() -> None:
    problems: list[Problem] = []
    group = Group(2, problems, priority__k1="1", priority__k2="1").start()
    assert [problem.key for problem in problems] == ["priority.k2"]
    group.sinks[0].breakage = DeliveryError("down")
    with pytest.raises(DeliveryError):
        group.next()


def test_bad_and_unknown_priorities_are_reported() -> None:
    problems: list[Problem] = []
    group = Group(2, problems, priority__k1="high", priority__k2="-5", priority__k7="1").start()
    assert [problem.key for problem in problems] == ["priority.k1", "priority.k7"]
    assert group.next() == "k1", "without a priority of its own k1 has -1"


@pytest.mark.parametrize("maxpenalty", ["0", "-5000"])
def test_without_a_penalty_each_call_tries_a_failed_sink_once(maxpenalty: str) -> None:
    group = Group(2, maxpenalty=maxpenalty).start()
    group.sinks[0].breakage = DeliveryError("down")
    assert group.next() == "k2"
    group.clock.advance_ms(1)
    assert group.next() == "k2"
    assert group.sinks[0].calls == 2


def test_a_member_that_could_not_start_is_started_when_its_turn_comes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    group = Group(2)
    group.sinks[0].start_failures = [StartError("port taken"), StartError("port taken")]
    group.start()
    assert group.next() == "k2"
    group.clock.advance_ms(2001)  # its penalty is over, but not the wait for the next start
    assert group.next() == "k2"
    group.clock.advance_ms(4001)
    assert group.next() == "k2"
    assert not group.sinks[0].start_failures
    group.clock.advance_ms(8001)
    assert group.next() == "k1"
    assert "Sink k1 has started at last" in caplog.text


def test_a_member_that_can_never_run_is_not_started_again() -> None:
    group = Group(2)
    group.sinks[0].start_failures = [UnsupportedError("not yet")] * 2
    group.start()
    for _ in range(5):
        assert group.next() == "k2"
        group.clock.advance_ms(60_000)
    assert len(group.sinks[0].start_failures) == 1


def test_stopped_members_start_with_the_group_again() -> None:
    group = Group(2)
    group.sinks[0].start_failures = [StartError("port taken")]
    group.start()
    group.processor.stop()
    group.start()
    assert group.next() == "k1"
