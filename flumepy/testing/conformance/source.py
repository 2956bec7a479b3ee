"""The law of sources: events reach the channel in order, a full channel loses nothing, stop ends every wait."""

import time
from abc import abstractmethod
from typing import Any, ClassVar

import pytest

from flumepy.core.component import PollableSource, Source, Status
from flumepy.core.errors import ChannelError, ChannelFullError, FlumeError
from flumepy.core.outlet import Outlet
from flumepy.core.threads import start_thread
from flumepy.testing.conformance.component import ComponentConformance
from flumepy.testing.fakes import ListChannel, connect, wait_until

STOP_S = 10.0


class SourceConformance(ComponentConformance):
    """Tests for sources with threads of their own."""

    #: most events of one transaction that the suite's channel allows
    transaction_capacity: ClassVar[int] = 100

    @abstractmethod
    def make(self) -> Source[Any]:
        """Return a new source; ports are 0, files lie where `feed` writes them."""

    @abstractmethod
    def feed(self, source: Source[Any], bodies: list[bytes]) -> None:
        """Let these events come to the source in order; need not wait for the channel. Bodies are plain words."""

    def prepared(self) -> Source[Any]:
        """Return a new source before a new channel."""
        self.channel = ListChannel(transaction_capacity=self.transaction_capacity)
        source = self.make()
        connect(source, self.channel)
        return source

    def start(self, source: Source[Any]) -> Outlet:
        """Start a source as its runner does."""
        source.outlet.start()
        source.start()
        return source.outlet

    def stop(self, source: Source[Any]) -> None:
        """Stop a source as its runner does."""
        source.stop()
        source.outlet.stop()

    def wait_for(self, source: Source[Any], bodies: list[bytes]) -> None:
        """Wait until the channel has these events."""
        wait_until(lambda: len(self.channel.bodies) >= len(bodies), what=f"the arrival of {len(bodies)} events")

    def bodies(self, count: int) -> list[bytes]:
        """Return the bodies that are fed."""
        return [b"event-%d" % number for number in range(count)]

    def test_events_reach_the_channel_in_order(self) -> None:
        source, bodies = self.prepared(), self.bodies(250)
        self.start(source)
        try:
            self.feed(source, bodies)
            self.wait_for(source, bodies)
        finally:
            self.stop(source)
        assert self.channel.bodies == bodies

    def test_no_transaction_is_larger_than_the_channel_allows(self) -> None:
        source, bodies = self.prepared(), self.bodies(250)
        self.start(source)
        try:
            self.feed(source, bodies)
            self.wait_for(source, bodies)
        finally:
            self.stop(source)
        assert max(map(len, self.channel.put_batches)) <= self.transaction_capacity

    def test_nothing_arrives_after_stop(self) -> None:
        source = self.prepared()
        self.start(source)
        self.feed(source, self.bodies(1))
        self.wait_for(source, self.bodies(1))
        self.stop(source)
        count = self.channel.size
        with pytest.raises(FlumeError):
            source.outlet.put(self.channel.queue[0])
        assert self.channel.size == count

    def test_stop_ends_a_wait_for_a_full_channel(self) -> None:
        source = self.prepared()
        self.channel.capacity = 0
        self.start(source)
        self.feed(source, self.bodies(3))
        began_s = time.monotonic()
        self.stop(source)
        assert time.monotonic() - began_s < STOP_S, "stop took too long while the channel was full"


class PollableSourceConformance(SourceConformance):
    """Tests for sources that a runner polls; the suite is the runner."""

    @abstractmethod
    def make(self) -> PollableSource[Any]:
        """Return a new source."""

    def wait_for(self, source: Source[Any], bodies: list[bytes]) -> None:
        """Poll until the channel has these events."""
        assert isinstance(source, PollableSource)
        deadline_s = time.monotonic() + STOP_S
        while len(self.channel.bodies) < len(bodies):
            assert time.monotonic() < deadline_s, f"only {len(self.channel.bodies)} of {len(bodies)} events arrived"
            if source.process() is not Status.READY:
                time.sleep(0.001)

    def stop(self, source: Source[Any]) -> None:
        """Stop a source as its runner does."""
        assert isinstance(source, PollableSource)
        source.outlet.interrupt()
        source.interrupt()
        super().stop(source)

    def test_what_a_failing_channel_refused_comes_again_in_order(self) -> None:
        source, bodies = self.prepared(), self.bodies(20)
        assert isinstance(source, PollableSource)
        self.start(source)
        try:
            self.feed(source, bodies)
            self.channel.failures = [ChannelFullError("full"), ChannelFullError("full")]
            deadline_s = time.monotonic() + STOP_S
            while self.channel.failures:
                assert time.monotonic() < deadline_s, "the source did not put anything"
                try:
                    source.process()
                except ChannelError:
                    continue
            self.wait_for(source, bodies)
        finally:
            self.stop(source)
        assert self.channel.bodies[: len(bodies)] == bodies

    def test_process_ends_soon_after_interrupt(self) -> None:
        source = self.prepared()
        assert isinstance(source, PollableSource)
        self.start(source)
        outcome: list[Status | FlumeError] = []

        def poll() -> None:
            try:
                outcome.append(source.process())
            except FlumeError as error:
                outcome.append(error)

        thread = start_thread("conformance-poll", poll)
        source.outlet.interrupt()
        source.interrupt()
        thread.join(STOP_S)
        self.stop(source)
        assert outcome, "process did not return after interrupt"
