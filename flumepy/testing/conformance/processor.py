"""The law of sink processors: every event is delivered once or stays in the channel, IDLE and errors reach the runner."""

from abc import abstractmethod
from typing import Any, ClassVar

import pytest

from flumepy.core.component import Sink, SinkProcessor, Status
from flumepy.core.errors import DeliveryError, FlumeError, StartError, StoppedError
from flumepy.testing.conformance.component import ComponentConformance, running
from flumepy.testing.fakes import ListChannel, attach
from flumepy.testing.sinks import RecordingSink


class ProcessorConformance(ComponentConformance):
    """Tests for sink processors."""

    #: how many sinks it runs
    sink_count: ClassVar[int] = 3

    @abstractmethod
    def make_for(self, sinks: list[Sink[Any]]) -> SinkProcessor[Any]:
        """Return a new processor over these sinks, named k1, k2 and so on."""

    def make(self) -> SinkProcessor[Any]:
        """Return a new processor over new sinks on one channel."""
        self.channel = ListChannel()
        self.sinks = [RecordingSink(f"k{number + 1}", batch_size=2) for number in range(self.sink_count)]
        for sink in self.sinks:
            attach(sink, self.channel)
        return self.make_for(list(self.sinks))

    def delivered(self) -> list[bytes]:
        """Return what all sinks delivered together."""
        return sorted(body for sink in self.sinks for body in sink.bodies)

    def test_an_empty_channel_is_idle(self) -> None:
        with running(self.make()) as processor:
            assert processor.process() is Status.IDLE

    def test_every_event_is_delivered_once(self) -> None:
        with running(self.make()) as processor:
            self.channel.add(*[b"%02d" % number for number in range(10)])
            while processor.process() is Status.READY:
                pass
            assert self.delivered() == [b"%02d" % number for number in range(10)]

    def test_when_all_sinks_fail_the_error_is_raised_and_the_events_stay(self) -> None:
        with running(self.make()) as processor:
            for sink in self.sinks:
                sink.breakage = DeliveryError("broken")
            self.channel.add(b"1", b"2", b"3")
            for _ in range(3):
                with pytest.raises(FlumeError):
                    processor.process()
            assert self.channel.bodies == [b"1", b"2", b"3"]

    def test_with_one_working_sink_everything_is_delivered(self) -> None:
        if self.sink_count < 2:
            return
        for working in range(self.sink_count):
            with running(self.make()) as processor:
                for sink in self.sinks:
                    sink.breakage = DeliveryError("broken")
                self.sinks[working].breakage = None
                self.channel.add(b"1", b"2", b"3")
                while processor.process() is Status.READY:
                    pass
                assert self.sinks[working].bodies == [b"1", b"2", b"3"]

    def test_a_group_runs_although_a_member_cannot_start(self) -> None:
        if self.sink_count < 2:
            return
        processor = self.make()
        self.sinks[0].start_failures = [StartError("port taken")] * 1000
        with running(processor):
            self.channel.add(b"1", b"2", b"3")
            while processor.process() is Status.READY:
                pass
            assert self.delivered() == [b"1", b"2", b"3"]
            assert not self.sinks[0].calls, "a sink that never started was asked to process"

    def test_a_stopped_wait_is_no_failure_of_the_sink(self) -> None:
        with running(self.make()) as processor:
            for sink in self.sinks:
                sink.breakage = StoppedError("stopped")
            self.channel.add(b"1")
            with pytest.raises(StoppedError):
                processor.process()
            assert sum(sink.calls for sink in self.sinks) == 1, "another sink was tried although the agent stops"
            assert self.channel.bodies == [b"1"]

    def test_start_interrupt_and_stop_reach_every_sink(self) -> None:
        with running(self.make()) as processor:
            assert all(sink.is_started for sink in self.sinks)
            processor.interrupt()
            assert all(sink.is_interrupted for sink in self.sinks)
        assert not any(sink.is_started for sink in self.sinks)
