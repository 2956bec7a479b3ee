"""A channel whose queue is a log: the waiting for room is that of every queue channel, the queue is an `EventQueue`.

A put is encoded by the thread that offers it, gets its place in the log together with its room, and ends when it has reached
the level that was asked for.
"""

import threading
from collections.abc import Callable, Sequence
from threading import get_ident

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelError, ChannelFullError, FlumeError
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import OptionsT
from flumepy.core.queue_transaction import QueueOffer
from flumepy.core.queue_transaction import Run as QueueRun
from flumepy.core.transaction import Transaction
from flumepy.event_log.life import LogLife
from flumepy.event_log.offers import LogOffer
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.runs import Run
from flumepy.event_log.transaction import LogTransaction
from flumepy.log.errors import LogFailedError, LogFullError


class LogChannel(LogLife[OptionsT]):
    """Keeps events on disk."""

    def transaction(self) -> Transaction:
        """Return a new transaction."""
        return LogTransaction(self, self._ledger)

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
        events = self._ledger.events
        if not offer.count:
            offer.is_held = False
            offer.end(None)
        elif events is None:
            offer.end(self._ledger.closed)
        else:
            try:
                offer.put = put = self._encode(offer, events)
            except FlumeError as error:
                offer.end(error)
                return offer
            if leads:
                put.lead()
            self._submit(offer, wait=wait)
        return offer

    def _encode(self, offer: LogOffer, events: EventQueue) -> Put:
        now_s = self.context.clock.monotonic_s()
        try:
            return Put(offer.batch, events.sealer, now_s, offer.end, line=offer.line)
        except FlumeError:
            self.counters.put_error += offer.count
            raise

    def fits(self, offer: QueueOffer) -> bool:
        """Tell whether there is room for a put; called under the lock."""
        return self._ledger.events is not None and self._ledger.used + offer.count <= self.limits.capacity

    def _grant(self, offer: QueueOffer) -> None:
        self._ledger.reserved += offer.count
        super()._grant(offer)

    def _append(self, offer: QueueOffer) -> None:
        assert isinstance(offer, LogOffer)
        assert offer.put is not None
        assert self._ledger.events is not None
        offer.events = self._ledger.events
        if offer.put.leader != get_ident():
            offer.put.leader = 0  # it had to wait for room
        self._ledger.events.puts.enqueue(offer.put)

    def _finish(self, admitted: Sequence[QueueOffer]) -> None:
        """Store what has its place, without the lock; held offers end here."""
        for offer in admitted:
            if offer.is_held:
                offer.end(None)
            elif isinstance(offer, LogOffer) and offer.put is not None and offer.events is not None:
                self._put(offer.events, offer.put)

    def _put(self, events: EventQueue, put: Put) -> None:
        """Append what was enqueued; the leader of a put waits for it."""
        if put.leader:
            self._lead(events, put)
        else:
            events.puts.flush()

    def _lead(self, events: EventQueue, put: Put) -> None:
        """Append what was enqueued, and wait for a put as its leader."""
        try:
            events.puts.store(put)
        except (LogFullError, LogFailedError) as error:
            self.put_failed(events, put, error)
            return
        self.wake_listeners()
        self._ledger.stored(events, put.count, put)
        if put.then is not None:
            put.then(None)

    def put_failed(self, queue: EventQueue, put: Put, error: FlumeError) -> FlumeError:
        """Count and tell a put that failed; return the error that it gets."""
        return self._puts_failed(queue, [put], error)

    def puts_ended(self, queue: EventQueue | None, puts: list[Put], error: FlumeError | None) -> None:
        """Count puts that are stored, or failed, and tell them; called without a lock, maybe on a thread of the log."""
        if error is not None:
            self._puts_failed(queue, puts, error)
            return
        self._ledger.stored(queue, sum([put.count for put in puts]), puts[-1])
        for put in puts:
            if put.then is not None:
                put.then(None)

    def _puts_failed(self, queue: EventQueue | None, puts: list[Put], error: FlumeError) -> FlumeError:
        """Count and tell puts that failed, and what must not overtake them; return the error that they get."""
        count = sum([put.count for put in puts])
        with self._lock:
            self._ledger.reserved -= count
            self._ledger.used -= count
            self.counters.put_error += count
            left = self._break_lines({put.line for put in puts})
            admitted = self._admit_waiting()
            self.counters.channel_size = self._ledger.used - self._ledger.reserved
        if isinstance(error, LogFailedError):
            self.disk_failed(queue, error)
        elif isinstance(error, LogFullError):
            self.tell_full(puts[-1], error)
        failure = self._translated(error)
        for put in puts:
            if put.then is not None:
                put.then(failure)
        for waiting in left:
            waiting.end(failure)
        if admitted:
            self._finish(admitted)
        return failure

    def _break_lines(self, lines: set[Line | None]) -> list[QueueOffer]:
        """Let no offer overtake one that failed; return those that waited behind it. Called under the lock."""
        lines.discard(None)
        for line in lines:
            assert line is not None
            line.is_broken = True
        left = [waiting for waiting in self._waiting if waiting.line in lines]
        if left:
            staying = [waiting for waiting in self._waiting if waiting.line not in lines]
            self._waiting.clear()
            self._waiting.extend(staying)
        return left

    def _translated(self, error: FlumeError) -> FlumeError:
        if isinstance(error, LogFullError):
            return ChannelFullError(f"{self.name}: {error}")
        if isinstance(error, LogFailedError):
            return self._ledger.closed if self._ledger.events is None else ChannelError(str(error))
        return error

    def commit_held(self, offer: QueueOffer) -> None:
        """Store held events; this thread waits for the disk. Raises ChannelError."""
        assert isinstance(offer, LogOffer)
        ended = threading.Event()
        errors: list[FlumeError | None] = []

        def note(error: FlumeError | None) -> None:
            errors.append(error)
            ended.set()

        self.store_held(offer, note, leads=True)
        ended.wait()
        if errors[0] is not None:
            raise errors[0]

    def store_held(self, offer: LogOffer, done: Callable[[FlumeError | None], None], *, leads: bool = False) -> None:
        """Store held events and call back; with `leads`, this thread waits for the disk."""
        put = offer.put
        assert put is not None
        put.then = done
        put.leader = get_ident() if leads else 0
        with self._lock:
            offer.events = events = self._ledger.events
            if events is not None:
                events.puts.enqueue(put)
        if events is not None:
            self._put(events, put)
        else:
            self.puts_ended(None, [put], self._ledger.closed)

    def withdraw_held(self, offer: QueueOffer) -> None:
        """Free held room."""
        with self._lock:
            self._ledger.reserved -= offer.count
        super().withdraw_held(offer)

    # -- taking -----------------------------------------------------------------------------------------------------

    def take(self, limit: int) -> list[QueueRun]:
        """Remove up to `limit` events from the head. Raises ChannelError."""
        return self._ledger.take(limit)

    def take_failed(self, queue: EventQueue, error: FlumeError) -> ChannelError:
        """Count a take that failed; return the error that its thread gets."""
        with self._lock:
            self.counters.take_error += 1
        if isinstance(error, LogFailedError):
            self.disk_failed(queue, error)
            return ChannelError(str(error))
        if isinstance(error, LogFullError):
            return ChannelError(f"{self.name}: {error}")
        assert isinstance(error, ChannelError)
        return error

    def give_back(self, runs: list[QueueRun]) -> None:
        """Return events to the head; those of an older life are there already."""
        events = self._ledger.events
        own = [run for run in runs if isinstance(run, Run) and run.owner is events]
        if events is not None and own:
            events.give_back(own)

    def commit_taken(self, runs: list[QueueRun], *, waits: bool = True) -> None:
        """Mark events as taken, for good. Raises ChannelError: then they come again."""
        self._ledger.commit_taken(runs, waits=waits)

    def admit_waiting(self) -> None:
        """Give room to puts that wait."""
        with self._lock:
            admitted = self._admit_waiting()
        self._finish(admitted)
