"""A random order for every call."""

import random
from collections.abc import Sequence
from typing import Any

from flumepy.core.component import Sink
from flumepy.core.parts import OrderSelector


class RandomSinkSelector(OrderSelector):
    """Shuffles the sinks that may be tried. Source: RandomOrderSelector."""

    def order(self) -> Sequence[Sink[Any]]:
        """Return the eligible sinks, shuffled."""
        eligible = self.eligible()
        random.shuffle(eligible)
        return eligible
