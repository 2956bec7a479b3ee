"""Events that follow each other in the log, in memory: queued, or in an open take."""

from flumepy.core.batch import EventBatch
from flumepy.event_log.frames import Span

#: what a run costs beside its bodies
OVERHEAD_BYTES = 256


class Run:
    """A batch from `start` on; `first` is the sequence number of the event there.

    A cut shares the bytes out by the number of events, so the parts always add up to what was put.
    """

    __slots__ = ("batch", "first", "size_bytes", "start", "time_ms")

    def __init__(self, first: int, batch: EventBatch, size_bytes: int, time_ms: int) -> None:
        self.first = first
        self.batch = batch
        self.start = 0
        self.size_bytes = size_bytes
        self.time_ms = time_ms

    def __len__(self) -> int:
        return len(self.batch) - self.start

    def __repr__(self) -> str:
        return f"Run({self.first}, {len(self)} events)"

    @property
    def stop(self) -> int:
        """Return the sequence number behind the last event."""
        return self.first + len(self)

    def cut(self, count: int) -> "Run":
        """Remove the first `count` events and return them."""
        stop = self.start + count
        size_bytes = self.size_bytes * count // len(self)
        part = Run(self.first, self.batch.slice(self.start, stop), size_bytes, self.time_ms)
        self.first += count
        self.start = stop
        self.size_bytes -= size_bytes
        return part

    def remaining(self) -> EventBatch:
        """Return the events as a batch."""
        return self.batch.slice(self.start, len(self.batch)) if self.start else self.batch


def spans_of(runs: list[Run]) -> list[Span]:
    """Return the sequence numbers of runs, ascending and joined where they touch."""
    joined: list[Span] = []
    for first, stop in sorted([(run.first, run.stop) for run in runs]):
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((first, stop))
    return joined
