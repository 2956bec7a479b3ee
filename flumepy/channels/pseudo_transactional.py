"""A small bounded queue in memory whose puts wait for room as long as it takes. Flume has it for tests.

Flume's begin, commit and rollback do nothing there; here they do what the contract says, so nothing is lost. Open takes
count against the capacity. A batch larger than the whole capacity goes in alone, into the empty channel: Flume lets it
through event by event. Offers are granted first come, first served. Source: PseudoTxnMemoryChannel.
"""

import threading
from collections import deque

from flumepy.core.batch import EventBatch, split_batches
from flumepy.core.channel import Channel, Done, Line, Offer
from flumepy.core.component import Context
from flumepy.core.errors import ChannelFullError, FlumeError, StoppedError
from flumepy.core.options import Options, opt
from flumepy.core.transaction import Transaction


class PseudoTransactionalOptions(Options):
    """Properties of the pseudo-transactional channel."""

    capacity: int = opt("capacity", 50, unit="events", ge=1, doc="Most events in the channel.")
    keep_alive_s: int = opt("keep-alive", 3, unit="s", doc="How long Flume's take waits for an event.",
                            ignored="sinks wait on the channel and are woken by the next put")  # fmt: skip


class PseudoTransactionalChannel(Channel[PseudoTransactionalOptions]):
    """Bounded queue."""

    Options = PseudoTransactionalOptions

    def __init__(self, context: Context, options: PseudoTransactionalOptions) -> None:
        super().__init__(context, options)
        self._lock = threading.Lock()  # guards everything below
        self._queue: list[EventBatch] = []
        self._waiting: deque[_QueueOffer] = deque()
        self._queued = 0  # events that a take can get
        self._used = 0  # events that count against the capacity: queued, taken and not committed, held

    def start(self) -> None:
        """Publish the capacity."""
        with self._lock:
            self.counters.channel_capacity = self.options.capacity
            self.counters.channel_size = self._queued

    def stop(self) -> None:
        """End all waiting puts; the events stay."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        for offer in waiting:
            offer.end(StoppedError(f"{self.name}: the channel was stopped"))

    def reconfigure(self, options: PseudoTransactionalOptions) -> None:
        """Resize in place, keeping the events."""
        with self._lock:
            self.options = options
            self.counters.channel_capacity = options.capacity
            granted = self._grant_waiting()
        self._finish(granted)

    @property
    def size(self) -> int:
        """Return the number of events that a take could get now."""
        return self._queued

    def room(self) -> int:
        """Return how many events fit right now."""
        return 0 if self._waiting else max(0, self.options.capacity - self._used)

    def transaction(self) -> Transaction:
        """Return a new transaction."""
        return _QueueTransaction(self)

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put without blocking; `done` is called once there was room, however long that takes."""
        offer = _QueueOffer(self, batch, done, hold)
        with self._lock:
            self.counters.put_attempt += len(batch)
            is_granted = (not wait or not self._waiting) and self._fits(batch)
            if is_granted:
                self._grant(offer)
            elif wait:
                self._waiting.append(offer)
                return offer
        if is_granted:
            self._finish([offer])
        else:
            offer.end(ChannelFullError(f"{self.name}: no room for {len(batch)} events now"))
        return offer

    def _fits(self, batch: EventBatch) -> bool:
        return not self._used or self._used + len(batch) <= self.options.capacity

    def _grant(self, offer: "_QueueOffer") -> None:
        self._used += len(offer.batch)
        if not offer.is_held:
            self._append(offer.batch)

    def _append(self, batch: EventBatch) -> None:
        if len(batch):
            self._queue.append(batch)
        self._queued += len(batch)
        self.counters.put_success += len(batch)
        self.counters.channel_size = self._queued

    def _grant_waiting(self) -> "list[_QueueOffer]":
        granted: list[_QueueOffer] = []
        while self._waiting and self._fits(self._waiting[0].batch):
            granted.append(self._waiting.popleft())
            self._grant(granted[-1])
        return granted

    def _finish(self, granted: "list[_QueueOffer]") -> None:
        """Wake the sinks and call back, without the lock."""
        if granted:
            self.wake_listeners()
            for offer in granted:
                offer.end(None)

    def commit_held(self, batch: EventBatch) -> None:
        """Make held events visible."""
        with self._lock:
            self._append(batch)
        self.wake_listeners()

    def withdraw_waiting(self, offer: "_QueueOffer") -> None:
        """Take an offer out of the line and end it."""
        with self._lock:
            was_waiting = offer in self._waiting
            if was_waiting:
                self._waiting.remove(offer)
            granted = self._grant_waiting()
        if was_waiting:
            offer.end(StoppedError(f"{self.name}: the put was given up"))
        self._finish(granted)

    def release(self, events: int) -> None:
        """Free room and grant who waits for it."""
        with self._lock:
            self._used -= events
            granted = self._grant_waiting()
        self._finish(granted)

    def take(self, limit: int) -> list[EventBatch]:
        """Remove up to `limit` events from the head; they go on counting against the capacity."""
        with self._lock:
            taken, self._queue = split_batches(self._queue, limit)
            count = sum(map(len, taken))
            self._queued -= count
            self.counters.take_attempt += count if count >= limit else count + 1
        return taken

    def finish_take(self, committed: list[EventBatch], returned: list[EventBatch]) -> None:
        """Forget what was committed and put what was returned back to the head."""
        count = sum(map(len, committed))
        with self._lock:
            self._queue = returned + self._queue
            self._queued += sum(map(len, returned))
            self.counters.take_success += count
            self.counters.channel_size = self._queued
        if returned:
            self.wake_listeners()
        self.release(count)


class _QueueOffer(Offer):
    """A put that waits in the channel's line, or holds room."""

    __slots__ = ("_channel", "_done", "batch", "is_held")

    def __init__(self, channel: PseudoTransactionalChannel, batch: EventBatch, done: Done, hold: bool) -> None:
        super().__init__()
        self._channel = channel
        self._done = done
        self.batch = batch
        self.is_held = hold

    def end(self, error: FlumeError | None) -> None:
        """Tell the putter how it went."""
        self.error = error
        self.is_held = self.is_held and error is None
        self.is_done = True
        self._done(self)

    def commit(self) -> None:
        """Make held events visible."""
        if self.is_held and self.claim_hold("commit"):
            self._channel.commit_held(self.batch)

    def withdraw(self) -> None:
        """Leave the line, or free the held room."""
        if not self.is_done:
            self._channel.withdraw_waiting(self)
        elif self.is_held and self.claim_hold("withdraw"):
            self._channel.release(len(self.batch))


class _QueueTransaction(Transaction):
    """Puts are kept until the commit and then wait for room together; takes leave the queue at once."""

    def __init__(self, channel: PseudoTransactionalChannel) -> None:
        super().__init__()
        self._channel = channel
        self._puts: list[EventBatch] = []
        self._taken: list[EventBatch] = []

    def do_put(self, batch: EventBatch) -> None:
        self._puts.append(batch)

    def do_take(self, limit: int) -> list[EventBatch]:
        taken = self._channel.take(limit)
        self._taken += taken
        return taken

    def do_commit(self, taken: int | None) -> None:
        if self._puts:
            ended = threading.Event()
            outcome = self._channel.offer(EventBatch.concat(self._puts), lambda _: ended.set())
            ended.wait()
            if outcome.error is not None:
                raise outcome.error
            self._puts = []
        committed, returned = (self._taken, []) if taken is None else split_batches(self._taken, taken)
        self._taken = []
        if committed or returned:
            self._channel.finish_take(committed, returned)

    def do_rollback(self) -> None:
        self._puts = []
        if self._taken:
            taken, self._taken = self._taken, []
            self._channel.finish_take([], taken)
