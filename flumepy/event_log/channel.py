"""A channel whose queue is a log: the waiting for room is that of every queue channel, the queue is an `EventQueue`.

A put is encoded by the thread that offers it, gets its place in the log together with its room, and ends when it has reached
the level that was asked for.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Done, Line, Offer
from flumepy.core.errors import ChannelError, ChannelFullError, FlumeError
from flumepy.core.options import OptionsT
from flumepy.core.queue_transaction import QueueOffer
from flumepy.core.queue_transaction import Run as QueueRun
from flumepy.event_log.life import LogLife
from flumepy.event_log.offers import LogOffer
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.runs import Run
from flumepy.log.errors import LogFailedError, LogFullError


class LogChannel(LogLife[OptionsT]):
    """Keeps events on disk."""

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put without blocking; `done` is called once the events are stored, or no room was found in time."""
        return self._offer(LogOffer(self, batch, done, hold, line), wait=wait, leads=False)

    def offer_leading(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put; where there is room now, this thread waits for the disk."""
        return self._offer(LogOffer(self, batch, done, hold, line), wait=wait, leads=True)

    def _offer(self, offer: LogOffer, *, wait: bool, leads: bool) -> Offer:
        events = self._events
        if not offer.count:
            offer.is_held = False
            offer.end(None)
        elif events is None:
            offer.end(self._closed)
        else:
            try:
                self._encode(offer, events)
            except FlumeError as error:
                self.counters.put_error += offer.count
                offer.end(error)
                return offer
            assert offer.put is not None
            if leads:
                offer.put.lead()
            self._submit(offer, wait=wait)
        return offer

    def _encode(self, offer: LogOffer, events: EventQueue) -> None:
        now_s = self.context.clock.monotonic_s()
        offer.put = Put(offer.batch, events.codec, now_s, offer.end, line=offer.line)

    def fits(self, offer: QueueOffer) -> bool:
        """Tell whether there is room for a put; called under the lock."""
        return self._events is not None and self._used + offer.count <= self.limits.capacity

    def _grant(self, offer: QueueOffer) -> None:
        self._reserved += offer.count
        super()._grant(offer)

    def _append(self, offer: QueueOffer) -> None:
        assert isinstance(offer, LogOffer)
        assert offer.put is not None
        assert self._events is not None
        offer.events = self._events
        self._events.puts.enqueue(offer.put)

    def _finish(self, admitted: Sequence[QueueOffer]) -> None:
        """Store what has its place, without the lock; held offers end here."""
        for offer in admitted:
            if offer.is_held:
                offer.end(None)
            elif isinstance(offer, LogOffer) and offer.events is not None:
                offer.events.puts.flush()

    def puts_ended(self, queue: EventQueue | None, puts: list[Put], error: FlumeError | None) -> None:
        """Count puts that are stored, or failed, and tell them; called without a lock, maybe on a thread of the log."""
        count = sum([put.count for put in puts])
        left: list[QueueOffer] = []
        admitted: list[QueueOffer] = []
        with self._lock:
            self._reserved -= count
            if error is not None or queue is not self._events:
                self._used -= count  # they failed, or this life found them on the disk
            if error is not None:
                self.counters.put_error += count
                left = self._break_lines({put.line for put in puts})
                admitted = self._admit_waiting()
            else:
                self.counters.put_success += count
            self.counters.channel_size = self._used - self._reserved
        if isinstance(error, LogFailedError):
            self.disk_failed(queue, error)
        elif isinstance(error, LogFullError):
            self.tell_full(error)
        elif self.is_full and error is None:
            self.tell_room()
        failure = self._translated(error)
        for put in puts:
            put.then(failure)
        for waiting in left:
            waiting.end(failure)
        if admitted:
            self._finish(admitted)

    def _break_lines(self, lines: set[Line | None]) -> list[QueueOffer]:
        """Let no offer overtake one that failed; return those that waited behind it. Called under the lock."""
        lines.discard(None)
        for line in lines:
            assert line is not None
            line.is_broken = True
        left = [waiting for waiting in self._waiting if waiting.line in lines]
        if left:
            self._waiting = deque(waiting for waiting in self._waiting if waiting.line not in lines)
        return left

    def _translated(self, error: FlumeError | None) -> FlumeError | None:
        if isinstance(error, LogFullError):
            return ChannelFullError(f"{self.name}: {error}")
        if isinstance(error, LogFailedError):
            return self._closed if self._events is None else ChannelError(str(error))
        return error

    def commit_held(self, offer: QueueOffer) -> None:
        """Store held events; this thread waits for the disk. Raises ChannelError."""
        assert isinstance(offer, LogOffer)
        ended = threading.Event()
        errors: list[FlumeError | None] = []

        def note(error: FlumeError | None) -> None:
            errors.append(error)
            ended.set()

        assert offer.put is not None
        offer.put.lead()
        self.store_held(offer, note)
        ended.wait()
        if errors[0] is not None:
            raise errors[0]

    def store_held(self, offer: LogOffer, done: Callable[[FlumeError | None], None]) -> None:
        """Store held events and call back."""
        assert offer.put is not None
        offer.put.then = done
        with self._lock:
            offer.events = events = self._events
            if events is not None:
                events.puts.enqueue(offer.put)
        if events is not None:
            events.puts.flush()
        else:
            self.puts_ended(None, [offer.put], self._closed)

    def withdraw_held(self, offer: QueueOffer) -> None:
        """Free held room."""
        with self._lock:
            self._reserved -= offer.count
        super().withdraw_held(offer)

    # -- taking -----------------------------------------------------------------------------------------------------

    def take(self, limit: int) -> list[QueueRun]:
        """Remove up to `limit` events from the head. Raises ChannelError."""
        events = self._events
        if events is None:
            raise self._closed
        try:
            runs = events.take(limit)
        except LogFailedError as error:
            self.disk_failed(events, error)
            raise self._take_error(ChannelError(str(error))) from error
        except ChannelError as error:
            raise self._take_error(error) from error
        count = sum([run.count for run in runs])
        with self._lock:
            self.counters.take_attempt += count if count >= limit else count + 1
        return list(runs)

    def _take_error(self, error: ChannelError) -> ChannelError:
        with self._lock:
            self.counters.take_error += 1
        return error

    def give_back(self, runs: list[QueueRun]) -> None:
        """Return events to the head; those of an older life are there already."""
        events = self._events
        own = [run for run in runs if isinstance(run, Run) and run.owner is events]
        if events is not None and own:
            events.give_back(own)

    def commit_taken(self, runs: list[QueueRun], *, waits: bool = True) -> None:
        """Mark events as taken, for good. Raises ChannelError: then they come again."""
        events = self._events
        own = [run for run in runs if isinstance(run, Run) and run.owner is events]
        if events is None:
            raise self._closed
        if len(own) < len(runs):
            raise self._take_error(
                ChannelError(f"{self.name}: the log was opened anew since these events were taken; they come again")
            )
        try:
            events.commit(own, waits=waits)
        except LogFullError as error:
            raise self._take_error(ChannelError(f"{self.name}: {error}")) from error
        except LogFailedError as error:
            self.disk_failed(events, error)
            raise self._take_error(ChannelError(str(error))) from error
        count = sum([run.count for run in runs])
        with self._lock:
            self._used -= count
            self.counters.take_success += count
            self.counters.channel_size = self._used - self._reserved
            admitted = self._admit_waiting() if self._waiting else []
        if admitted:
            self._finish(admitted)
