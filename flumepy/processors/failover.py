"""Uses the live sink of highest priority; failed ones cool down and are then probed before it.

A sink fails by raising only: what it returns, IDLE too, ends the call. A probe that returns READY brings its sink back to
life; one that returns anything else leaves it among the failed, without a new penalty.
"""

import heapq
import itertools
from dataclasses import dataclass
from typing import Any

from flumepy.core.backoff import exponential_ms
from flumepy.core.component import Context, Sink, Status
from flumepy.core.errors import DeliveryError, FlumeError, InputError, StoppedError
from flumepy.core.options import Options, opt
from flumepy.core.problems import Problem, Severity
from flumepy.core.sink_group import SinkGroup
from flumepy.formats.java_text import parse_int


class FailoverOptions(Options):
    """Properties of the failover processor."""

    priority: dict[str, str] = opt("priority.", {}, doc="`priority.<sink>`: larger is preferred; otherwise -1, -2, ...")
    max_penalty_ms: int = opt("maxpenalty", 30000, doc="Longest wait of a failed sink.", unit="ms", on_bad="default")


@dataclass(slots=True)
class _Failed:
    """A sink that cools down."""

    sink: Sink[Any]
    priority: int
    failures: int = 0


class FailoverProcessor(SinkGroup[FailoverOptions]):
    """One sink at a time. Source: FailoverSinkProcessor."""

    Options = FailoverOptions

    def __init__(self, context: Context, options: FailoverOptions, sinks: list[Sink[Any]]) -> None:
        super().__init__(context, options, sinks)
        self._live: dict[int, Sink[Any]] = {}
        self._failed: list[tuple[float, int, _Failed]] = []  # heap by the time when the penalty ends
        self._order = itertools.count()
        unset = itertools.count(-1, -1)
        for sink in sinks:
            priority = self._priority(sink.name)
            priority = next(unset) if priority is None else priority
            if priority in self._live:
                self._warn(sink.name, f"is that of sink {self._live[priority].name} too; sink {sink.name} is left out")
            else:
                self._live[priority] = sink
        for name in sorted(set(options.priority).difference(sink.name for sink in sinks)):
            self._warn(name, "names no sink of this group and has no effect")

    def _priority(self, name: str) -> int | None:
        text = self.options.priority.get(name)
        if text is None:
            return None
        try:
            return parse_int(text)
        except InputError as error:
            self._warn(name, f"counts as not set: {error}")
            return None

    def _warn(self, name: str, message: str) -> None:
        self.context.report(Problem(Severity.WARNING, message, key=f"priority.{name}"))

    def process(self) -> Status:
        """Probe what has cooled down, else use the live sinks in order. Raises DeliveryError when all fail."""
        clock = self.context.clock
        now_s = clock.monotonic_s()
        while self._failed and self._failed[0][0] < now_s:
            due_s, _, failed = heapq.heappop(self._failed)
            try:
                status = self.process_with(failed.sink)
            except StoppedError:
                self._cool_down(failed, due_s)
                raise
            except FlumeError as error:
                self.log_failure("Sink %s failed again: %s", failed.sink, error)
                self._penalize(failed)
                continue
            if status is Status.READY:
                self.log.info("Sink %s works again", failed.sink.name)
                self._live[failed.priority] = failed.sink
            else:
                self._cool_down(failed, due_s)
            return status
        while self._live:
            priority = max(self._live)
            sink = self._live[priority]
            try:
                return self.process_with(sink)
            except StoppedError:
                raise
            except FlumeError as error:
                self.log_failure("Sink %s failed and has been sent to failover list: %s", sink, error)
                self._penalize(_Failed(self._live.pop(priority), priority))
        raise DeliveryError(f"{self.name}: All sinks failed to process, nothing left to failover to")

    def _penalize(self, failed: _Failed) -> None:
        failed.failures += 1
        wait_ms = max(0, exponential_ms(failed.failures, self.options.max_penalty_ms))
        self._cool_down(failed, self.context.clock.monotonic_s() + wait_ms / 1000)

    def _cool_down(self, failed: _Failed, due_s: float) -> None:
        heapq.heappush(self._failed, (due_s, next(self._order), failed))
