"""Offers and transactions of the spillable channel. Only it makes them; its lock guards what they change."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flumepy.channels.spillable_memory.order import FileRun
from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError, StoppedError
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.queue_transaction import QueueOffer, QueueTransaction
from flumepy.core.transaction import Transaction

if TYPE_CHECKING:
    from flumepy.channels.spillable_memory.channel import SpillableMemoryChannel


class SpillOffer(QueueOffer):
    """A put that goes whole to memory or whole to the file."""

    __slots__ = ("_spillable", "file_offer", "is_late", "is_overflow", "slots")

    def __init__(
        self,
        channel: "SpillableMemoryChannel",
        batch: EventBatch,
        slots: int,
        done: Done,
        hold: bool,
        line: Line | None,
    ) -> None:
        super().__init__(channel, batch, batch.body_bytes(), done, hold, line)
        self._spillable = channel
        self.slots = slots
        self.is_late = False  # it waits no longer for memory
        self.is_overflow = False  # it goes to the file
        self.file_offer: Offer | None = None  # what holds the room there

    def commit_then(self, done: Callable[[FlumeError | None], None]) -> None:
        """Commit without blocking; `done` is called once."""
        if self.file_offer is None:
            super().commit_then(done)
            return
        try:
            is_first = self.is_held and self.claim_hold("commit")
        except StoppedError as error:
            done(error)
            return
        if is_first:
            self._spillable.commit_held_then(self, self.file_offer, done)
        else:
            done(None)


class SpillTransaction(QueueTransaction):
    """Takes come from memory or from the file, whichever the first one found; where the other comes next, they end."""

    def __init__(self, channel: "SpillableMemoryChannel") -> None:
        super().__init__(channel)
        self._spillable = channel
        self._file: Transaction | None = None
        self._file_runs: list[FileRun] = []
        self._is_short = False  # the file gave less than was counted

    def do_take(self, limit: int) -> list[EventBatch]:
        most = self._spillable.transaction_capacity
        left = limit if most is None else min(limit, most - self._taken_count)
        batches: list[EventBatch] = []
        if self._file is None:
            runs = self._spillable.take(left)
            self._taken += runs
            batches = [run.remaining() for run in runs]
        if not self._taken:
            batches = self._take_from_file(left)
        count = sum(map(len, batches))
        self._taken_count += count
        self._spillable.count_take(limit, count)
        return batches

    def _take_from_file(self, limit: int) -> list[EventBatch]:
        runs = self._spillable.begin_file_take(limit)
        if not runs:
            return []
        batches: list[EventBatch] | None = None
        try:
            if self._file is None:
                self._file = self._spillable.file.transaction().__enter__()
                self._spillable.begin_file_call()
            batches = self._file.take(sum(map(len, runs)))
        finally:
            taken, missing = split_runs(runs, sum(map(len, batches or [])))
            self._file_runs += taken
            self._is_short = self._is_short or (batches is not None and bool(missing))
            self._spillable.end_file_take(missing)
        return batches

    def do_commit(self, taken: int | None) -> None:
        super().do_commit(taken)
        if self._file is None:
            return
        committed, returned = split_runs(self._file_runs, self._taken_count if taken is None else taken)
        self._file_runs = [*committed, *returned]  # for a roll-back, should the commit fail
        count = sum(map(len, committed))
        self._file.waits_for_takes = self.waits_for_takes
        self._file.commit(count if returned else None)
        self._end(returned, count)

    def do_rollback(self) -> None:
        super().do_rollback()
        if self._file is None:
            return
        try:
            self._file.rollback()
        finally:
            self._end(self._file_runs, 0)

    def _end(self, returned: list[FileRun], committed: int) -> None:
        self._file, self._file_runs = None, []
        self._spillable.end_file_call(returned, committed=committed, is_short=self._is_short)


def split_runs(runs: list[FileRun], count: int) -> tuple[list[FileRun], list[FileRun]]:
    """Cut runs in two behind the first `count` events."""
    first: list[FileRun] = []
    rest: list[FileRun] = []
    for run in runs:
        here = min(count, len(run))
        count -= here
        if here == len(run):
            first.append(run)
        else:
            if here:
                first.append(run.cut(here))
            rest.append(run)
    return first, rest
