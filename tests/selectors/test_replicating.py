"""The replicating selector."""

from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.problems import Problem
from flumepy.selectors.replicating import ReplicatingSelector
from flumepy.testing.conformance import SelectorConformance
from flumepy.testing.fakes import ListChannel, build


class TestLaw(SelectorConformance):
    def make_for(self, channels: list[Channel[Any]]) -> ReplicatingSelector:
        return build(ReplicatingSelector, {"optional": "c2"}, channels)


def ways(selector: ReplicatingSelector) -> list[tuple[str, bool]]:
    """Return channel and requirement of each route."""
    return [(route.channel.name, route.is_required) for route in selector.route(EventBatch([b"1"]))]


def channels() -> list[ListChannel]:
    """Return three channels."""
    return [ListChannel("c1"), ListChannel("c2"), ListChannel("c3")]


def test_every_channel_gets_the_very_batch() -> None:
    batch = EventBatch([b"1", b"2"])
    routes = build(ReplicatingSelector, {}, channels()).route(batch)
    assert [(route.channel.name, route.is_required) for route in routes] == [("c1", True), ("c2", True), ("c3", True)]
    assert all(route.batch is batch for route in routes)


def test_optional_channels_come_after_the_required_ones() -> None:
    selector = build(ReplicatingSelector, {"optional": "c1 \t c2"}, channels())
    assert ways(selector) == [("c3", True), ("c1", False), ("c2", False)]
    assert [channel.name for channel in selector.required_channels()] == ["c3"]


def test_all_channels_may_be_optional() -> None:
    selector = build(ReplicatingSelector, {"optional": "c1 c2 c3"}, channels())
    assert selector.required_channels() == []
    assert not any(is_required for _, is_required in ways(selector))


def test_an_unknown_optional_channel_is_reported_and_ignored() -> None:
    problems: list[Problem] = []
    selector = build(ReplicatingSelector, {"optional": "c2 c9"}, channels(), report=problems.append)
    assert ways(selector) == [("c1", True), ("c3", True), ("c2", False)]
    assert [problem.key for problem in problems] == ["optional"]
    assert "Selector channel not found: c9" in problems[0].message
