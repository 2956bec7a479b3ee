"""Memory channel with a write-ahead log, gone from Flume since 1.4; the file channel took its place."""

from flumepy.core.component import Context
from flumepy.core.later import LaterChannel
from flumepy.core.options import Options, opt


class RecoverableMemoryOptions(Options):
    """Properties of the recoverable memory channel."""

    data_dir: str | None = opt(
        "wal.dataDir", None, doc="Folder of the log; default ~/.flume/recoverable-memory-channel."
    )
    roll_bytes: int = opt(
        "wal.rollSize", 67_108_864, long=True, unit="bytes", doc="Size at which a new log file begins."
    )
    min_retention_ms: int = opt(
        "wal.minRetentionPeriod", 300_000, long=True, unit="ms", doc="Least age of what is deleted."
    )
    worker_interval_ms: int = opt("wal.workerInterval", 60_000, long=True, unit="ms", doc="Time between clean-ups.")
    max_logs_bytes: int = opt(
        "wal.maxLogsSize", 536_870_912, long=True, unit="bytes", doc="Most bytes of all log files."
    )
    capacity: int = opt("capacity", 100, unit="events", doc="Most events in the channel.")
    keep_alive_s: int = opt("keep-alive", 3, unit="s", doc="How long a put waits for room.")


class RecoverableMemoryChannel(LaterChannel[RecoverableMemoryOptions]):
    """Keeps events in memory and in a log."""

    Options = RecoverableMemoryOptions
    type_name = "recoverablememory"
    durability = "crash-safe"

    def __init__(self, context: Context, options: RecoverableMemoryOptions) -> None:
        super().__init__(context, options)
        self.warn("the recoverable memory channel is gone from Flume since 1.4; use the file channel", key="type")
