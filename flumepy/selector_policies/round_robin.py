"""Next channel for each event: a batch is cut into strides, and the rotation goes on in the next batch."""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.options import NoOptions
from flumepy.core.parts import SelectorPolicy


class RoundRobinSelectorPolicy(SelectorPolicy[NoOptions]):
    """Starts with the first channel. Source: LoadBalancingChannelSelector.RoundRobinPolicy."""

    def __init__(self, context: Context, options: NoOptions) -> None:
        super().__init__(context, options)
        self._next = 0

    def choose(self, ways: int) -> int:
        """Return the next channel."""
        chosen = self._next % ways
        self._next = (chosen + 1) % ways
        return chosen

    def split(self, batch: EventBatch, ways: int) -> list[EventBatch]:
        """Return one stride per channel."""
        first = self._next % ways
        self._next = (first + len(batch)) % ways
        return [batch.stride((way - first) % ways, ways) for way in range(ways)]
