"""Sends every event to every channel; the optional ones may fail."""

from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context, Selector
from flumepy.core.options import Options, opt
from flumepy.core.problems import Problem, Severity
from flumepy.core.route import Route


class ReplicatingOptions(Options):
    """Properties of the replicating selector."""

    optional: str = opt("optional", "", doc="Channels that may fail, separated by white space.", since="1.4")


class ReplicatingSelector(Selector[ReplicatingOptions]):
    """All channels, each with the whole batch. Source: ReplicatingChannelSelector."""

    Options = ReplicatingOptions

    def __init__(self, context: Context, options: ReplicatingOptions, channels: list[Channel[Any]]) -> None:
        super().__init__(context, options, channels)
        optional = set(options.optional.split())
        for name in sorted(optional.difference(self.by_name)):
            # Flume takes the name and then fails every put after the required channels have committed.
            message = f"Selector channel not found: {name}; it has no effect"
            context.report(Problem(Severity.WARNING, message, key="optional"))
        self._required = [channel for channel in channels if channel.name not in optional]
        self._optional = [channel for channel in channels if channel.name in optional]

    def route(self, batch: EventBatch) -> list[Route]:
        """Return one route per channel."""
        return [
            *[Route(channel, batch) for channel in self._required],
            *[Route(channel, batch, is_required=False) for channel in self._optional],
        ]

    def required_channels(self) -> list[Channel[Any]]:
        """Return the channels that are not optional."""
        return self._required
