"""The takes of the spillable channel, from memory or from the file, and the counts that keep the two in one order.

One taker at a time reads the file, so that what it gets is what it counted; a count of the file's events is lowered before
they leave it and raised after they are back. Source: SpillableMemoryChannel.
"""

from collections.abc import Sequence

from flumepy.channels.spillable_memory.order import FileRun, MemoryRun
from flumepy.channels.spillable_memory.puts import SpillingPuts
from flumepy.core.component import Context
from flumepy.core.options import OptionsT
from flumepy.core.queue_transaction import Run


class SpillingQueue(SpillingPuts[OptionsT]):
    """Events leave in the order of their puts."""

    def __init__(self, context: Context, options: OptionsT) -> None:
        self._is_taking = False  # somebody reads the file
        self._has_missed = False  # another one came meanwhile
        super().__init__(context, options)

    def take(self, limit: int) -> list[Run]:
        """Remove up to `limit` events from the head, if they are in memory."""
        with self._lock:
            return list(self._order.take_memory(limit))

    def count_take(self, limit: int, count: int) -> None:
        """Count a take that got so many."""
        with self._lock:
            self.counters.take_attempt += count if count >= limit else count + 1

    def give_back(self, runs: Sequence[Run]) -> None:
        """Return events in memory to their places."""
        self._return([run for run in runs if isinstance(run, MemoryRun)])

    def _return(self, runs: Sequence[MemoryRun | FileRun]) -> None:
        with self._lock:
            self._order.give_back(runs)
            self.counters.channel_size = len(self._order)
        self.wake_listeners()

    def commit_taken(self, runs: list[Run], *, waits: bool = True) -> None:
        """Forget taken events that were in memory; overflow may end here."""
        count = sum(map(len, runs))
        with self._lock:
            self._used_slots -= sum([run.slots for run in runs if isinstance(run, MemoryRun)])
            self._count_taken(count, self.stock.used - count)
        self.release(count, sum([run.size_bytes for run in runs]))

    def _count_taken(self, count: int, used: int) -> None:
        self.counters.take_success += count
        self.counters.channel_size = len(self._order)
        capacity = self.limits.capacity
        if self._is_active and capacity and capacity - used >= self.deactivation_share * capacity:
            self._is_active = False
            self._news = "Overflow deactivated: there is room in memory"

    def begin_file_take(self, limit: int) -> list[FileRun]:
        """Count events of the file as taken, which the caller takes from it now; none where it is not their turn."""
        with self._lock:
            if self._is_taking:
                self._has_missed = True
                return []
            if self._order.head is None:
                self._reconcile()
            runs = self._order.take_file(limit)
            self._is_taking = bool(runs)
            return runs

    def end_file_take(self, missing: list[FileRun]) -> None:
        """Return the counts of what the file did not give."""
        with self._lock:
            self._order.give_back(missing)
            self._is_taking = False
            has_missed, self._has_missed = self._has_missed, False
        if has_missed:
            self.wake_listeners()

    def begin_file_call(self) -> None:
        """Note that the file's size may change."""
        with self._lock:
            self._file_calls += 1

    def end_file_call(self, returned: list[FileRun], *, committed: int = 0, is_short: bool = False) -> None:
        """Settle a transaction of takes from the file. is_short: it gave less than it should hold."""
        with self._lock:
            self._file_calls -= 1
            self._order.give_back(returned)
            self._file_used -= committed
            self._count_taken(committed, self.stock.used)
            if is_short:
                self._reconcile()
            admitted = self._admit_waiting()
        if returned:
            self.wake_listeners()
        self._finish(admitted)

    def _reconcile(self) -> None:
        """Believe the file on how many events it holds, after a start, damage or a failed disk; called under the lock."""
        if self._file_calls:
            return
        difference = self.file.size - self._order.in_file
        if difference > 0:
            self._order.found_in_file(difference, self.context.clock.monotonic_s())
        elif difference < 0:
            self._order.missing_in_file(-difference)
        self._file_used += difference
        self.counters.channel_size = len(self._order)
