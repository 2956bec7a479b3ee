"""What the tests of the spillable channel share: the channel with a file channel, or with one in memory in its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flumepy.channels.file import FileOptions
from flumepy.channels.memory import MemoryChannel, MemoryOptions
from flumepy.channels.spillable_memory.channel import SpillableMemoryChannel
from flumepy.core.channel import Channel
from flumepy.core.component import Builder, Component, Context
from flumepy.core.errors import ChannelError
from flumepy.core.offer import Line, Offer
from flumepy.core.options import require_options
from flumepy.log.disk import Disk
from flumepy.testing.conformance.channel_tools import Ends, batch_of
from flumepy.testing.fakes import build
from tests.channels.file_tools import SmallFileChannel

STORES = ("file", "memory")


class FailingStore(MemoryChannel):
    """A memory channel in the place of the file channel, whose puts and takes fail on demand."""

    failure: ChannelError | None = None

    def offer(self, batch: Any, done: Any, *, hold: bool = False, wait: bool = True, line: Line | None = None) -> Any:
        """Put, or fail."""
        if self.failure is None:
            return super().offer(batch, done, hold=hold, wait=wait, line=line)
        offer = Offer()
        offer.error, offer.is_done = self.failure, True
        done(offer)
        return offer

    def take(self, limit: int) -> Any:
        """Take, or fail."""
        if self.failure is not None:
            raise self.failure
        return super().take(limit)


def small_file(disk: Disk | None) -> Builder:
    """Return a builder of file channels whose files and memory are small, on this disk."""

    def build_file(kind: str, type_name: str, settings: Mapping[str, str], context: Context) -> Component[Any]:
        assert (kind, type_name) == ("channel", "file")
        channel = SmallFileChannel(context, require_options(FileOptions, settings))
        channel.disk = disk or channel.disk
        channel._caretaker.first_reopen_s = 0.01
        channel._caretaker.space_wait_s = 60
        return channel

    return build_file


def in_memory(kind: str, type_name: str, settings: Mapping[str, str], context: Context) -> Component[Any]:
    """Build a memory channel where a file channel is asked for."""
    assert (kind, type_name) == ("channel", "file")
    known = {key: text for key, text in settings.items() if key in ("capacity", "transactionCapacity", "keep-alive")}
    return FailingStore(context, require_options(MemoryOptions, {"transactionCapacity": "100", **known}))


def spillable(store: str, folder: Path, disk: Disk | None = None, **settings: object) -> SpillableMemoryChannel:
    """Build a channel over a file channel in a folder, or over one in memory. Values of options by their keys."""
    texts = {
        "overflowTimeout": "0",
        "transactionCapacity": "4",
        "minimumRequiredSpace": "1",
        "checkpointDir": f"{folder}/checkpoint",
        "dataDirs": f"{folder}/data",
    }
    texts |= {key: str(setting) for key, setting in settings.items()}
    return build(SpillableMemoryChannel, texts, builder=in_memory if store == "memory" else small_file(disk))


def offer(channel: Channel[Any], *bodies: bytes, line: Line | None = None) -> Ends:
    """Offer one batch without waiting for its end."""
    ends = Ends()
    channel.offer(batch_of(*bodies), ends, line=line)
    return ends
