"""Throws events away and says so every so many events. Source: NullSink."""

from flumepy.core.batch import EventBatch
from flumepy.core.batch_sink import BatchSink
from flumepy.core.component import Context
from flumepy.core.errors import FlumeError
from flumepy.core.options import Options, opt
from flumepy.formats.java_text import java_map_text


class NullOptions(Options):
    """Properties of the null sink."""

    batch_size: int = opt("batchSize", 100, unit="events", ge=1, doc="Most events of one transaction.")
    log_every_n_events: int = opt(
        "logEveryNEvents", 10000, unit="events", ge=1, doc="Events from one log line to the next."
    )


class NullSink(BatchSink[NullOptions]):
    """Takes and forgets; its counts are not published but logged at the end, as in Flume."""

    Options = NullOptions

    def __init__(self, context: Context, options: NullOptions) -> None:
        super().__init__(context, options)
        self.batch_size = self.declared_batch_size = options.batch_size
        self._is_started = False
        self.events = 0
        self.transactions = 0
        self.failures = 0

    def start(self) -> None:
        """Say so."""
        self._is_started = True
        self.log.info("Null sink %s started.", self.name)

    def stop(self) -> None:
        """Log the counts."""
        if self._is_started:
            self._is_started = False
            counts = {"events.success": self.events, "transaction.success": self.transactions}
            if self.failures:
                counts["transaction.failed"] = self.failures
            text = java_map_text({key: str(count) for key, count in counts.items()})
            self.log.info("Null sink %s stopped. Event metrics: { name:%s counters:%s }", self.name, self.name, text)

    def deliver(self, batches: list[EventBatch]) -> None:
        """Forget them."""

    def count_delivered(self, count: int) -> None:
        """Count, with one line for each multiple of logEveryNEvents that was passed."""
        step = self.options.log_every_n_events
        for multiple in range(self.events // step + 1, (self.events + count) // step + 1):
            self.log.info("Null sink %s successful processed %d events.", self.name, multiple * step)
        self.events += count
        self.transactions += 1

    def count_failed(self, error: FlumeError) -> None:
        """Count a transaction that the channel refused."""
        self.failures += 1
