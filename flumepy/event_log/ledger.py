"""The events that a channel on a log answers for, and the short way of a put or a take that meets nothing unusual.

A transaction goes through it without the channel, which is for everything else: puts that wait, are called back or held,
and failures. Compiled (pyproject.toml): this is what small transactions are made of.
"""

import threading
from collections import deque
from typing import Protocol

from flumepy.core.batch import EventBatch
from flumepy.core.clock import Clock
from flumepy.core.errors import ChannelError, FlumeError
from flumepy.core.listeners import Listeners
from flumepy.core.queue_transaction import QueueOffer
from flumepy.core.queue_transaction import Run as QueueRun
from flumepy.event_log.counters import LogChannelCounters
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.runs import Run
from flumepy.log.errors import LogFailedError, LogFullError


class Keeper(Protocol):
    """What the channel does for its ledger, without a lock."""

    def tell_room(self) -> None:
        """Say that the disk is no longer full."""

    def put_failed(self, queue: EventQueue, put: Put, error: FlumeError) -> FlumeError:
        """Count a put that failed; return the error that its thread gets."""

    def take_failed(self, queue: EventQueue, error: FlumeError) -> ChannelError:
        """Count a take that failed; return the error that its thread gets."""

    def admit_waiting(self) -> None:
        """Give room to puts that wait."""


class Ledger:
    """Guarded by the channel's lock. `waiting`: the channel's line of puts that wait for room; `listeners`: its own."""

    def __init__(self, keeper: Keeper, clock: Clock, name: str) -> None:
        self._keeper = keeper
        self._clock = clock
        self._name = name
        self.lock = threading.Lock()
        self.waiting: deque[QueueOffer] = deque()
        self.listeners = Listeners()
        self.counters = LogChannelCounters(name)
        self.capacity = 0
        self.used = 0  # events that count against the capacity
        self.reserved = 0  # those of them that are not in the queue yet
        self.refused: Put | None = None  # for which there was no space, as was said, until there is again
        self.events: EventQueue | None = None  # this life of the queue; None while it is closed
        self.closed: FlumeError = ChannelError(f"{name} is not started")  # why it is

    def encode(self, batch: EventBatch, events: EventQueue) -> Put:
        """Return a put that its own thread will wait for. Raises what the codec raises."""
        try:
            put = Put(batch, events.sealer, self._clock.monotonic_s())
        except FlumeError:
            self.counters.put_error += len(batch)
            raise
        put.lead()
        return put

    def put(self, batch: EventBatch) -> bool:
        """Put on this thread, which waits for the disk; false where there is no room now. Raises ChannelError."""
        events = self.events
        if events is None:
            raise self.closed
        put = self.encode(batch, events)
        count = put.count
        with self.lock:
            if self.waiting or self.used + count > self.capacity:
                return False
            self.counters.put_attempt += count
            self.used += count
            self.reserved += count
            events.puts.enqueue(put)
        try:
            events.puts.store(put)
        except (LogFullError, LogFailedError) as error:
            raise self._keeper.put_failed(events, put, error) from error
        self.listeners.wake()
        self.stored(events, count, put)
        return True

    def stored(self, queue: EventQueue | None, count: int, put: Put) -> None:
        """Count events that were put into this life of the queue and are stored; `put` was the last of these puts."""
        counters = self.counters
        with self.lock:
            self.reserved -= count
            if queue is not self.events:
                self.used -= count  # this life found them on the disk
            counters.put_success += count
            counters.channel_size = self.used - self.reserved
        refused = self.refused
        if refused is not None and put.put_s > refused.put_s and put.size_bytes >= refused.size_bytes:
            self.refused = None
            self._keeper.tell_room()

    def take(self, limit: int) -> list[QueueRun]:
        """Remove up to `limit` events from the head. Raises ChannelError."""
        events = self.events
        if events is None:
            raise self.closed
        try:
            runs = events.take(limit)
        except (LogFailedError, ChannelError) as error:
            raise self._keeper.take_failed(events, error) from error
        count = 0
        taken: list[QueueRun] = []
        for run in runs:
            count += run.count
            taken.append(run)
        with self.lock:
            self.counters.take_attempt += count if count >= limit else count + 1
        return taken

    def commit_taken(self, runs: list[QueueRun], *, waits: bool = True) -> None:
        """Mark events as taken, for good. Raises ChannelError: then they come again."""
        events = self.events
        if events is None:
            raise self.closed
        own: list[Run] = []
        count = 0
        for run in runs:
            count += run.count
            if isinstance(run, Run) and run.owner is events:
                own.append(run)
        if len(own) < len(runs):
            raise self._keeper.take_failed(
                events,
                ChannelError(f"{self._name}: the log was opened anew since these events were taken; they come again"),
            )
        try:
            events.commit(own, waits=waits)
        except (LogFullError, LogFailedError) as error:
            raise self._keeper.take_failed(events, error) from error
        counters = self.counters
        with self.lock:
            self.used -= count
            counters.take_success += count
            counters.channel_size = self.used - self.reserved
            has_waiting = bool(self.waiting)
        if has_waiting:
            self._keeper.admit_waiting()
