"""The offers of a channel on a log."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError, StoppedError
from flumepy.core.offer import Done, Line
from flumepy.core.queue_transaction import QueueOffer
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue

if TYPE_CHECKING:
    from flumepy.event_log.channel import LogChannel


class LogOffer(QueueOffer):
    """A put with its frame. Ends when the events are stored; with `hold`, when there is room."""

    __slots__ = ("_log_channel", "events", "put")

    def __init__(
        self, channel: "LogChannel[Any]", batch: EventBatch, done: Done, hold: bool, line: Line | None
    ) -> None:
        super().__init__(channel, batch, 0, done, hold, line)
        self._log_channel = channel
        self.put: Put | None = None
        self.events: EventQueue | None = None  # the life of the queue that it was put into

    def commit_then(self, done: Callable[[FlumeError | None], None]) -> None:
        """Commit held events; `done` is called on a thread of the log."""
        try:
            is_first = self.is_held and self.claim_hold("commit")
        except StoppedError as error:
            done(error)
            return
        if is_first:
            self._log_channel.store_held(self, done)
        else:
            done(None)
