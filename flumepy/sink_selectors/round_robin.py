"""Rotates: each call starts one sink further, then come the following ones in order."""

from collections.abc import Sequence
from typing import Any

from flumepy.core.component import Context, Sink
from flumepy.core.parts import OrderOptions, OrderSelector


class RoundRobinSinkSelector(OrderSelector):
    """Counts over the sinks that may be tried. Source: RoundRobinOrderSelector."""

    def __init__(self, context: Context, options: OrderOptions) -> None:
        super().__init__(context, options)
        self._head = 0

    def order(self) -> Sequence[Sink[Any]]:
        """Return the eligible sinks from the head on, and move the head."""
        eligible = self.eligible()
        if not eligible:
            return []
        head = self._head if self._head < len(eligible) else 0
        self._head = (head + 1) % len(eligible)
        return eligible[head:] + eligible[:head]
