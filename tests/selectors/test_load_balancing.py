"""The load_balancing selector and its policies."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Component, Context
from flumepy.core.errors import ConfigurationError, UnknownTypeError
from flumepy.core.options import AnyOptions, require_options
from flumepy.core.parts import SelectorPolicy
from flumepy.selector_policies.random import RandomSelectorPolicy
from flumepy.selector_policies.round_robin import RoundRobinSelectorPolicy
from flumepy.selectors.load_balancing import LoadBalancingSelector
from flumepy.testing.conformance import SelectorConformance
from flumepy.testing.fakes import ListChannel, build


class Nth(SelectorPolicy[AnyOptions]):
    """What a plugin would write: always the same channel."""

    Options = AnyOptions

    def choose(self, ways: int) -> int:
        return int(self.options.settings.get("n", "0")) % ways


POLICIES: dict[str, type[Component[Any]]] = {
    "round_robin": RoundRobinSelectorPolicy, "random": RandomSelectorPolicy, "nth": Nth,
}  # fmt: skip


def builder(kind: str, type_name: str, settings: Mapping[str, str], context: Context) -> Component[Any]:
    """Build the policies of these tests."""
    if kind != "selector_policy" or type_name.lower() not in POLICIES:
        raise UnknownTypeError(f"no {kind} type is called {type_name!r}", key="type")
    component = POLICIES[type_name.lower()]
    return component(context, require_options(component.Options, settings))


def selector(ways: int, **settings: str) -> LoadBalancingSelector:
    """Return a selector over so many channels; "__" stands for a dot."""
    texts = {key.replace("__", "."): text for key, text in settings.items()}
    channels = [ListChannel(f"c{number + 1}") for number in range(ways)]
    return build(LoadBalancingSelector, texts, channels, builder=builder)


def shares(balancing: LoadBalancingSelector, batch: EventBatch) -> dict[str, list[bytes]]:
    """Return the bodies by channel."""
    routes = balancing.route(batch)
    assert all(route.is_required for route in routes)
    return {route.channel.name: route.batch.bodies for route in routes}


class TestLawRoundRobin(SelectorConformance):
    def make_for(self, channels: list[Channel[Any]]) -> LoadBalancingSelector:
        return build(LoadBalancingSelector, {}, channels, builder=builder)


class TestLawRandom(SelectorConformance):
    def make_for(self, channels: list[Channel[Any]]) -> LoadBalancingSelector:
        return build(LoadBalancingSelector, {"policy": "RANDOM"}, channels, builder=builder)


class TestLawOfAPlugin(SelectorConformance):
    def make_for(self, channels: list[Channel[Any]]) -> LoadBalancingSelector:
        return build(LoadBalancingSelector, {"policy": "nth", "policy.n": "1"}, channels, builder=builder)


def test_round_robin_begins_at_the_first_channel_and_goes_on_across_batches() -> None:
    balancing = selector(3)
    assert shares(balancing, EventBatch([b"1", b"2", b"3", b"4"])) == {
        "c1": [b"1", b"4"], "c2": [b"2"], "c3": [b"3"],
    }  # fmt: skip
    assert shares(balancing, EventBatch([b"5"])) == {"c2": [b"5"]}
    assert shares(balancing, EventBatch([b"6", b"7"])) == {"c3": [b"6"], "c1": [b"7"]}


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(1, 5))
def test_round_robin_does_the_same_by_batch_as_event_by_event(sizes: list[int], ways: int) -> None:
    by_batch, by_event = build(RoundRobinSelectorPolicy), build(RoundRobinSelectorPolicy)
    number = 0
    for size in sizes:
        bodies = [b"%d" % n for n in range(number, number + size)]
        number += size
        expected: list[list[bytes]] = [[] for _ in range(ways)]
        for body in bodies:
            expected[by_event.choose(ways)].append(body)
        headers: dict[str, Any] = {"n": [body.decode() for body in bodies]} if bodies else {}
        parts = by_batch.split(EventBatch(bodies, headers), ways)
        assert [part.bodies for part in parts] == expected
        assert all(part.column("n") == [body.decode() for body in part.bodies] for part in parts)


def test_random_uses_every_channel_about_equally() -> None:
    balancing = selector(4, policy="random")
    counts = Counter({name: len(bodies) for name, bodies in shares(balancing, EventBatch([b"x"] * 4000)).items()})
    assert len(counts) == 4
    assert min(counts.values()) > 700  # 1000 expected; 11 standard deviations off
    policy = build(RandomSelectorPolicy)
    assert {policy.choose(3) for _ in range(500)} == {0, 1, 2}


def test_a_policy_class_gets_its_properties() -> None:
    balancing = selector(3, policy="nth", policy__n="2")
    assert shares(balancing, EventBatch([b"1", b"2"])) == {"c3": [b"1", b"2"]}


def test_an_unknown_policy_is_refused_at_its_key() -> None:
    with pytest.raises(ConfigurationError) as caught:
        selector(2, policy="fastest")
    assert caught.value.key == "policy"
