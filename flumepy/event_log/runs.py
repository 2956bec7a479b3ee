"""Events that follow each other in the log, in memory: queued, or in an open take."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from flumepy.core import queue_transaction
from flumepy.core.batch import EventBatch
from flumepy.event_log.frames import Span

#: what a run costs beside its bodies
OVERHEAD_BYTES: Final = 256


class Run(queue_transaction.Run):
    """A run of one life of a queue, `owner`; `first` is the sequence number of its first remaining event."""

    __slots__ = ("first", "owner")

    def __init__(self, owner: object, first: int, batch: EventBatch, size_bytes: int, put_s: float) -> None:
        # All fields at once: one is made for every put and every cut.
        self.batch = batch
        self.start = 0
        self.count = len(batch)
        self.size_bytes = size_bytes
        self.put_s = put_s
        self.owner = owner
        self.first = first

    def __repr__(self) -> str:
        return f"Run({self.first}, {self.count} events)"

    @property
    def stop(self) -> int:
        """Return the sequence number behind the last event."""
        return self.first + self.count

    def cut(self, count: int) -> "Run":
        """Remove the first `count` events and return them."""
        part = super().cut(count)
        first, self.first = self.first, self.first + count
        return Run(self.owner, first, part.batch, part.size_bytes, part.put_s)


def spans_of(runs: Sequence[Run]) -> list[Span]:
    """Return the sequence numbers of runs, ascending and joined where they touch."""
    if len(runs) == 1:
        return [(runs[0].first, runs[0].stop)]
    return joined([(run.first, run.stop) for run in runs])


def joined(spans: list[Span]) -> list[Span]:
    """Return disjoint spans ascending and joined where they touch."""
    result: list[Span] = []
    for first, stop in sorted(spans):
        if result and result[-1][1] == first:
            result[-1] = (result[-1][0], stop)
        else:
            result.append((first, stop))
    return result


def cut_head(runs: deque[Run], limit: int) -> Run:
    """Remove up to `limit` events from the first run."""
    return runs[0].cut(limit) if runs[0].count > limit else runs.popleft()
