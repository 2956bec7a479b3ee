"""A small bounded queue in memory whose puts wait for room as long as it takes. Flume has it for tests.

Flume's begin, commit and rollback do nothing there; here they do what the contract says, so nothing is lost. Open takes
count against the capacity. A batch larger than the whole capacity goes in alone, into the empty channel: Flume lets it
through event by event. Offers are granted first come, first served. Source: PseudoTxnMemoryChannel.
"""

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelFullError
from flumepy.core.options import Options, opt
from flumepy.core.queue_channel import QueueChannel, QueueLimits
from flumepy.core.queue_transaction import QueueOffer


class PseudoTransactionalOptions(Options):
    """Properties of the pseudo-transactional channel."""

    capacity: int = opt("capacity", 50, unit="events", ge=1, doc="Most events in the channel.")
    keep_alive_s: int = opt("keep-alive", 3, unit="s", doc="How long Flume's take waits for an event.",
                            ignored="sinks wait on the channel and are woken by the next put")  # fmt: skip


class PseudoTransactionalChannel(QueueChannel[PseudoTransactionalOptions]):
    """Bounded queue."""

    Options = PseudoTransactionalOptions

    def limits_of(self, options: PseudoTransactionalOptions) -> QueueLimits:
        """Return the capacity: nothing else is limited."""
        return QueueLimits(options.capacity)

    def fits(self, offer: QueueOffer) -> bool:
        """Tell whether there is room; an empty channel has room for any batch."""
        return not self.stock.used or super().fits(offer)

    def full_error(self, batch: EventBatch) -> ChannelFullError:
        """Return the error of a put that may not wait."""
        return ChannelFullError(f"{self.name}: no room for {len(batch)} events now")
