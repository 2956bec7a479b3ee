"""Routes by the value of one header.

What each value means is worked out once and remembered. A batch whose events share one value goes whole to its channels;
otherwise each channel gets one mask over the column of values, so the work per event is a set look-up per channel. A
channel that is required for one value and optional for another may get one route of each sort.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flumepy.core.batch import Column, EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context, Selector
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import Options, opt
from flumepy.core.route import Route

Value = str | None
MOST_REMEMBERED_VALUES = 10_000
JAVA_BLANKS = "".join(map(chr, range(33)))  # what String.trim takes away


class MultiplexingOptions(Options):
    """Properties of the multiplexing selector. Channel names are separated by single blanks."""

    header: str = opt("header", "flume.selector.header", doc="Header whose value decides.")
    mapping: dict[str, str] = opt("mapping.", {}, doc="`mapping.<value>`: channels of events with this value.")
    default: str | None = opt("default", None, doc="Channels of events whose value is missing, blank or not mapped.")
    optional: dict[str, str] = opt(
        "optional.", {}, doc="`optional.<value>`: channels of events with this value that may fail.", since="1.3"
    )


@dataclass(frozen=True, slots=True)
class Ways:
    """The channels of one header value, by number."""

    required: tuple[int, ...]
    optional: tuple[int, ...]


class MultiplexingSelector(Selector[MultiplexingOptions]):
    """Exact, case-sensitive routing by header. Source: MultiplexingChannelSelector."""

    Options = MultiplexingOptions

    def __init__(self, context: Context, options: MultiplexingOptions, channels: list[Channel[Any]]) -> None:
        super().__init__(context, options, channels)
        self._numbers = {channel.name: number for number, channel in enumerate(channels)}
        self._default = () if options.default is None else self._channels("default", options.default)
        self._mapping = self._by_value("mapping", options.mapping)
        self._optional = self._by_value("optional", options.optional)
        self._ways: dict[Value, Ways] = {}

    def _by_value(self, prefix: str, texts: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
        return {value: self._channels(f"{prefix}.{value}", text) for value, text in texts.items()}

    def _channels(self, key: str, text: str) -> tuple[int, ...]:
        numbers: dict[int, None] = {}
        for name in text.split(" "):
            if name not in self._numbers:
                raise ConfigurationError(
                    f"Selector channel not found: {name}", key=key,
                    hint="names are those of the source's own channels, separated by one blank",
                )  # fmt: skip
            numbers[self._numbers[name]] = None
        return tuple(numbers)

    def _ways_of(self, value: Value) -> Ways:
        if (ways := self._ways.get(value)) is None:
            if value is None or not value.strip(JAVA_BLANKS):
                required = self._default
            else:
                required = self._mapping.get(value, self._default)
            optional = self._optional.get(value, ()) if value is not None else ()
            ways = Ways(required, tuple(number for number in optional if number not in required))
            if len(self._ways) >= MOST_REMEMBERED_VALUES:
                self._ways.clear()
            self._ways[value] = ways
        return ways

    def route(self, batch: EventBatch) -> list[Route]:
        """Return the routes; events whose value leads nowhere are in none."""
        values: Column | None = batch.headers.get(self.options.header)
        if not isinstance(values, list):
            ways = self._ways_of(values)
            return [
                *[Route(self.channels[number], batch) for number in ways.required],
                *[Route(self.channels[number], batch, is_required=False) for number in ways.optional],
            ]
        distinct = set(values)
        required: dict[int, set[Value]] = {}
        optional: dict[int, set[Value]] = {}
        for value in distinct:
            ways = self._ways_of(value)
            for number in ways.required:
                required.setdefault(number, set()).add(value)
            for number in ways.optional:
                optional.setdefault(number, set()).add(value)
        return [
            Route(
                self.channels[number],
                batch if len(wanted) == len(distinct) else batch.filter(list(map(wanted.__contains__, values))),
                is_required,
            )
            for wanted_by_channel, is_required in ((required, True), (optional, False))
            for number, wanted in sorted(wanted_by_channel.items())
        ]

    def required_channels(self) -> list[Channel[Any]]:
        """Return the channels that some value requires."""
        numbers = {number for ways in (self._default, *self._mapping.values()) for number in ways}
        return [self.channels[number] for number in sorted(numbers)]
