"""Memory channel that overflows into a file channel of its own. Source: SpillableMemoryChannel."""

from flumepy.core.component import Context
from flumepy.core.later import LaterChannel
from flumepy.core.options import Options, opt

DEFAULT_OVERFLOW_CAPACITY = 100_000_000


class SpillableMemoryOptions(Options):
    """Properties of the spillable memory channel; all others go to its file channel."""

    memory_capacity: int = opt("memoryCapacity", 10_000, ge=0, on_bad="default", unit="events",
                               doc="Most events in memory; 0 keeps none there.")  # fmt: skip
    overflow_capacity: int = opt("overflowCapacity", DEFAULT_OVERFLOW_CAPACITY, on_bad="default", unit="events",
                                 doc="Most events in the file channel; 0 switches it off.")  # fmt: skip
    overflow_timeout_s: int = opt("overflowTimeout", 3, on_bad="default", unit="s",
                                  doc="How long a put waits for room in memory before it goes to the file.")  # fmt: skip
    overflow_deactivation_threshold: int = opt("overflowDeactivationThreshold", 5, on_bad="default", unit="%",
                                               doc="Free share of the memory at which overflowing ends.")  # fmt: skip
    byte_capacity: int | None = opt(
        "byteCapacity", None, long=True, on_bad="default", unit="bytes",
        doc="Most body bytes in memory; 0 means no limit. Without it 80 % of -Xmx where one is given, else 512 MiB.",
    )  # fmt: skip
    byte_capacity_buffer_percentage: int = opt("byteCapacityBufferPercentage", 20, on_bad="default", unit="%",
                                               doc="Share of byteCapacity set aside for headers.")  # fmt: skip
    average_event_bytes: int = opt("avgEventSize", 500, on_bad="default", unit="bytes",
                                   doc="Size of a slot when bytes are counted.")  # fmt: skip
    capacity: str | None = opt("capacity", None, doc="Of the file channel.", ignored="overflowCapacity takes its place")
    keep_alive: str | None = opt("keep-alive", None, doc="Of the file channel.", ignored="0 takes its place")
    file: dict[str, str] = opt(".", {}, doc="Properties of the file channel: checkpointDir, dataDirs, …")


class SpillableMemoryChannel(LaterChannel[SpillableMemoryOptions]):
    """Keeps events in memory while there is room, then on disk."""

    Options = SpillableMemoryOptions
    type_name = "spillablememory"

    def __init__(self, context: Context, options: SpillableMemoryOptions) -> None:
        super().__init__(context, options)
        overflow_capacity = options.overflow_capacity
        if options.memory_capacity < 1 and overflow_capacity < 1:
            overflow_capacity = DEFAULT_OVERFLOW_CAPACITY
            self.warn(f"cannot be 0 when memoryCapacity is 0 too; the default {overflow_capacity} is used, as in Flume",
                      key="overflowCapacity")  # fmt: skip
        settings = {**options.file, "keep-alive": "0", "capacity": str(overflow_capacity)}
        self.file = context.build("channel", "file", settings)
        self.transaction_capacity = getattr(self.file, "transaction_capacity", None)
