"""Offers each transaction to one sink chosen by a selector, trying the others on failure."""

from collections.abc import Sequence
from typing import Any, cast

from flumepy.core.component import Context, Sink, Status
from flumepy.core.errors import ConfigurationError, DeliveryError, FlumeError, StoppedError
from flumepy.core.options import Options, opt
from flumepy.core.parts import SinkSelector
from flumepy.core.sink_group import SinkGroup

BUILT_IN = ("round_robin", "random")


class LoadBalanceOptions(Options):
    """Properties of the load_balance processor."""

    selector: str = opt("selector", "ROUND_ROBIN", kind="sink_selector", doc="round_robin, random, or a class.")
    backoff: bool = opt("backoff", False, doc="Skip failed sinks for a while; class selectors decide for themselves.")
    max_time_out_ms: int | None = opt(
        "selector.maxTimeOut", None, doc="Longest wait of a failed sink; 0 means 30000.", unit="ms", long=True
    )
    selector_settings: dict[str, str] = opt("selector.", {}, doc="Properties of a selector class.")


class LoadBalanceProcessor(SinkGroup[LoadBalanceOptions]):
    """One sink a transaction. Source: LoadBalancingSinkProcessor."""

    Options = LoadBalanceOptions

    def __init__(self, context: Context, options: LoadBalanceOptions, sinks: list[Sink[Any]]) -> None:
        super().__init__(context, options, sinks)
        if len(sinks) < 2:
            raise ConfigurationError(
                "The LoadBalancingSinkProcessor cannot be used for a single sink."
                " Please configure more than one sinks and try again.", key="type",
            )  # fmt: skip
        settings = dict(options.selector_settings)
        if options.max_time_out_ms is not None:
            settings["maxTimeOut"] = str(options.max_time_out_ms)
        name = options.selector
        if name.lower() in BUILT_IN:
            name = name.lower()
            settings["backoff"] = str(options.backoff).lower()
        self.selector = cast(SinkSelector[Any], context.build("sink_selector", name, settings, key="selector"))
        self.selector.sinks = sinks
        self._last: Status | None = None
        self._kept_order: Sequence[Sink[Any]] = ()

    def start(self) -> None:
        """Start the sinks, then the selector."""
        super().start()
        self.selector.start()

    def stop(self) -> None:
        """Stop the sinks, then the selector."""
        super().stop()
        self.selector.stop()

    def process(self) -> Status:
        """Let the first sink process that does not raise. Raises DeliveryError when all fail."""
        order, self._kept_order = self._kept_order or self.selector.order(), ()
        last, self._last = self._last, None
        for sink in order:
            try:
                self._last = self.process_with(sink)
            except StoppedError:
                raise
            except FlumeError as error:
                self.selector.inform_failed(sink)
                self.log_failure("Sink %s failed to consume event. Attempting next sink if available: %s", sink, error)
                continue
            # The runner calls once more after each event. Were that empty call a turn, single events would all go to
            # the same one of two sinks.
            if last is Status.READY and self._last is Status.IDLE and sink is order[0]:
                self._kept_order = order
            return self._last
        raise DeliveryError(f"{self.name}: All configured sinks have failed")
