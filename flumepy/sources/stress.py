"""Load: the same body again and again, as fast as the channel takes it or at a given rate.

The bodies are made once and every put shares them. One put carries as many of the configured batches as fit into the channel
now, at most 10 ms' worth where a rate is set. Into a durable channel several puts are on their way at a time, so that they
share the disk's work. The rate is kept by due times, each counted from the one before, so waits that end late do not add up;
at most a second's worth of lost time is caught up. No counters are published. Source: StressSource.
"""

from collections import deque

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, PollableSource, Status
from flumepy.core.delivery import Commit
from flumepy.core.errors import ChannelError
from flumepy.core.options import opt
from flumepy.core.pollable_options import PollableOptions
from flumepy.core.threads import Wakeup

MOST_EVENTS = 1000
#: puts on their way at a time, and events in them: what is more would leave the processor's cache before it is written
MOST_OPEN_PUTS = 256
MOST_OPEN_EVENTS = 4000
RATE_SLICE_S = 0.01
CATCH_UP_S = 1.0
BODY_BYTE = b"\x7f"


class StressOptions(PollableOptions):
    """Properties of the stress source."""

    size: int = opt("size", 500, unit="bytes", ge=0, doc="Length of each body.")
    max_total_events: int = opt("maxTotalEvents", -1, unit="events", long=True,
                                doc="Stop after so many events, failed ones included; negative: never.")  # fmt: skip
    max_successful_events: int = opt("maxSuccessfulEvents", -1, unit="events", long=True,
                                     doc="Stop after so many events that the channels took; negative: never.")  # fmt: skip
    batch_size: int = opt("batchSize", 1, unit="events", ge=1, doc="Events of one batch.")
    max_events_per_second: int = opt("maxEventsPerSecond", 0, unit="events/s", doc="Highest rate; 0 or less: no limit.")


class StressSource(PollableSource[StressOptions]):
    """Puts constant bodies."""

    Options = StressOptions

    def __init__(self, context: Context, options: StressOptions) -> None:
        super().__init__(context, options)
        self.declared_batch_size = options.batch_size
        self._body = BODY_BYTE * options.size
        self._batch = EventBatch([])
        self._open: deque[tuple[Commit, int]] = deque()  # puts on their way, and their events
        self._open_events = 0
        self._has_failed = False
        self._wakeup = Wakeup()
        self._due_s = 0.0
        self.events_total = 0
        self.events_successful = 0

    def start(self) -> None:
        """Start the clock of the rate."""
        self._wakeup = Wakeup()
        self._due_s = self.context.clock.monotonic_s()

    def interrupt(self) -> None:
        """End the wait for the rate."""
        self._wakeup.set()

    def stop(self) -> None:
        """Log what was done, which nothing else shows."""
        self._collect(0)
        if self.events_total:
            self.log.info(
                "Stress source %s stopped: %d events, %d of them successful.",
                self.name, self.events_total, self.events_successful,
            )  # fmt: skip

    def process(self) -> Status:
        """Put a batch; BACKOFF when the channel refuses it and when all is done."""
        count = self._count()
        if count <= 0:
            self._collect(0)
            return Status.BACKOFF
        if not self._wait_for_turn(count):
            return Status.BACKOFF
        # A refused batch comes again as the same object, so that an outlet knows what some channels hold already.
        if len(self._batch) != count:
            self._batch = EventBatch([self._body] * count)
        self.events_total += count
        is_pipelined = self.outlet.is_durable and self.outlet.keeps_lines
        self._open.append((self.outlet.submit(self._batch, leads=not is_pipelined), count))
        self._open_events += count
        return self._collect(min(MOST_OPEN_PUTS, MOST_OPEN_EVENTS // count) - 1 if is_pipelined else 0)

    def _collect(self, most_open: int) -> Status:
        """Count what has ended, and wait until no more than this are on their way; BACKOFF when one was refused."""
        status = Status.READY
        while self._open and (len(self._open) > max(0, most_open) or self._open[0][0].is_done):
            commit, count = self._open.popleft()
            self._open_events -= count
            try:
                commit.wait()
            except ChannelError as error:
                if not self._has_failed:
                    self.log.warning("Source %s could not write to a channel; it goes on trying: %s", self.name, error)
                self._has_failed = True
                status = Status.BACKOFF
            else:
                self._has_failed = False
                self.events_successful += count
        return status

    def _count(self) -> int:
        """Return how many events the next put carries; none when all is done."""
        options, size = self.options, self.options.batch_size
        most = min(MOST_EVENTS, self.outlet.limit, self.outlet.room())
        if options.max_events_per_second > 0:
            most = min(most, int(options.max_events_per_second * RATE_SLICE_S))
        count = max(1, most // size) * size
        if options.max_successful_events >= 0:
            # Flume looks at this limit only before a batch, so the last batch is a whole one.
            missing = options.max_successful_events - self.events_successful - self._open_events
            count = min(count, -(-missing // size) * size)
        if options.max_total_events >= 0:
            count = min(count, options.max_total_events - self.events_total)
        return count

    def _wait_for_turn(self, count: int) -> bool:
        rate = self.options.max_events_per_second
        if rate <= 0:
            return True
        now_s = self.context.clock.monotonic_s()
        self._due_s = max(self._due_s, now_s - CATCH_UP_S)
        if self._due_s > now_s and self._wakeup.wait(self._due_s - now_s):
            return False
        self._due_s += count / rate
        return True
