"""The multiplexing selector, against a per-event model of Flume's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import Event, EventBatch
from flumepy.core.channel import Channel
from flumepy.core.errors import ConfigurationError
from flumepy.selectors.multiplexing import MOST_REMEMBERED_VALUES, MultiplexingSelector
from flumepy.testing.conformance import SelectorConformance
from flumepy.testing.fakes import ListChannel, build

SETTINGS = {
    "header": "type", "mapping.a": "c1", "mapping.b": "c2 c3", "default": "c3",
    "optional.a": "c2 c1", "optional.z": "c1 c3",
}  # fmt: skip


class TestLaw(SelectorConformance):
    def make_for(self, channels: list[Channel[Any]]) -> MultiplexingSelector:
        return build(MultiplexingSelector, SETTINGS, channels)


def selector(**settings: str) -> MultiplexingSelector:
    """Return a selector over c1, c2, c3; "__" stands for a dot."""
    texts = {key.replace("__", "."): text for key, text in settings.items()}
    return build(MultiplexingSelector, texts, [ListChannel("c1"), ListChannel("c2"), ListChannel("c3")])


def ways(multiplexing: MultiplexingSelector, batch: EventBatch) -> dict[tuple[str, bool], list[bytes]]:
    """Return the bodies by channel and requirement."""
    return {(route.channel.name, route.is_required): route.batch.bodies for route in multiplexing.route(batch)}


def test_a_mapped_value_leads_to_its_channels() -> None:
    batch = EventBatch([b"1", b"2"], {"state": "CZ"})
    multiplexing = selector(header="state", mapping__CZ="c1 c2", default="c3")
    routes = multiplexing.route(batch)
    assert [(route.channel.name, route.is_required) for route in routes] == [("c1", True), ("c2", True)]
    assert all(route.batch is batch for route in routes)


def test_the_header_has_flumes_default_name() -> None:
    batch = EventBatch([b"1"], {"flume.selector.header": "x"})
    assert ways(selector(mapping__x="c2"), batch) == {("c2", True): [b"1"]}


@pytest.mark.parametrize("value", [None, "", " \t", "unmapped", "cz"])
def test_missing_blank_and_unmapped_values_go_to_the_default(value: str | None) -> None:
    batch = EventBatch([b"1"], {} if value is None else {"state": value})
    assert ways(selector(header="state", mapping__CZ="c1", default="c3"), batch) == {("c3", True): [b"1"]}


def test_without_a_default_such_events_go_nowhere() -> None:
    assert selector(header="state", mapping__CZ="c1").route(EventBatch([b"1"])) == []


def test_a_column_is_divided_by_value() -> None:
    batch = EventBatch([b"1", b"2", b"3", b"4"], {"type": ["a", None, "b", "a"]})
    assert ways(selector(header="type", mapping__a="c1", mapping__b="c2", default="c3"), batch) == {
        ("c1", True): [b"1", b"4"], ("c2", True): [b"3"], ("c3", True): [b"2"],
    }  # fmt: skip


def test_values_with_dots_work() -> None:
    batch = EventBatch([b"1"], {"h": "a.b.c"})
    assert ways(selector(header="h", **{"mapping__a.b.c": "c1"}), batch) == {("c1", True): [b"1"]}


def test_optional_channels_belong_to_exactly_their_value() -> None:
    multiplexing = selector(header="h", mapping__a="c1", optional__a="c2", optional__b="c3", default="c1")
    assert ways(multiplexing, EventBatch([b"1"], {"h": "a"})) == {("c1", True): [b"1"], ("c2", False): [b"1"]}
    assert ways(multiplexing, EventBatch([b"1"], {"h": "b"})) == {("c1", True): [b"1"], ("c3", False): [b"1"]}
    assert ways(multiplexing, EventBatch([b"1"])) == {("c1", True): [b"1"]}


def test_required_wins_over_optional() -> None:
    multiplexing = selector(header="h", mapping__a="c1 c2", optional__a="c2 c3", optional__b="c1", default="c1")
    assert ways(multiplexing, EventBatch([b"1"], {"h": "a"})) == {
        ("c1", True): [b"1"], ("c2", True): [b"1"], ("c3", False): [b"1"],
    }  # fmt: skip
    assert ways(multiplexing, EventBatch([b"1"], {"h": "b"})) == {("c1", True): [b"1"]}


def test_a_channel_may_be_required_for_one_value_and_optional_for_another() -> None:
    multiplexing = selector(header="h", mapping__a="c1", optional__b="c1", default="c2")
    assert ways(multiplexing, EventBatch([b"1", b"2"], {"h": ["a", "b"]})) == {
        ("c1", True): [b"1"], ("c2", True): [b"2"], ("c1", False): [b"2"],
    }  # fmt: skip
    assert [channel.name for channel in multiplexing.required_channels()] == ["c1", "c2"]


@pytest.mark.parametrize(
    ("settings", "name", "key"),
    [
        ({"mapping__a": "c1 c9"}, "c9", "mapping.a"),
        ({"mapping__a": "c1  c2"}, "", "mapping.a"),
        ({"mapping__a": "c1,c2"}, "c1,c2", "mapping.a"),
        ({"default": "nope"}, "nope", "default"),
        ({"optional__a": "nope", "default": "c1"}, "nope", "optional.a"),
    ],
)
def test_an_unknown_channel_is_refused_by_name(settings: dict[str, str], name: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        selector(**settings)
    assert str(caught.value) == f"Selector channel not found: {name}"
    assert caught.value.key == key


def test_a_channel_named_twice_gets_events_once() -> None:
    assert ways(selector(default="c1 c1"), EventBatch([b"1"])) == {("c1", True): [b"1"]}


def test_what_is_remembered_of_values_is_bounded() -> None:
    multiplexing = selector(header="h", default="c1")
    for number in range(MOST_REMEMBERED_VALUES + 10):
        multiplexing.route(EventBatch([b"1"], {"h": str(number)}))
    assert len(multiplexing._ways) <= MOST_REMEMBERED_VALUES


VALUES = st.sampled_from([None, "a", "b", "z", "", "  ", "other"])


def of_flume(value: str | None) -> tuple[list[str], list[str]]:
    """Return the required and optional channels that SETTINGS give an event in Flume."""
    mapping = {"a": ["c1"], "b": ["c2", "c3"]}
    required = ["c3"] if value is None or not value.strip() else mapping.get(value, ["c3"])
    optional = {"a": ["c2"], "z": ["c1"]}.get(value or "", [])
    return required, optional


@given(st.lists(VALUES, max_size=30))
def test_each_event_goes_where_flume_sends_it(values: list[str | None]) -> None:
    events = [Event(b"%d" % number, {} if value is None else {"type": value}) for number, value in enumerate(values)]
    channels = [ListChannel(name) for name in ("c1", "c2", "c3")]
    multiplexing = build(MultiplexingSelector, SETTINGS, channels)
    expected: dict[tuple[str, bool], list[bytes]] = {}
    for event in events:
        required, optional = of_flume(event.headers.get("type"))
        for name in required:
            expected.setdefault((name, True), []).append(event.body)
        for name in optional:
            expected.setdefault((name, False), []).append(event.body)
    got = ways(multiplexing, EventBatch.from_events(events))
    assert {way: bodies for way, bodies in got.items() if bodies} == expected
