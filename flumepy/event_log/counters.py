"""Counters of a channel on a log. Source: FileChannelCounter."""

from typing import ClassVar

from flumepy.core.counters import ChannelCounters, Number


class LogChannelCounters(ChannelCounters):
    """Those of every channel, errors, and its state."""

    attributes: ClassVar[dict[str, tuple[str, str]]] = {
        **ChannelCounters.attributes,
        "put_error": ("EventPutErrorCount", "channel.file.event.put.error"),
        "take_error": ("EventTakeErrorCount", "channel.file.event.take.error"),
        "checkpoint_error": ("CheckpointWriteErrorCount", "channel.file.checkpoint.write.error"),
        "backup_error": ("CheckpointBackupWriteErrorCount", "channel.file.checkpoint.backup.write.error"),
    }
    gauges = ChannelCounters.gauges | {"Open", "Closed", "Unhealthy"}
    put_error: int
    take_error: int
    checkpoint_error: int
    backup_error: int
    is_open = False
    is_healthy = True

    def snapshot(self) -> dict[str, Number | str]:
        """Add Open, Closed and Unhealthy."""
        state = {"Open": self.is_open, "Closed": int(not self.is_open), "Unhealthy": int(not self.is_healthy)}
        return {**super().snapshot(), **state}
