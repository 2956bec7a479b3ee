"""Runs exactly one sink; errors go straight to the runner."""

from typing import Any

from flumepy.core.component import Context, Sink, SinkProcessor, Status
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import NoOptions


class DefaultProcessor(SinkProcessor[NoOptions]):
    """Source: DefaultSinkProcessor."""

    def __init__(self, context: Context, options: NoOptions, sinks: list[Sink[Any]]) -> None:
        super().__init__(context, options, sinks)
        if len(sinks) != 1:
            raise ConfigurationError(
                f"the default sink processor runs exactly one sink, not {len(sinks)}", key="type",
                hint="use failover or load_balance for several",
            )  # fmt: skip

    def process(self) -> Status:
        """Let the sink process."""
        return self.sinks[0].process()
