"""A channel that is a bounded FIFO of batches in memory, transactional. Subclasses say how large it is and how puts wait.

The queue keeps runs (batch, start, bytes, time of the put) and a take returns the batches it touched, never a concatenation.
Open takes count against the capacity, as in Flume. Whoever frees room admits the waiting offers, first come, first served,
under the same lock; their callbacks run after it. Source: MemoryChannel.
"""

from abc import abstractmethod
from dataclasses import dataclass

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, FlumeError, StoppedError
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import OptionsT
from flumepy.core.queue_stock import UNLIMITED_BYTES, QueueStock
from flumepy.core.queue_transaction import QueueOffer, QueueTransaction, Run
from flumepy.core.threads import Timer, call_later
from flumepy.core.transaction import Transaction


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How much a queue takes and how long a put waits for room: None waits without limit."""

    capacity: int
    transaction_capacity: int | None = None
    keep_alive_s: int | None = None
    byte_limit: int = UNLIMITED_BYTES  # body bytes


class QueueChannel(Channel[OptionsT]):
    """Bounded in-memory queue."""

    keeps_lines = True

    def __init__(self, context: Context, options: OptionsT) -> None:
        super().__init__(context, options)
        self.stock = QueueStock(context.clock)
        self._lock = self.stock.lock  # guards everything below, and what is in stock
        self._waiting = self.stock.waiting
        self._timer: Timer | None = None
        self._apply(options)

    @abstractmethod
    def limits_of(self, options: OptionsT) -> QueueLimits:
        """Return the limits that these options mean."""

    def _apply(self, options: OptionsT) -> None:
        self.options = options
        self.limits = self.limits_of(options)
        self.transaction_capacity = self.limits.transaction_capacity
        self.stock.capacity, self.stock.byte_limit = self.limits.capacity, self.limits.byte_limit

    def start(self) -> None:
        """Publish the capacity."""
        with self._lock:
            self.counters.channel_capacity = self.limits.capacity
            self.counters.channel_size = self.stock.queued

    def stop(self) -> None:
        """End all waiting puts; the events stay for a reload that keeps the channel."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        for offer in waiting:
            offer.end(StoppedError(f"{self.name}: the channel was stopped"))

    def reconfigure(self, options: OptionsT) -> None:
        """Resize in place."""
        with self._lock:
            self._apply(options)
            self.counters.channel_capacity = self.limits.capacity
            admitted = self._admit_waiting()
        self._finish(admitted)

    @property
    def size(self) -> int:
        """Return how many events a take could get."""
        return self.stock.queued

    @property
    def _used(self) -> int:
        """Events that count against the capacity; a subclass may keep them elsewhere."""
        return self.stock.used

    @_used.setter
    def _used(self, used: int) -> None:
        self.stock.used = used

    @property
    def undelivered(self) -> int:
        """Return the number of events that no sink has committed: queued, or in an open take."""
        return self._used

    @property
    def bytes_queued(self) -> int:
        """Return the body bytes in the channel, open takes included."""
        return self.stock.used_bytes

    @property
    def oldest_event_age_s(self) -> float | None:
        """Return how long the event at the head has been in the channel; 0 without one."""
        with self._lock:
            return self.context.clock.monotonic_s() - self.stock.runs[0].put_s if self.stock.runs else 0.0

    def room(self) -> int:
        """Return how many events fit right now."""
        return 0 if self._waiting else max(0, self.limits.capacity - self._used)

    def transaction(self) -> Transaction:
        """Return a new transaction."""
        return QueueTransaction(self)

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put without blocking; `done` is called once room was found or the keep-alive, if any, has passed."""
        return self._submit(QueueOffer(self, batch, batch.body_bytes(), done, hold, line), wait=wait)

    def _submit(self, offer: QueueOffer, *, wait: bool) -> Offer:
        """Grant an offer, let it wait for room, or refuse it."""
        batch, line = offer.batch, offer.line
        refusal = self._refusal(offer)
        is_granted = False
        with self._lock:
            self.counters.put_attempt += offer.count
            if line is not None and line.is_broken:
                refusal = refusal or self.full_error(batch)
            if refusal is None:
                if (not wait or not self._waiting) and self.fits(offer):
                    self._grant(offer)
                    is_granted = True
                elif wait and self._waits():
                    self._enqueue_offer(offer)
                else:
                    refusal = self.full_error(batch)
        if refusal is None and is_granted:
            self._finish([offer])
            return offer
        self.nudge_listeners()
        if refusal is not None:
            offer.end(refusal)
        return offer

    def _waits(self) -> bool:
        return self.limits.keep_alive_s is None or self.limits.keep_alive_s > 0

    def _enqueue_offer(self, offer: QueueOffer) -> None:
        self._waiting.append(offer)
        keep_alive_s = self.limits.keep_alive_s
        if keep_alive_s is not None:
            offer.due_s = self.context.clock.monotonic_s() + keep_alive_s
            self._timer = self._timer or call_later(keep_alive_s, self._expire)

    def _expire(self) -> None:
        """Fail the offers whose keep-alive has passed; the next due one sets the timer again."""
        expired: list[QueueOffer] = []  # in the order in which they wait
        with self._lock:
            now_s = self.context.clock.monotonic_s()
            while self._waiting and self._waiting[0].due_s <= now_s:
                expired += self._leave(self._waiting[0])
            self._timer = call_later(self._waiting[0].due_s - now_s, self._expire) if self._waiting else None
            admitted = self._admit_waiting() if expired else []
        for offer in expired:
            offer.end(self.full_error(offer.batch))
        self._finish(admitted)

    def _leave(self, offer: QueueOffer) -> list[QueueOffer]:
        """Stop an offer's wait, and with it those behind it in its line; return them in order."""
        line = offer.line
        leaving = [offer] if line is None else [waiting for waiting in self._waiting if waiting.line is line]
        if line is not None:
            line.is_broken = True
        for waiting in leaving:
            self._waiting.remove(waiting)
        return leaving

    def _refusal(self, offer: QueueOffer) -> FlumeError | None:
        most = self.transaction_capacity
        if most is not None and offer.count > most:
            return self.too_many_error(most)
        if offer.size_bytes > self.limits.byte_limit:
            return BatchTooLargeError(
                f"{self.name}: {offer.size_bytes} bytes in one transaction are more than byteCapacity allows"
            )
        return None

    def too_many_error(self, most: int) -> BatchTooLargeError:
        """Return the error of a put above transactionCapacity, in Flume's words."""
        advice = "consider committing more frequently, increasing capacity or increasing thread count"
        return BatchTooLargeError(f"{self.name}: Put queue for MemoryTransaction of capacity {most} full, {advice}")

    def full_error(self, batch: EventBatch) -> ChannelFullError:
        """Return the error of a put that found no room."""
        if self.limits.capacity - self._used >= len(batch):
            return ChannelFullError(
                f"Cannot commit transaction. Byte capacity allocated to store event body {self.limits.byte_limit} reached."
                " Please increase heap space/byte capacity allocated to the channel as the sinks may not be keeping up"
                " with the sources"
            )
        return ChannelFullError(
            "Space for commit to queue couldn't be acquired. Sinks are likely not keeping up with sources,"
            " or the buffer size is too tight"
        )

    def fits(self, offer: QueueOffer) -> bool:
        """Tell whether there is room for a put; called under the lock."""
        return self.stock.fits(offer)

    def _grant(self, offer: QueueOffer) -> None:
        """Give an offer its room; called under the lock."""
        self._used += offer.count
        self.stock.used_bytes += offer.size_bytes
        if not offer.is_held:
            self._append(offer)

    def _append(self, offer: QueueOffer) -> None:
        """Give granted events their place in the order; called under the lock."""
        self.stock.append(offer, self.counters)

    def _admit_waiting(self) -> list[QueueOffer]:
        admitted: list[QueueOffer] = []
        while self._waiting and self.fits(self._waiting[0]):
            offer = self._waiting.popleft()
            self._grant(offer)
            admitted.append(offer)
        return admitted

    def _finish(self, admitted: list[QueueOffer]) -> None:
        """Wake the sinks and call back, without the lock."""
        if admitted:
            self.wake_listeners()
            for offer in admitted:
                offer.end(None)

    def commit_held(self, offer: QueueOffer) -> None:
        """Make held events visible. Raises ChannelError where a channel can fail here."""
        with self._lock:
            self._append(offer)
        self.wake_listeners()

    def withdraw(self, offer: QueueOffer) -> None:
        with self._lock:
            leaving = self._leave(offer) if offer in self._waiting else []
            admitted = self._admit_waiting() if leaving else []
        for left in leaving:
            left.end(StoppedError(f"{self.name}: the put was given up"))
        self._finish(admitted)

    def withdraw_held(self, offer: QueueOffer) -> None:
        """Free held room."""
        self.release(offer.count, offer.size_bytes)

    def release(self, events: int, size_bytes: int) -> None:
        """Free room and admit who waits for it."""
        with self._lock:
            self._used -= events
            self.stock.used_bytes -= size_bytes
            admitted = self._admit_waiting()
        self._finish(admitted)

    def take(self, limit: int) -> list[Run]:
        """Remove up to `limit` events from the head."""
        return self.stock.take(limit, self.counters)

    def give_back(self, runs: list[Run]) -> None:
        """Return runs to the head, as old as they are."""
        with self._lock:
            self.stock.runs.extendleft(reversed(runs))
            self.stock.queued += sum([run.count for run in runs])
            self.counters.channel_size = self.stock.queued
        self.wake_listeners()

    def commit_taken(self, runs: list[Run], *, waits: bool = True) -> None:
        """Forget taken events; their room goes to who waits for it. Raises ChannelError where a channel can fail here."""
        if self.stock.commit_taken(runs, self.counters):
            self.release(0, 0)
