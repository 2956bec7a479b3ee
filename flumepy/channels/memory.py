"""The memory channel: a bounded FIFO of batches, transactional, lost when the process ends.

The queue is `QueueChannel`; here are Flume's limits. byteCapacity counts body bytes (Flume: in size_bytes of 100 per event);
headers are not counted.
Source: MemoryChannel.
"""

from pydantic import model_validator

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.heap import usable_bytes
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import Options, opt
from flumepy.core.queue_channel import QueueChannel, QueueLimits
from flumepy.core.queue_stock import UNLIMITED_BYTES
from flumepy.core.queue_transaction import QueueOffer


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


class MemoryChannel(QueueChannel[MemoryOptions]):
    """Bounded in-memory queue."""

    Options = MemoryOptions

    def limits_of(self, options: MemoryOptions) -> QueueLimits:
        """Return Flume's limits."""
        return QueueLimits(
            options.capacity, options.transaction_capacity, options.keep_alive_s, byte_limit(options, self.context)
        )

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put without blocking; see QueueChannel."""
        offer = QueueOffer(self, batch, batch.body_bytes(), done, hold, line)
        if self._is_too_large(offer) or not self.stock.put(offer, self.counters):
            return self._submit(offer, wait=wait)
        self.wake_listeners()
        offer.end(None)
        return offer

    def _is_too_large(self, offer: QueueOffer) -> bool:
        return self.transaction_capacity is not None and offer.count > self.transaction_capacity


def byte_limit(options: MemoryOptions, context: Context) -> int:
    """Return how many body bytes byteCapacity allows; nothing usable means no limit."""
    usable = usable_bytes(options.byte_capacity, options.byte_capacity_buffer_percentage, context)
    return usable if usable >= 100 else UNLIMITED_BYTES
