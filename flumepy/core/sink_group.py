"""What the processors of several sinks share: a group starts although a member cannot.

A member whose `start` fails counts as a failed sink. Its start is tried again when the group next wants to use it, but
not more often than the supervisor would. Everything runs on the group's one thread, except `start` before that thread
begins, and `interrupt`.
"""

import math
from typing import Any

from flumepy.core.component import Context, Sink, SinkProcessor, Status
from flumepy.core.errors import DeliveryError, FlumeError
from flumepy.core.options import OptionsT

RESTART_S = 3.0


class NotStartedError(DeliveryError):
    """A member of a group is not running, and it is too early to try its start again."""


class SinkGroup(SinkProcessor[OptionsT]):
    """Base of processors with several sinks."""

    def __init__(self, context: Context, options: OptionsT, sinks: list[Sink[Any]]) -> None:
        super().__init__(context, options, sinks)
        self._start_due_s: dict[str, float] = {}  # members that are not running: when to try next

    def start(self) -> None:
        """Start the sinks that can be started."""
        self._start_due_s.clear()
        for sink in self.sinks:
            try:
                self._start_member(sink)
            except FlumeError as error:
                self.log.warning("Sink %s could not start and counts as failed: %s", sink.name, error)

    def stop(self) -> None:
        """Stop the sinks; also those whose start failed half way."""
        super().stop()
        self._start_due_s.clear()

    def _start_member(self, sink: Sink[Any]) -> None:
        try:
            sink.start()
        except FlumeError as error:
            wait_s = RESTART_S if error.retryable else math.inf
            self._start_due_s[sink.name] = self.context.clock.monotonic_s() + wait_s
            raise
        self._start_due_s.pop(sink.name, None)

    def process_with(self, sink: Sink[Any]) -> Status:
        """Let a member process one transaction, after starting it where that is still to be done. Raises FlumeError."""
        due_s = self._start_due_s.get(sink.name)
        if due_s is not None:
            if self.context.clock.monotonic_s() < due_s:
                raise NotStartedError(f"{sink.name}: not started yet")
            self._start_member(sink)
            self.log.info("Sink %s has started at last", sink.name)
        return sink.process()

    def log_failure(self, message: str, sink: Sink[Any], error: FlumeError) -> None:
        """Warn of a failed member, unless it only waits for its next start."""
        if not isinstance(error, NotStartedError):
            self.log.warning(message, sink.name, error)
