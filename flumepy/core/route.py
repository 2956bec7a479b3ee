"""What a selector answers with. Compiled (pyproject.toml), since every batch has one."""

from typing import TYPE_CHECKING, Any

from flumepy.core.batch import EventBatch

if TYPE_CHECKING:
    from flumepy.core.channel import Channel


class Route:
    """A part of a batch on its way to one channel."""

    __slots__ = ("batch", "channel", "is_required")

    def __init__(self, channel: "Channel[Any]", batch: EventBatch, is_required: bool = True) -> None:
        self.channel = channel
        self.batch = batch
        self.is_required = is_required

    def __repr__(self) -> str:
        return f"Route({self.channel.name}, {self.batch!r}, is_required={self.is_required})"
