"""The law of selectors: order is kept, no event goes twice to one channel, only the source's channels are used."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Selector
from flumepy.testing.conformance.component import ComponentConformance
from flumepy.testing.conformance.interceptor import check_columns, snapshot
from flumepy.testing.fakes import ListChannel


def is_in_order(part: Sequence[bytes], whole: Sequence[bytes]) -> bool:
    """Tell whether `part` is a subsequence of `whole`."""
    rest = iter(whole)
    return all(any(body == other for other in rest) for body in part)


class SelectorConformance(ComponentConformance):
    """Tests for selectors."""

    channel_names: ClassVar[tuple[str, ...]] = ("c1", "c2", "c3")

    @abstractmethod
    def make_for(self, channels: list[Channel[Any]]) -> Selector[Any]:
        """Return a new selector over these channels, which are named as `channel_names` says."""

    def make(self) -> Selector[Any]:
        """Return a new selector over new channels."""
        return self.make_for([ListChannel(name) for name in self.channel_names])

    def batches(self) -> list[EventBatch]:
        """Return batches of different bodies; add headers that your selector looks at."""
        bodies = [f"event {number}".encode() for number in range(20)]
        return [
            EventBatch(bodies),
            EventBatch(bodies[:1]),
            EventBatch(bodies[:7], {"type": "a"}),
            EventBatch(bodies, {"type": [("a", "b", None, "z", " ")[number % 5] for number in range(20)]}),
        ]

    def test_each_route_keeps_the_order_of_events(self) -> None:
        selector = self.make()
        for batch in self.batches():
            for route in selector.route(batch):
                assert is_in_order(route.batch.bodies, batch.bodies)
                check_columns(route.batch)

    def test_no_event_goes_twice_to_a_channel(self) -> None:
        selector = self.make()
        for batch in self.batches():
            routes = selector.route(batch)
            sorts = [(route.channel.name, route.is_required) for route in routes]
            assert len(set(sorts)) == len(sorts), "two routes of one sort lead to one channel"
            for channel in selector.channels:
                bodies = [body for route in routes if route.channel is channel for body in route.batch.bodies]
                assert len(set(bodies)) == len(bodies)

    def test_events_keep_their_headers(self) -> None:
        selector = self.make()
        for batch in self.batches():
            known = {event.body: event.headers for event in batch.events()}
            for route in selector.route(batch):
                assert all(event.headers == known[event.body] for event in route.batch.events())

    def test_only_channels_of_the_source_are_used(self) -> None:
        selector = self.make()
        required = selector.required_channels()
        assert all(channel in selector.channels for channel in required)
        for batch in self.batches():
            for route in selector.route(batch):
                assert route.channel in (required if route.is_required else selector.channels)

    def test_the_given_batch_stays_as_it_is(self) -> None:
        selector = self.make()
        for batch in self.batches():
            before = snapshot(batch)
            selector.route(batch)
            assert snapshot(batch) == before

    def test_an_empty_batch_goes_nowhere(self) -> None:
        assert not [route for route in self.make().route(EventBatch([])) if route.batch.bodies]
