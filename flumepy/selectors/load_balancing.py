"""Spreads events over the channels; a policy divides each batch into one part per channel."""

from typing import Any, cast

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context, Selector
from flumepy.core.options import Options, opt
from flumepy.core.parts import SelectorPolicy
from flumepy.core.route import Route


class LoadBalancingOptions(Options):
    """Properties of the load_balancing selector."""

    policy: str = opt(
        "policy", "round_robin", kind="selector_policy", doc="round_robin, random, or the class of a policy."
    )
    policy_settings: dict[str, str] = opt("policy.", {}, doc="Properties of a policy class.")


class LoadBalancingSelector(Selector[LoadBalancingOptions]):
    """Each event to one channel. Source: LoadBalancingChannelSelector."""

    Options = LoadBalancingOptions

    def __init__(self, context: Context, options: LoadBalancingOptions, channels: list[Channel[Any]]) -> None:
        super().__init__(context, options, channels)
        policy = context.build("selector_policy", options.policy, options.policy_settings, key="policy")
        self.policy = cast(SelectorPolicy[Any], policy)

    def route(self, batch: EventBatch) -> list[Route]:
        """Return a route for each channel that gets events."""
        parts = self.policy.split(batch, len(self.channels))
        return [Route(channel, part) for channel, part in zip(self.channels, parts, strict=True) if len(part)]
