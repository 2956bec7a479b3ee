"""The memory channel: a bounded FIFO of batches, transactional, lost when the process ends.

The queue keeps (batch, start, time of the put) and a take returns the batches it touched, never a concatenation. Open takes
count against the capacity, as in Flume. Whoever frees room admits the waiting offers, first come, first served, under the
same lock; their callbacks run after it. byteCapacity counts body bytes (Flume: in size_bytes of 100 per event); headers are
not counted.
Source: MemoryChannel.
"""

import threading
from collections import deque

from pydantic import model_validator

from flumepy.channels.memory_transaction import MemoryOffer, MemoryTransaction, Run, too_many_events
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel, Done, Line, Offer
from flumepy.core.component import Context
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, FlumeError, StoppedError
from flumepy.core.options import Options, opt
from flumepy.core.threads import Timer, call_later
from flumepy.core.transaction import Transaction

DEFAULT_BYTE_CAPACITY = 512 * 1024 * 1024
UNLIMITED_BYTES = 1 << 62
HEAP_SHARE = 0.8


class MemoryOptions(Options):
    """Properties of the memory channel."""

    capacity: int = opt("capacity", 100, doc="Most events in the channel, open takes included.", unit="events", ge=1,
                        on_bad="default")  # fmt: skip
    transaction_capacity: int = opt("transactionCapacity", 100, doc="Most events one transaction puts, or takes.",
                                    unit="events", ge=1, on_bad="default")  # fmt: skip
    keep_alive_s: int = opt("keep-alive", 3, doc="How long a put waits for room.", unit="s", on_bad="default")
    byte_capacity: int | None = opt(
        "byteCapacity", None, long=True, unit="bytes", on_bad="default",
        doc="Most body bytes in the channel; 0 means no limit. Without it 80 % of -Xmx where one is given, else 512 MiB.",
    )  # fmt: skip
    byte_capacity_buffer_percentage: int = opt(
        "byteCapacityBufferPercentage", 20, unit="%", on_bad="default", doc="Share of byteCapacity set aside for headers.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _fits(self) -> "MemoryOptions":
        if self.transaction_capacity > self.capacity:
            raise ValueError(
                f"transactionCapacity {self.transaction_capacity} cannot be higher than the capacity, {self.capacity}"
            )
        return self


class MemoryChannel(Channel[MemoryOptions]):
    """Bounded in-memory queue."""

    Options = MemoryOptions
    keeps_lines = True

    def __init__(self, context: Context, options: MemoryOptions) -> None:
        super().__init__(context, options)
        self._lock = threading.Lock()  # guards everything below
        self._queue: deque[Run] = deque()
        self._waiting: deque[MemoryOffer] = deque()
        self._queued = 0  # events that a take can get
        self._used = 0  # events that count against the capacity: queued, taken and not committed, held
        self._used_bytes = 0
        self._timer: Timer | None = None
        self._apply(options)

    def _apply(self, options: MemoryOptions) -> None:
        self.options = options
        self.transaction_capacity = options.transaction_capacity
        self._byte_limit = byte_limit(options, self.context)

    def start(self) -> None:
        """Publish the capacity."""
        with self._lock:
            self.counters.channel_capacity = self.options.capacity
            self.counters.channel_size = self._queued

    def stop(self) -> None:
        """End all waiting puts; the events stay for a reload that keeps the channel."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        for offer in waiting:
            offer.end(StoppedError(f"{self.name}: the channel was stopped"))

    def reconfigure(self, options: MemoryOptions) -> None:
        """Resize in place, keeping the events."""
        with self._lock:
            self._apply(options)
            self.counters.channel_capacity = options.capacity
            admitted = self._admit_waiting()
        self._finish(admitted)

    @property
    def size(self) -> int:
        """Return the number of events that a take could get now."""
        return self._queued

    @property
    def undelivered(self) -> int:
        """Return the number of events that no sink has committed: queued, or in an open take."""
        return self._used

    @property
    def bytes_queued(self) -> int:
        """Return the body bytes that count against byteCapacity."""
        return self._used_bytes

    @property
    def oldest_event_age_s(self) -> float:
        """Return how long the event at the head has been in the channel; 0 without one."""
        with self._lock:
            return self.context.clock.monotonic_s() - self._queue[0].put_s if self._queue else 0.0

    def room(self) -> int:
        """Return how many events fit right now."""
        return 0 if self._waiting else max(0, self.options.capacity - self._used)

    def transaction(self) -> Transaction:
        """Return a new transaction."""
        return MemoryTransaction(self)

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put without blocking; `done` is called once room was found or the keep-alive has passed."""
        size_bytes = batch.body_bytes()
        offer = MemoryOffer(self, batch, size_bytes, done, hold, line)
        refusal = self._refusal(batch, size_bytes)
        with self._lock:
            self.counters.put_attempt += len(batch)
            if line is not None and line.is_broken:
                refusal = refusal or self._full_error(batch)
            if refusal is None:
                if (not wait or not self._waiting) and self._fits(offer):
                    self._grant(offer)
                elif wait and self.options.keep_alive_s > 0:
                    self._enqueue_offer(offer)
                    return offer
                else:
                    refusal = self._full_error(batch)
        if refusal is not None:
            offer.end(refusal)
        else:
            self._finish([offer])
        return offer

    def _enqueue_offer(self, offer: MemoryOffer) -> None:
        offer.due_s = self.context.clock.monotonic_s() + self.options.keep_alive_s
        self._waiting.append(offer)
        if self._timer is None:
            self._timer = call_later(self.options.keep_alive_s, self._expire)

    def _expire(self) -> None:
        """Fail the offers whose keep-alive has passed; the next due one sets the timer again."""
        expired: list[MemoryOffer] = []  # in the order in which they wait
        with self._lock:
            now_s = self.context.clock.monotonic_s()
            while self._waiting and self._waiting[0].due_s <= now_s:
                expired += self._leave(self._waiting[0])
            self._timer = call_later(self._waiting[0].due_s - now_s, self._expire) if self._waiting else None
            admitted = self._admit_waiting() if expired else []
        for offer in expired:
            offer.end(self._full_error(offer.batch))
        self._finish(admitted)

    def _leave(self, offer: MemoryOffer) -> list[MemoryOffer]:
        """Stop an offer's wait, and with it those behind it in its line; return them in order."""
        line = offer.line
        if line is None:
            self._waiting.remove(offer)
            return [offer]
        line.is_broken = True
        leaving = [waiting for waiting in self._waiting if waiting.line is line]
        self._waiting = deque(waiting for waiting in self._waiting if waiting.line is not line)
        return leaving

    def _refusal(self, batch: EventBatch, size_bytes: int) -> FlumeError | None:
        if len(batch) > self.options.transaction_capacity:
            return too_many_events(self.name, self.options.transaction_capacity)
        if size_bytes > self._byte_limit:
            return BatchTooLargeError(
                f"{self.name}: {batch.body_bytes()} bytes in one transaction are more than byteCapacity allows"
            )
        return None

    def _full_error(self, batch: EventBatch) -> ChannelFullError:
        if self.options.capacity - self._used >= len(batch):
            return ChannelFullError(
                f"Cannot commit transaction. Byte capacity allocated to store event body {self._byte_limit} reached."
                " Please increase heap space/byte capacity allocated to the channel as the sinks may not be keeping up"
                " with the sources"
            )
        return ChannelFullError(
            "Space for commit to queue couldn't be acquired. Sinks are likely not keeping up with sources,"
            " or the buffer size is too tight"
        )

    def _fits(self, offer: MemoryOffer) -> bool:
        return (
            self._used + len(offer.batch) <= self.options.capacity
            and self._used_bytes + offer.size_bytes <= self._byte_limit
        )

    def _grant(self, offer: MemoryOffer) -> None:
        self._used += len(offer.batch)
        self._used_bytes += offer.size_bytes
        if not offer.is_held:
            self._append(offer)

    def _append(self, offer: MemoryOffer) -> None:
        batch = offer.batch
        if len(batch):
            self._queue.append(Run(batch, 0, offer.size_bytes, self.context.clock.monotonic_s()))
        self._queued += len(batch)
        self.counters.put_success += len(batch)
        self.counters.channel_size = self._queued

    def _admit_waiting(self) -> list[MemoryOffer]:
        admitted: list[MemoryOffer] = []
        while self._waiting and self._fits(self._waiting[0]):
            offer = self._waiting.popleft()
            self._grant(offer)
            admitted.append(offer)
        return admitted

    def _finish(self, admitted: list[MemoryOffer]) -> None:
        """Wake the sinks and call back, without the lock."""
        if admitted:
            self.wake_listeners()
            for offer in admitted:
                offer.end(None)

    def commit_held(self, offer: MemoryOffer) -> None:
        with self._lock:
            self._append(offer)
        self.wake_listeners()

    def withdraw(self, offer: MemoryOffer) -> None:
        with self._lock:
            leaving = self._leave(offer) if offer in self._waiting else []
            admitted = self._admit_waiting() if leaving else []
        for left in leaving:
            left.end(StoppedError(f"{self.name}: the put was given up"))
        self._finish(admitted)

    def release(self, events: int, size_bytes: int) -> None:
        """Free room and admit who waits for it."""
        with self._lock:
            self._used -= events
            self._used_bytes -= size_bytes
            admitted = self._admit_waiting()
        self._finish(admitted)

    def take(self, limit: int) -> list[Run]:
        """Remove up to `limit` events from the head."""
        taken: list[Run] = []
        with self._lock:
            left = limit
            while self._queue and left > 0:
                head = self._queue[0]
                if len(head) > left:
                    taken.append(head.cut(left))
                    left = 0
                else:
                    taken.append(self._queue.popleft())
                    left -= len(head)
            count = limit - left
            self._queued -= count
            self.counters.take_attempt += count if count >= limit else count + 1
        return taken

    def give_back(self, runs: list[Run]) -> None:
        """Return runs to the head, as old as they are."""
        with self._lock:
            self._queue.extendleft(reversed(runs))
            self._queued += sum(map(len, runs))
            self.counters.channel_size = self._queued
        self.wake_listeners()

    def commit_taken(self, count: int, size_bytes: int) -> None:
        """Forget taken events; their room goes to who waits for it."""
        with self._lock:
            self.counters.take_success += count
            self.counters.channel_size = self._queued
        self.release(count, size_bytes)


def byte_limit(options: MemoryOptions, context: Context) -> int:
    """Return how many body bytes byteCapacity allows; nothing usable means no limit."""
    heap = context.system_properties.get("flumepy.xmx")
    capacity = options.byte_capacity
    if capacity is None:
        capacity = int(int(heap) * HEAP_SHARE) if heap else DEFAULT_BYTE_CAPACITY
    usable = int(capacity * (1 - options.byte_capacity_buffer_percentage * 0.01))
    return usable if usable >= 100 else UNLIMITED_BYTES
