"""The usual sink: take a batch, deliver it, commit; only `deliver` is left to write."""

from abc import abstractmethod
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Sink, Status
from flumepy.core.errors import FlumeError, PartialDeliveryError
from flumepy.core.options import OptionsT


class BatchSink(Sink[OptionsT]):
    """A sink that delivers up to `batch_size` events in one transaction."""

    channel: Channel[Any]
    batch_size: int = 100

    @abstractmethod
    def deliver(self, batches: list[EventBatch]) -> None:
        """Deliver all events of the batches, in order, or raise.

        PartialDeliveryError(done=n) commits the first n; any other error gives everything back.
        """

    def process(self) -> Status:
        """Take, deliver, commit. Raises DeliveryError."""
        self.before_take()
        try:
            with self.channel.transaction() as transaction:
                transaction.waits_for_takes = False
                batches = transaction.take(self.batch_size)
                count = sum(map(len, batches))
                self.count_taken(count)
                if not count:
                    return Status.IDLE
                try:
                    self.deliver(batches)
                except PartialDeliveryError as error:
                    transaction.commit(taken=error.done)
                    self.count_delivered(error.done)
                    raise
        except FlumeError as error:
            self.count_failed(error)
            raise
        self.count_delivered(count)
        return Status.READY

    def before_take(self) -> None:
        """Do what is due even without events (roll a file, refresh a connection)."""

    def count_taken(self, count: int) -> None:
        """Count an attempt to drain so many events."""

    def count_delivered(self, count: int) -> None:
        """Count events that left the agent."""

    def count_failed(self, error: FlumeError) -> None:
        """Count a failed transaction: a failed delivery, or a ChannelError at take or commit."""
