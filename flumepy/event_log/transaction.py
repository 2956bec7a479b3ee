"""The transaction of a channel on a log: where there is room, its thread appends, waits and syncs without an offer."""

from typing import TYPE_CHECKING, Any

from flumepy.core.batch import EventBatch
from flumepy.core.queue_transaction import QueueTransaction

if TYPE_CHECKING:
    from flumepy.event_log.channel import LogChannel


class LogTransaction(QueueTransaction):
    """Stores its puts itself; one that finds no room at once waits in the channel's line, as an offer."""

    _channel: "LogChannel[Any]"

    def store(self, batch: EventBatch) -> None:
        """Put and wait until the events are stored. Raises ChannelError."""
        if not self._channel.put(batch):
            super().store(batch)
