"""The transaction of a channel on a log: where there is room, its thread appends, waits and syncs without an offer."""

from typing import TYPE_CHECKING, Any

from flumepy.core.batch import EventBatch
from flumepy.core.queue_transaction import QueueTransaction, Run
from flumepy.event_log.ledger import Ledger

if TYPE_CHECKING:
    from flumepy.event_log.channel import LogChannel


class LogTransaction(QueueTransaction):
    """Stores its puts itself; one that finds no room at once waits in the channel's line, as an offer."""

    def __init__(self, channel: "LogChannel[Any]", ledger: Ledger) -> None:
        super().__init__(channel)
        self._ledger = ledger

    def store(self, batch: EventBatch) -> None:
        """Put and wait until the events are stored. Raises ChannelError."""
        if not self._ledger.put(batch):
            super().store(batch)

    def take_runs(self, limit: int) -> list[Run]:
        """Take from the head, without the channel."""
        return self._ledger.take(limit)

    def commit_runs(self, runs: list[Run]) -> None:
        """Mark what was taken, without the channel."""
        self._ledger.commit_taken(runs, waits=self.waits_for_takes)
