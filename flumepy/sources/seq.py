"""Counts: bodies 0, 1, 2, … without headers.

Counting is cheap and a put is not, so one put carries as many of the configured batches as fit into the channel now; bodies,
their order and the counters are those of single puts. A refused batch is kept and put again, the same object, so that the
outlet knows it. A full channel holds the source inside the put for the keep-alive; where that is 0, a short wait of its own
keeps it from starving the sinks. Source: SequenceGeneratorSource.
"""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, PollableSource, Status
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ChannelError
from flumepy.core.options import opt
from flumepy.core.pollable_options import PollableOptions
from flumepy.core.threads import Wakeup

MOST_EVENTS = 1000
RETRY_WAIT_S = 0.01


class SeqOptions(PollableOptions):
    """Properties of the seq source."""

    batch_size: int = opt("batchSize", 1, unit="events", ge=1, doc="Events of one batch.")
    total_events: int = opt("totalEvents", (1 << 63) - 1, unit="events", long=True, doc="Where to stop counting.")


class SeqSource(PollableSource[SeqOptions]):
    """Puts decimal numbers."""

    Options = SeqOptions
    counters: SourceCounters

    def __init__(self, context: Context, options: SeqOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.declared_batch_size = options.batch_size
        self._next = 0
        self._refused: EventBatch | None = None
        self._wakeup = Wakeup()

    def start(self) -> None:
        """Forget an old interrupt; the count goes on."""
        self._wakeup = Wakeup()

    def interrupt(self) -> None:
        """End the wait after a refused put."""
        self._wakeup.set()

    def process(self) -> Status:
        """Put the next numbers; READY also after a refusal, BACKOFF at the end of the count."""
        batch = self._refused or self._count_on()
        if not batch.bodies:
            return Status.BACKOFF
        try:
            self.outlet.put(batch)
        except ChannelError as error:
            if self._refused is None:
                self.log.error("Source %s could not write to a channel; it goes on trying: %s", self.name, error)
            self._refused = batch
            self.counters.channel_write_fail += 1
            self._wakeup.wait(RETRY_WAIT_S)
            return Status.READY
        self._refused = None
        self._next += len(batch)
        self.counters.event_accepted += len(batch)
        if self.options.batch_size > 1:
            self.counters.append_batch_accepted += -(-len(batch) // self.options.batch_size)
        return Status.READY

    def _count_on(self) -> EventBatch:
        size = self.options.batch_size
        room = min(MOST_EVENTS, self.outlet.limit, self.outlet.room())
        count = max(1, room // size) * size
        stop = min(self._next + count, self.options.total_events)
        return EventBatch([b"%d" % number for number in range(self._next, stop)])
