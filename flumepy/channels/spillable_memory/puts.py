"""The puts of the spillable channel: who goes to memory, who to the file, and when.

What goes to the file gets its place in `_outgoing` under the lock and is handed over by one thread at a time, so the file
has the puts in their order. While some are on their way, none goes to memory, where it would overtake them. The drain order
counts an event of the file only once it is stored. No lock is held across a call of the file channel, but for its `size`.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from flumepy.channels.spillable_memory.order import DrainOrder, MemoryRun
from flumepy.channels.spillable_memory.transaction import SpillOffer
from flumepy.core.channel import Channel
from flumepy.core.component import Context
from flumepy.core.errors import BatchTooLargeError, ChannelError, ChannelFullError, FlumeError
from flumepy.core.offer import Offer
from flumepy.core.options import Options, OptionsT
from flumepy.core.queue_channel import QueueChannel
from flumepy.core.queue_stock import UNLIMITED_BYTES
from flumepy.core.queue_transaction import QueueOffer
from flumepy.core.threads import call_later

TELL_INTERVAL_S = 10.0


class SpillingPuts(QueueChannel[OptionsT]):
    """Puts go to memory first, then to a file channel."""

    file: Channel[Options]

    def __init__(self, context: Context, options: OptionsT) -> None:
        self.overflow_capacity = 0
        self.slot_limit = UNLIMITED_BYTES
        self.deactivation_share = 0.0
        self._order = DrainOrder()
        self._used_slots = 0
        self._file_used = 0  # events that count against overflowCapacity
        self._is_active = False  # overflow: puts do not wait for memory
        self._outgoing: deque[SpillOffer] = deque()
        self._handing_over = threading.Lock()  # one thread at a time
        self._flying = 0  # puts that the file has not stored yet
        self._file_calls = 0  # calls and transactions that may change the file's size
        self._news = ""
        self._told_s: dict[str, float] = {}
        super().__init__(context, options)

    def fits(self, offer: QueueOffer) -> bool:
        """Tell whether there is room for a put; called under the lock."""
        assert isinstance(offer, SpillOffer)
        return self._fits_memory(offer) or (
            self._may_overflow(offer) and self._file_used + len(offer.batch) <= self.overflow_capacity
        )

    def _fits_memory(self, offer: SpillOffer) -> bool:
        return not len(offer.batch) or (not self._flying and self._has_memory(offer))

    def _has_memory(self, offer: SpillOffer) -> bool:
        return (
            self.stock.used + len(offer.batch) <= self.limits.capacity
            and self._used_slots + offer.slots <= self.slot_limit
        )

    def _may_overflow(self, offer: SpillOffer) -> bool:
        return self.overflow_capacity > 0 and (self._is_active or offer.is_late or self._is_too_large(offer))

    def _is_too_large(self, offer: SpillOffer) -> bool:
        """Tell whether a put can never go to memory."""
        return len(offer.batch) > self.limits.capacity or offer.slots > self.slot_limit

    def _grant(self, offer: QueueOffer) -> None:
        assert isinstance(offer, SpillOffer)
        if self._fits_memory(offer):
            self._used_slots += offer.slots
            super()._grant(offer)
            return
        if not self._is_active and not self._is_too_large(offer) and not self._has_memory(offer):
            self._is_active = True
            self._news = "Overflow activated: memory is full, events go to the file channel"
        offer.is_overflow = True
        self._file_used += len(offer.batch)
        self._flying += 1
        self._file_calls += 1
        self._outgoing.append(offer)

    def _append(self, offer: QueueOffer) -> None:
        assert isinstance(offer, SpillOffer)
        if len(offer.batch):
            now_s = self.context.clock.monotonic_s()
            self._order.append_memory(MemoryRun(offer.batch, 0, offer.size_bytes, now_s, offer.slots))
        self.counters.put_success += len(offer.batch)
        self.counters.channel_size = len(self._order)

    def _finish(self, admitted: Sequence[QueueOffer]) -> None:
        """End the puts that are in memory, hand the others over to the file; without the lock."""
        super()._finish([offer for offer in admitted if not (isinstance(offer, SpillOffer) and offer.is_overflow)])
        while self._outgoing and self._handing_over.acquire(blocking=False):
            try:
                while self._outgoing:
                    self._hand_over(self._outgoing.popleft())
            finally:
                self._handing_over.release()
        if self._news:
            self._tell()

    def _hand_over(self, offer: SpillOffer) -> None:
        line = offer.line
        if line is not None and line.is_broken:
            self._landed(offer, None, self.full_error(offer.batch))
            return
        self.file.offer(
            offer.batch,
            lambda ended: self._landed(offer, ended, ended.error),
            hold=offer.is_held,
            wait=False,
            line=line,
        )

    def _landed(self, offer: SpillOffer, ended: Offer | None, error: FlumeError | None) -> None:
        """Count a put that the file has stored, holds room for, or refuses."""
        left: list[QueueOffer] = []
        is_visible = error is None and not offer.is_held
        with self._lock:
            self._flying -= 1
            self._file_calls -= 1
            if error is not None:
                self._file_used -= len(offer.batch)
                left = [] if offer.line is None else self._leave(offer)
            elif offer.is_held:
                offer.file_offer = ended
            if is_visible:
                self._stored(len(offer.batch))
            admitted = self._admit_waiting()
        if is_visible:
            self.wake_listeners()
        refusal = None if error is None else self._refused(error)
        offer.end(refusal)
        for waiting in left:
            waiting.end(refusal)
        self._finish(admitted)

    def _stored(self, count: int) -> None:
        self._order.append_file(count, self.context.clock.monotonic_s())
        self.counters.put_success += count
        self.counters.channel_size = len(self._order)

    def _refused(self, error: FlumeError) -> FlumeError:
        """Return the file channel's error with what led there."""
        if isinstance(error, BatchTooLargeError) or not isinstance(error, ChannelError):
            return error
        kind = ChannelFullError if isinstance(error, ChannelFullError) else ChannelError
        return kind(f"{self.name}: no room in memory, and the file channel does not take the events: {error}")

    def commit_held(self, offer: QueueOffer) -> None:
        """Make held events visible; waits for the disk where they go to the file. Raises ChannelError."""
        assert isinstance(offer, SpillOffer)
        if offer.file_offer is None:
            super().commit_held(offer)
            return
        with self._lock:
            self._file_calls += 1
        try:
            offer.file_offer.commit()
        except FlumeError as error:
            self._held_stored(offer, error)
            raise self._refused(error) from error
        self._held_stored(offer, None)

    def commit_held_then(self, offer: SpillOffer, held: Offer, done: Callable[[FlumeError | None], None]) -> None:
        """Store held events in the file and call back."""

        def end(error: FlumeError | None) -> None:
            self._held_stored(offer, error)
            done(None if error is None else self._refused(error))

        with self._lock:
            self._file_calls += 1
        held.commit_then(end)

    def _held_stored(self, offer: SpillOffer, error: FlumeError | None) -> None:
        with self._lock:
            self._file_calls -= 1
            if error is None:
                self._stored(len(offer.batch))
            else:
                self._file_used -= len(offer.batch)
            admitted = self._admit_waiting()
        self.wake_listeners()
        self._finish(admitted)

    def withdraw_held(self, offer: QueueOffer) -> None:
        """Free held room."""
        assert isinstance(offer, SpillOffer)
        if offer.file_offer is not None:
            offer.file_offer.withdraw()
            with self._lock:
                self._file_used -= len(offer.batch)
                admitted = self._admit_waiting()
            self._finish(admitted)
        else:
            with self._lock:
                self._used_slots -= offer.slots
            super().withdraw_held(offer)

    def _enqueue_offer(self, offer: QueueOffer) -> None:
        assert isinstance(offer, SpillOffer)
        offer.is_late = offer.is_late or self._may_overflow(offer)  # it waits for the file, and so once
        super()._enqueue_offer(offer)

    def _expire(self) -> None:
        """Let the puts overflow whose time is over; those that have waited for the file as well fail."""
        expired: list[QueueOffer] = []
        with self._lock:
            now_s = self.context.clock.monotonic_s()
            while self._waiting and self._waiting[0].due_s <= now_s:
                head = self._waiting[0]
                assert isinstance(head, SpillOffer)
                if head.is_late or not self.overflow_capacity:
                    expired += self._leave(head)
                    continue
                head.is_late = True
                head.due_s = now_s + (self.limits.keep_alive_s or 0)
            admitted = self._admit_waiting()
            self._timer = call_later(self._waiting[0].due_s - now_s, self._expire) if self._waiting else None
        for offer in expired:
            offer.end(self.full_error(offer.batch))
        self._finish(admitted)

    def _tell(self) -> None:
        """Log that overflow began or ended; not at each turn where it does so all the time."""
        with self._lock:
            news, self._news = self._news, ""
            now_s = self.context.clock.monotonic_s()
            is_due = bool(news) and now_s - self._told_s.get(news, float("-inf")) >= TELL_INTERVAL_S
            if is_due:
                self._told_s[news] = now_s
        if is_due:
            self.log.info("%s", news)
