"""Memory channel that overflows into a file channel of its own.

A put goes whole to memory if it finds room there within overflowTimeout, else whole to the file; while overflow is active
it does not wait. After a start of the process, what was in the file comes first, and what was in memory is gone. The work is
in `spillable_puts.py` (where a put goes), `spillable_queue.py` (where a take comes from), `spillable_order.py` (the order of
all) and `spillable_transaction.py`. Source: SpillableMemoryChannel.
"""

from pathlib import Path
from typing import Any

from flumepy.channels.spillable_memory.order import FileRun
from flumepy.channels.spillable_memory.queue import SpillingQueue
from flumepy.channels.spillable_memory.transaction import SpillOffer, SpillTransaction
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, ConfigurationError, FlumeError, call_all
from flumepy.core.heap import usable_bytes
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import Options, opt
from flumepy.core.problems import Problem, Severity
from flumepy.core.queue_channel import QueueLimits
from flumepy.core.queue_stock import UNLIMITED_BYTES
from flumepy.core.queue_transaction import QueueOffer
from flumepy.core.threads import Wakeup
from flumepy.core.transaction import Transaction

DEFAULT_OVERFLOW_CAPACITY = 100_000_000


class SpillableMemoryOptions(Options):
    """Properties of the spillable memory channel; all others go to its file channel."""

    memory_capacity: int = opt("memoryCapacity", 10_000, ge=0, on_bad="default", unit="events",
                               doc="Most events in memory, open takes included; 0 keeps none there.")  # fmt: skip
    overflow_capacity: int = opt("overflowCapacity", DEFAULT_OVERFLOW_CAPACITY, on_bad="default", unit="events",
                                 doc="Most events in the file channel; 0 switches it off.")  # fmt: skip
    overflow_timeout_s: int = opt("overflowTimeout", 3, on_bad="default", unit="s",
                                  doc="How long a put waits for room in memory before it goes to the file, and once"
                                      " more for room there.")  # fmt: skip
    overflow_deactivation_threshold: int = opt(
        "overflowDeactivationThreshold", 5, on_bad="default", unit="%",
        doc="Free share of the memory at which overflowing ends, so that puts wait for memory again.",
    )  # fmt: skip
    byte_capacity: int | None = opt(
        "byteCapacity", None, long=True, on_bad="default", unit="bytes",
        doc="Most body bytes in memory, in slots of avgEventSize; 0 means no limit. Without it 80 % of -Xmx where one is"
            " given, else 512 MiB.",
    )  # fmt: skip
    byte_capacity_buffer_percentage: int = opt("byteCapacityBufferPercentage", 20, on_bad="default", unit="%",
                                               doc="Share of byteCapacity set aside for headers.")  # fmt: skip
    average_event_bytes: int = opt("avgEventSize", 500, ge=1, on_bad="default", unit="bytes",
                                   doc="Size of a slot when bytes are counted; each event takes one at least.")  # fmt: skip
    capacity: str | None = opt("capacity", None, doc="Of the file channel.", ignored="overflowCapacity takes its place")
    keep_alive: str | None = opt("keep-alive", None, doc="Of the file channel.", ignored="0 takes its place")
    file: dict[str, str] = opt(".", {}, doc="Properties of the file channel: checkpointDir, dataDirs, …")


class SpillableMemoryChannel(SpillingQueue[SpillableMemoryOptions]):
    """Keeps events in memory while there is room, then on disk, where they survive; those in memory end with the process."""

    Options = SpillableMemoryOptions

    def __init__(self, context: Context, options: SpillableMemoryOptions) -> None:
        super().__init__(context, options)
        self._use(self._build_file(options))

    def _build_file(self, options: SpillableMemoryOptions) -> Channel[Any]:
        capacity = options.overflow_capacity
        if options.memory_capacity < 1 and capacity < 1:
            capacity = DEFAULT_OVERFLOW_CAPACITY
            self.context.report(Problem(
                Severity.WARNING, f"cannot be 0 when memoryCapacity is 0 too; the default {capacity} is used, as in Flume",
                key="overflowCapacity"))  # fmt: skip
        self.overflow_capacity = max(0, capacity)
        settings = {**options.file, "keep-alive": "0"}
        if capacity > 0:  # the file is opened without overflow too, for what is in it
            settings["capacity"] = str(capacity)
        try:
            file = self.context.build("channel", "file", settings)
        except ConfigurationError as error:
            if error.key != "capacity":
                raise
            hint = "overflowCapacity is the capacity of the file channel, transactionCapacity goes to it too"
            raise ConfigurationError(str(error), key="overflowCapacity", hint=hint) from error
        assert isinstance(file, Channel)
        return file

    def _use(self, file: Channel[Any]) -> None:
        self.file = file
        self.transaction_capacity = file.transaction_capacity
        for wakeup in self.listeners:
            file.listen(wakeup)

    def limits_of(self, options: SpillableMemoryOptions) -> QueueLimits:
        """Return the limits of the memory."""
        usable = usable_bytes(options.byte_capacity, options.byte_capacity_buffer_percentage, self.context)
        self.slot_limit = usable // options.average_event_bytes or UNLIMITED_BYTES
        self.deactivation_share = options.overflow_deactivation_threshold / 100
        return QueueLimits(options.memory_capacity, None, options.overflow_timeout_s)

    def reconfigure(self, options: SpillableMemoryOptions) -> None:
        """Take over new options while stopped, keeping the events; the file channel is made anew."""
        file = self._build_file(options)
        super().reconfigure(options)
        self._use(file)

    @property
    def own_folders(self) -> tuple[Path, ...]:
        """Return the folders of the file channel."""
        return self.file.own_folders

    def start(self) -> None:
        """Open the file; what is in it comes first, unless this object has known it before. Raises StartError."""
        self.file.start()
        with self._lock:
            self._reconcile()
            self.counters.channel_capacity = self.limits.capacity + self.overflow_capacity
            self.counters.channel_size = len(self._order)

    def stop(self) -> None:
        """End waiting puts, close the file; events in memory stay for a reload."""
        call_all(super().stop, self.file.stop)

    def listen(self, wakeup: Wakeup) -> None:
        """Poke this wake-up at each put, and when the file channel has something again."""
        super().listen(wakeup)
        self.file.listen(wakeup)

    def unlisten(self, wakeup: Wakeup) -> None:
        """Stop poking it."""
        super().unlisten(wakeup)
        self.file.unlisten(wakeup)

    @property
    def size(self) -> int:
        """Return the number of events in memory and file that no take has got."""
        return len(self._order)

    @property
    def undelivered(self) -> int:
        """Return the number of events that would be lost: those in memory that no sink has committed."""
        return self.stock.used

    @property
    def bytes_queued(self) -> int:
        """Return the body bytes in memory, and what the file channel says of its own."""
        return self.stock.used_bytes + (self.file.bytes_queued or 0)

    @property
    def oldest_event_age_s(self) -> float | None:
        """Return how long the event at the head has been in the channel, 0 without one; None where only the file knows."""
        with self._lock:
            head = self._order.head
        if head is None:
            return 0.0
        if isinstance(head, FileRun):
            age_s = self.file.oldest_event_age_s
            if age_s is not None or not head.number:
                return age_s
        return self.context.clock.monotonic_s() - head.put_s

    def room(self) -> int:
        """Return how many events fit right now in one put; what fits in memory first."""
        if self._waiting:
            return 0
        in_memory = 0 if self._flying else max(0, self.limits.capacity - self.stock.used)
        return in_memory or max(0, self.overflow_capacity - self._file_used)

    def transaction(self) -> Transaction:
        """Return a new transaction."""
        return SpillTransaction(self)

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put without blocking; `done` is called once the events are in memory or stored, or no room was found in time."""
        offer = SpillOffer(self, batch, slots_of(batch, self.options.average_event_bytes), done, hold, line)
        offer.is_late = not wait or not self._waits()
        return self._submit(offer, wait=wait)

    def _refusal(self, offer: QueueOffer) -> FlumeError | None:
        most = self.transaction_capacity
        if most is not None and len(offer.batch) > most:
            return self.too_many_error(most)
        assert isinstance(offer, SpillOffer)
        if not self.overflow_capacity and self._is_too_large(offer):
            return BatchTooLargeError(
                f"{self.name}: {len(offer.batch)} events of {offer.size_bytes} bytes are more than memoryCapacity or"
                " byteCapacity allow in all, and overflowing is disabled"
            )
        return None

    def too_many_error(self, most: int) -> BatchTooLargeError:
        """Return the error of a put above the file channel's transactionCapacity."""
        return BatchTooLargeError(
            f"{self.name}: a put has more events than transactionCapacity, {most}, allows; it must fit the file channel"
        )

    def full_error(self, batch: EventBatch) -> ChannelFullError:
        """Return the error of a put that found no room."""
        if self.overflow_capacity:
            return ChannelFullError(
                f"{self.name}: memoryCapacity {self.limits.capacity} and overflowCapacity {self.overflow_capacity} have been"
                " reached. Sinks are likely not keeping up with sources, or the capacities are too low"
            )
        if self.limits.capacity - self.stock.used < len(batch):
            return ChannelFullError(
                "Spillable Memory Channel's memory capacity has been reached and overflowing is disabled."
                " Consider increasing memoryCapacity."
            )
        return ChannelFullError(
            "Spillable Memory Channel's memory capacity has been reached."
            f" {(self.slot_limit - self._used_slots) * self.options.average_event_bytes} bytes are free and overflowing is"
            " disabled. Consider increasing byteCapacity or capacity."
        )


def slots_of(batch: EventBatch, slot_bytes: int) -> int:
    """Return how many slots the bodies take, at least one each."""
    if max(map(len, batch.bodies), default=0) <= slot_bytes:
        return len(batch)
    return sum([-(-len(body) // slot_bytes) or 1 for body in batch.bodies])
