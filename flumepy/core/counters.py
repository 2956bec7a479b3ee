"""Counters: what Flume shows over JMX and JSON, attribute for attribute.

A group belongs to one component. Each field is written by one thread, or under the component's own lock, so that counting
needs no lock here; counters count events even where work is done per batch. `start` zeroes them, as Flume does at each
(re)start. Source: MonitoredCounterGroup, SourceCounter, ChannelCounter, SinkCounter.
"""

import logging
import time
from typing import ClassVar

from mypy_extensions import mypyc_attr

log = logging.getLogger("flumepy.counters")

Number = int | float | bool


@mypyc_attr(allow_interpreted_subclasses=True)
class CounterGroup:
    """Base of all groups: kind, name, start and stop times, and the attributes of the class."""

    kind: ClassVar[str] = "OTHER"
    #: field -> (attribute shown, internal key of the shutdown log line)
    attributes: ClassVar[dict[str, tuple[str, str]]] = {}
    #: attributes that go up and down; all others only grow
    gauges: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name
        self.start_time_ms = 0
        self.stop_time_ms = 0
        self.is_visible = True
        self._is_announced = False
        self.reset()

    def reset(self) -> None:
        """Set every counter to 0."""
        for field in self.attributes:
            setattr(self, field, 0)

    def start(self) -> None:
        """Zero the counters and remember the time."""
        self.reset()
        self.stop_time_ms = 0
        self.start_time_ms = time.time_ns() // 1_000_000
        if not self._is_announced:
            log.info("Component type: %s, name: %s started", self.kind, self.name)
        self._is_announced = True

    @property
    def is_running(self) -> bool:
        """Tell whether it was started and not stopped since."""
        return bool(self.start_time_ms and not self.stop_time_ms)

    def start_failed(self) -> None:
        """Forget a start that failed; the starts tried again until one succeeds are not announced again."""
        self.start_time_ms = 0

    def stop(self) -> None:
        """Remember the time and log the final values, one line each, as Flume does."""
        self.stop_time_ms = time.time_ns() // 1_000_000
        self._is_announced = False
        log.info("Component type: %s, name: %s stopped", self.kind, self.name)
        prefix = f"Shutdown Metric for type: {self.kind}, name: {self.name}."
        low = self.kind.lower()
        log.info("%s %s.start.time == %d", prefix, low, self.start_time_ms)
        log.info("%s %s.stop.time == %d", prefix, low, self.stop_time_ms)
        for key, field in sorted((key, field) for field, (_, key) in self.attributes.items()):
            log.info("%s %s == %s", prefix, key, getattr(self, field))

    def snapshot(self) -> dict[str, Number | str]:
        """Return Flume's attribute names and the present values, with Type, StartTime and StopTime."""
        values: dict[str, Number | str] = {shown: getattr(self, field) for field, (shown, _) in self.attributes.items()}
        return {**values, "Type": self.kind, "StartTime": self.start_time_ms, "StopTime": self.stop_time_ms}


@mypyc_attr(allow_interpreted_subclasses=True)
class SourceCounters(CounterGroup):
    """Counters of a source."""

    kind = "SOURCE"
    attributes: ClassVar[dict[str, tuple[str, str]]] = {
        "event_received": ("EventReceivedCount", "src.events.received"),
        "event_accepted": ("EventAcceptedCount", "src.events.accepted"),
        "append_received": ("AppendReceivedCount", "src.append.received"),
        "append_accepted": ("AppendAcceptedCount", "src.append.accepted"),
        "append_batch_received": ("AppendBatchReceivedCount", "src.append-batch.received"),
        "append_batch_accepted": ("AppendBatchAcceptedCount", "src.append-batch.accepted"),
        "open_connections": ("OpenConnectionCount", "src.open-connection.count"),
        "event_read_fail": ("EventReadFail", "src.event.read.fail"),
        "channel_write_fail": ("ChannelWriteFail", "src.channel.write.fail"),
        "generic_processing_fail": ("GenericProcessingFail", "src.generic.processing.fail"),
    }
    gauges = frozenset({"OpenConnectionCount"})
    event_received: int
    event_accepted: int
    append_received: int
    append_accepted: int
    append_batch_received: int
    append_batch_accepted: int
    open_connections: int
    event_read_fail: int
    channel_write_fail: int
    generic_processing_fail: int


@mypyc_attr(allow_interpreted_subclasses=True)
class ChannelCounters(CounterGroup):
    """Counters of a channel; a channel writes them under its own lock."""

    kind = "CHANNEL"
    attributes: ClassVar[dict[str, tuple[str, str]]] = {
        "channel_size": ("ChannelSize", "channel.current.size"),
        "channel_capacity": ("ChannelCapacity", "channel.capacity"),
        "put_attempt": ("EventPutAttemptCount", "channel.event.put.attempt"),
        "put_success": ("EventPutSuccessCount", "channel.event.put.success"),
        "take_attempt": ("EventTakeAttemptCount", "channel.event.take.attempt"),
        "take_success": ("EventTakeSuccessCount", "channel.event.take.success"),
    }
    gauges = frozenset({"ChannelSize", "ChannelCapacity", "ChannelFillPercentage"})
    channel_size: int
    channel_capacity: int
    put_attempt: int
    put_success: int
    take_attempt: int
    take_success: int

    def snapshot(self) -> dict[str, Number | str]:
        """Add ChannelFillPercentage; Java's Double.MAX_VALUE where the capacity is 0."""
        fill = self.channel_size / self.channel_capacity * 100 if self.channel_capacity else 1.7976931348623157e308
        return {**super().snapshot(), "ChannelFillPercentage": fill}


@mypyc_attr(allow_interpreted_subclasses=True)
class SinkCounters(CounterGroup):
    """Counters of a sink."""

    kind = "SINK"
    attributes: ClassVar[dict[str, tuple[str, str]]] = {
        "connection_created": ("ConnectionCreatedCount", "sink.connection.creation.count"),
        "connection_closed": ("ConnectionClosedCount", "sink.connection.closed.count"),
        "connection_failed": ("ConnectionFailedCount", "sink.connection.failed.count"),
        "batch_empty": ("BatchEmptyCount", "sink.batch.empty"),
        "batch_underflow": ("BatchUnderflowCount", "sink.batch.underflow"),
        "batch_complete": ("BatchCompleteCount", "sink.batch.complete"),
        "drain_attempt": ("EventDrainAttemptCount", "sink.event.drain.attempt"),
        "drain_success": ("EventDrainSuccessCount", "sink.event.drain.sucess"),
        "event_write_fail": ("EventWriteFail", "sink.event.write.fail"),
        "channel_read_fail": ("ChannelReadFail", "sink.channel.read.fail"),
    }
    connection_created: int
    connection_closed: int
    connection_failed: int
    batch_empty: int
    batch_underflow: int
    batch_complete: int
    drain_attempt: int
    drain_success: int
    event_write_fail: int
    channel_read_fail: int
