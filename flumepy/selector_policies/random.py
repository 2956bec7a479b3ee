"""A channel drawn for each event, all equally likely."""

import random

from flumepy.core.batch import EventBatch
from flumepy.core.options import NoOptions
from flumepy.core.parts import SelectorPolicy


class RandomSelectorPolicy(SelectorPolicy[NoOptions]):
    """Uniformly random. Source: LoadBalancingChannelSelector.RandomPolicy."""

    def choose(self, ways: int) -> int:
        """Return any channel."""
        return int(random.random() * ways)  # noqa: S311  load is spread, nothing is kept secret

    def split(self, batch: EventBatch, ways: int) -> list[EventBatch]:
        """Return one part per channel; the draws of a whole batch are one call."""
        choices = random.choices(range(ways), k=len(batch))  # noqa: S311
        return [batch.filter([choice == way for choice in choices]) for way in range(ways)]
