"""The law of sinks: a taken batch is delivered, in order, or goes back to the head of the channel."""

from abc import abstractmethod
from contextlib import suppress
from typing import Any, ClassVar

import pytest

from flumepy.core.component import Sink, Status
from flumepy.core.errors import FlumeError
from flumepy.testing.conformance.component import ComponentConformance, running
from flumepy.testing.fakes import ListChannel, attach


class SinkConformance(ComponentConformance):
    """Tests for sinks."""

    #: true: after a failure some events may be delivered again (network sinks)
    may_repeat: ClassVar[bool] = False

    @abstractmethod
    def make(self) -> Sink[Any]:
        """Return a new sink that delivers to a target the suite's fixtures provide."""

    @abstractmethod
    def delivered(self) -> list[bytes]:
        """Return the bodies that arrived at the target since the test began, read once the sink was stopped."""

    def break_target(self) -> bool | None:
        """Make the next delivery fail; None where nothing can fail."""
        return None

    def mend_target(self) -> None:
        """Undo `break_target`."""

    def prepared(self) -> Sink[Any]:
        """Return a new sink on a new channel."""
        self.channel = ListChannel()
        sink = self.make()
        attach(sink, self.channel)
        return sink

    def drain(self, sink: Sink[Any], *, calls: int = 1000) -> None:
        """Let the sink process until its channel is empty."""
        for _ in range(calls):
            if not self.channel.size:
                return
            sink.process()
        raise AssertionError(f"{self.channel.size} events are still in the channel after {calls} calls")

    def test_an_empty_channel_is_idle(self) -> None:
        with running(self.prepared()) as sink:
            assert sink.process() in (Status.IDLE, Status.BACKOFF)

    def test_events_are_delivered_in_order(self) -> None:
        bodies = [b"event %d" % number for number in range(250)]
        with running(self.prepared()) as sink:
            for start in range(0, 250, 7):
                self.channel.add(*bodies[start : start + 7])
            self.drain(sink)
        assert self.delivered() == bodies

    def test_events_wait_in_the_channel_while_the_sink_is_stopped(self) -> None:
        sink = self.prepared()
        with running(sink):
            self.channel.add(b"one")
            self.drain(sink)
        self.channel.add(b"two")
        with running(sink):
            self.drain(sink)
        assert self.delivered() == [b"one", b"two"]

    def test_a_failed_delivery_gives_the_events_back_in_order(self) -> None:
        bodies = [b"event %d" % number for number in range(20)]
        with running(self.prepared()) as sink:
            if self.break_target() is None:
                pytest.skip("this sink's target cannot fail")
            self.channel.add(*bodies[:10])
            self.channel.add(*bodies[10:])
            for _ in range(3):
                with suppress(FlumeError):
                    assert sink.process() is not Status.READY, "a failed delivery must not look like a success"
                assert self.channel.bodies == bodies
            self.mend_target()
            self.drain_failing(sink)
        arrived = self.delivered()
        assert (list(dict.fromkeys(arrived)) if self.may_repeat else arrived) == bodies

    def drain_failing(self, sink: Sink[Any]) -> None:
        """Drain a sink that may need some calls to find out that its target works again."""
        for _ in range(1000):
            try:
                self.drain(sink)
                return
            except FlumeError:
                continue
        raise AssertionError("the sink did not recover")
