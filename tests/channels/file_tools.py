"""File channels in a temporary folder, with limits so small that everything happens soon."""

from dataclasses import replace
from pathlib import Path

from flumepy.channels.file import FileChannel
from flumepy.core.batch import EventBatch
from flumepy.event_log.store import StoreSettings
from flumepy.log.disk import Disk
from flumepy.testing.fakes import build


class SmallFileChannel(FileChannel):
    """Its log files have 4 KiB, its memory holds 600 bytes."""

    segment_bytes = 4096
    hot_bytes = 600

    def store_settings(self) -> StoreSettings:
        """Return small settings."""
        return replace(
            super().store_settings(), segment_bytes=self.segment_bytes, hot_bytes=self.hot_bytes, minimum_free_bytes=0
        )


def settings_of(folder: Path, **more: str) -> dict[str, str]:
    """Return the properties of a channel that lives in this folder."""
    return {
        "checkpointDir": str(folder / "checkpoint"),
        "dataDirs": f"{folder / 'data1'},{folder / 'data2'}",
        "transactionCapacity": "100",
        "capacity": "1000",
        **more,
    }


def small_channel(folder: Path, disk: Disk | None = None, **more: str) -> SmallFileChannel:
    """Return a channel that is not started."""
    channel = build(SmallFileChannel, settings_of(folder, **more), name="c1")
    channel.disk = disk or channel.disk
    channel._caretaker.first_reopen_s = 0.01
    channel._caretaker.space_wait_s = 60  # no file is made aside, where a test says how the disk behaves
    return channel


def numbered(first: int, count: int) -> EventBatch:
    """Return events with these numbers."""
    return EventBatch([f"{number:06}".encode() for number in range(first, first + count)])
