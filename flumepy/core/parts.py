"""Contracts of the small parts that selectors, sink groups and interceptors name by type.

A part is a component like any other: options declared, `__init__` opens nothing, built through `context.build`.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from flumepy.core.backoff import MemberBackoff
from flumepy.core.batch import EventBatch
from flumepy.core.component import Component, Context, Sink
from flumepy.core.options import Options, OptionsT, opt

DEFAULT_MAX_TIME_OUT_MS = 30_000


class SelectorPolicy(Component[OptionsT]):
    """Spreads events over channels; kind of `load_balancing`'s `policy`. One source's thread at a time calls it."""

    kind = "selector_policy"

    @abstractmethod
    def choose(self, ways: int) -> int:
        """Return the number in [0, ways) of the channel that gets the next event."""

    def split(self, batch: EventBatch, ways: int) -> list[EventBatch]:
        """Return one part per channel, empty where it gets nothing; each event is in one part, order is kept."""
        choices = [self.choose(ways) for _ in range(len(batch))]
        return [batch.filter([choice == way for choice in choices]) for way in range(ways)]


class SinkSelector(Component[OptionsT]):
    """Orders the sinks of a load_balance group; the group sets `sinks` before `start`, its one thread calls the rest."""

    kind = "sink_selector"
    sinks: list[Sink[Any]]

    @abstractmethod
    def order(self) -> Sequence[Sink[Any]]:
        """Return the sinks to try for one call, first choice first; empty when none may be tried now."""

    def inform_failed(self, sink: Sink[Any]) -> None:
        """Note that a sink raised."""


class OrderOptions(Options):
    """Properties of the built-in sink selectors."""

    backoff: bool = opt("backoff", False, doc="Skip failed sinks for a while.")
    max_time_out_ms: int = opt("maxTimeOut", 0, doc="Longest wait; 0 means 30000.", unit="ms", long=True)


class OrderSelector(SinkSelector[OrderOptions]):
    """Base of the built-in sink selectors: with `backoff`, a failed sink waits. Source: OrderSelector."""

    Options = OrderOptions

    def __init__(self, context: Context, options: OrderOptions) -> None:
        super().__init__(context, options)
        self._backoff = MemberBackoff(context.clock, options.max_time_out_ms or DEFAULT_MAX_TIME_OUT_MS)

    def eligible(self) -> list[Sink[Any]]:
        """Return the sinks that may be tried now, in their order."""
        return [sink for sink in self.sinks if self._backoff.is_eligible(sink.name)]

    def inform_failed(self, sink: Sink[Any]) -> None:
        """Let a failed sink wait, where back-off is on."""
        if self.options.backoff:
            self._backoff.failed(sink.name)


class RegexSerializer(Component[OptionsT]):
    """Turns what a regex group matched into a header value, for regex_extractor."""

    kind = "regex_serializer"

    @abstractmethod
    def serialize(self, value: str) -> str:
        """Return the header value for the text of a group. Raises InputError."""

    def serialize_column(self, values: Sequence[str | None]) -> list[str | None]:
        """Serialize one group of many events; None stands for a group that took no part in the match."""
        return [None if value is None else self.serialize(value) for value in values]
