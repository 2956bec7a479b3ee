"""The events of one channel in an SQLite file: a queue of runs in memory, in front of the rows that are only in the file.

Runs in the queue ascend by row and place; what is taken and given back finds its place again, whoever else took meanwhile.
Rows up to `loaded_id` have been in memory; those behind, up to `stored_id`, are read when the queue has run empty.
"""

import threading
from collections import deque
from contextlib import suppress

from flumepy.channels.jdbc.database import Database, Work
from flumepy.channels.jdbc.work import Attach, Load, Row, Run
from flumepy.core.clock import Clock
from flumepy.core.counters import ChannelCounters
from flumepy.core.errors import ChannelError, StoppedError

MEMORY_BYTES = 16 * 1024 * 1024  # of rows kept in memory when the sinks are behind
MEMORY_ROWS = 10_000


class RowQueue:
    """The queue; between the channel's start and stop."""

    def __init__(self, database: Database, name: str, counters: ChannelCounters, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.counters = counters
        self.lock = threading.Lock()  # guards all below; the counters too
        self.runs: deque[Run] = deque()
        self.queued = 0  # events that a take can get, in memory or not
        self.taken = 0  # events in open takes
        self.memory_bytes = 0
        self.memory_rows = 0
        self.is_closed = False
        self.loaded_id = self.stored_id = 0
        self.last_id = 0  # of a row written, maybe not yet committed: the writing thread's
        database.run(Attach(self, name))
        database.submit(Load(self))  # what cannot be read is said by the takes; puts can go on

    @property
    def oldest_ms(self) -> int | None:
        """Return when the event at the head was put; None without one."""
        with self.lock:
            return self.runs[0].row.stored_ms if self.runs else None

    def close(self) -> None:
        """Refuse all work from now on; what was submitted is finished when this returns."""
        with self.lock:
            self.is_closed = True
        with suppress(StoppedError):
            self.database.run(Work())

    def check_open(self) -> None:
        """Raise StoppedError after the close."""
        if self.is_closed:
            raise StoppedError(f"{self.counters.name}: the channel was stopped")

    def take(self, limit: int) -> list[Run]:
        """Remove up to `limit` events from the head. Raises ChannelError where the next row cannot be read."""
        self.check_open()
        taken: list[Run] = []
        left = limit
        while True:
            with self.lock:
                left = self._pop(taken, left)
                is_behind = not self.runs and self.loaded_id < self.stored_id
            if not is_behind or left <= 0:
                break
            try:
                self.database.run(Load(self))
            except ChannelError:
                if not taken:
                    raise
                break  # what was before the damage can go
        count = limit - left
        with self.lock:
            self.counters.take_attempt += count if left <= 0 else count + 1
        if is_behind and not self.is_closed:
            with suppress(StoppedError):
                self.database.submit(Load(self))  # so the next take finds events in memory
        return taken

    def _pop(self, taken: list[Run], left: int) -> int:
        before = left
        while self.runs and left > 0:
            head = self.runs[0]
            taken.append(head.cut(left) if len(head) > left else self.runs.popleft())
            left -= len(taken[-1])
        self.queued -= before - left
        self.taken += before - left
        return left

    def give_back(self, runs: list[Run]) -> None:
        """Return runs to their places."""
        count = sum(map(len, runs))
        last = max(runs, key=Run.order)
        with self.lock:
            passed = []
            while self.runs and (self.runs[0].order() < last.order() or self.runs[0].row is last.row):
                passed.append(self.runs.popleft())
            self.runs.extendleft(reversed(joined(sorted([*runs, *passed], key=Run.order))))
            self.queued += count
            self.taken -= count
            self.counters.channel_size = self.queued

    def add(self, row: Row) -> None:
        """Make a stored row visible; it stays in memory unless there are many or others are only in the file."""
        with self.lock:
            is_next = self.loaded_id == self.stored_id
            if is_next and self.memory_bytes < MEMORY_BYTES and self.memory_rows < MEMORY_ROWS:
                self.keep([Run(row, 0, row.left)])
                self.loaded_id = row.id
            self.stored_id = row.id
            self.queued += row.left
            self.counters.put_success += row.left
            self.counters.channel_size = self.queued

    def keep(self, runs: list[Run]) -> None:
        """Append the runs of rows that come into memory; called under the lock."""
        rows = {run.row.id: run.row for run in runs}
        self.runs += runs
        self.memory_rows += len(rows)
        self.memory_bytes += sum([row.size_bytes for row in rows.values()])

    def forget(self, count: int, gone: list[Row]) -> None:
        """Drop taken events whose commit is stored, and the rows of which nothing is left."""
        with self.lock:
            self.taken -= count
            self.memory_rows -= len(gone)
            self.memory_bytes -= sum([row.size_bytes for row in gone])
            self.counters.take_success += count
            self.counters.channel_size = self.queued
        self.database.release(count)


def joined(runs: list[Run]) -> list[Run]:
    """Put neighbours of one row together again."""
    whole: list[Run] = []
    for run in runs:
        if whole and whole[-1].row is run.row and whole[-1].stop == run.start:
            whole[-1] = Run(run.row, whole[-1].start, run.stop)
        else:
            whole.append(run)
    return whole
