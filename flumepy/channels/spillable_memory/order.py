"""The order in which the events of a spillable channel leave: runs in memory and counts of events in the file, mixed.

The file channel keeps its own events in order, so of them only a count stands here. Each run has a number; by it, what is
given back finds its place again, whoever else took meanwhile. No locks: the channel's guards it. Source: DrainOrderQueue.
"""

from collections import deque
from collections.abc import Iterable
from typing import TypeVar

from flumepy.core.batch import EventBatch
from flumepy.core.queue_transaction import Run


class MemoryRun(Run):
    """Events of one put in memory; `place` is that of its first event in the put. Slots are cut like bytes."""

    __slots__ = ("number", "place", "slots")

    def __init__(self, batch: EventBatch, start: int, size_bytes: int, put_s: float, slots: int) -> None:
        super().__init__(batch, start, size_bytes, put_s)
        self.slots = slots
        self.number = 0
        self.place = 0

    def cut(self, count: int) -> "MemoryRun":
        """Remove the first `count` events and return them."""
        slots = self.slots * count // len(self)
        part = super().cut(count)
        first = MemoryRun(part.batch, 0, part.size_bytes, part.put_s, slots)
        first.number, first.place = self.number, self.place
        self.slots -= slots
        self.place += count
        return first


class FileRun:
    """How many events in the file stand between two runs in memory, and when the first of them was put."""

    __slots__ = ("count", "number", "place", "put_s")

    def __init__(self, number: int, count: int, put_s: float) -> None:
        self.number = number
        self.count = count
        self.put_s = put_s
        self.place = 0

    def __len__(self) -> int:
        return self.count

    def cut(self, count: int) -> "FileRun":
        """Remove `count` events and return them."""
        self.count -= count
        return FileRun(self.number, count, self.put_s)


RunT = TypeVar("RunT", MemoryRun, FileRun)


class DrainOrder:
    """What a take gets next."""

    def __init__(self) -> None:
        self._runs: deque[MemoryRun | FileRun] = deque()
        self._last_number = 0  # 0 is for what was in the file before
        self.in_memory = 0
        self.in_file = 0

    def __len__(self) -> int:
        return self.in_memory + self.in_file

    @property
    def head(self) -> MemoryRun | FileRun | None:
        """Return the first run."""
        return self._runs[0] if self._runs else None

    def append_memory(self, run: MemoryRun) -> None:
        """Add events in memory."""
        self._last_number += 1
        run.number = self._last_number
        self._runs.append(run)
        self.in_memory += len(run)

    def append_file(self, count: int, put_s: float) -> None:
        """Add events that are in the file."""
        last = self._runs[-1] if self._runs else None
        # Not to a run before events in memory that are taken and may come back between the two.
        if isinstance(last, FileRun) and last.number == self._last_number:
            last.count += count
        else:
            self._last_number += 1
            self._runs.append(FileRun(self._last_number, count, put_s))
        self.in_file += count

    def take_memory(self, limit: int) -> list[MemoryRun]:
        """Remove up to `limit` events up to the next one in the file."""
        taken = self._take(MemoryRun, limit)
        self.in_memory -= sum(map(len, taken))
        return taken

    def take_file(self, limit: int) -> list[FileRun]:
        """Remove up to `limit` events up to the next one in memory."""
        taken = self._take(FileRun, limit)
        self.in_file -= sum(map(len, taken))
        return taken

    def _take(self, kind: type[RunT], limit: int) -> list[RunT]:
        taken: list[RunT] = []
        while limit > 0 and isinstance(head := self.head, kind):
            if len(head) > limit:
                taken.append(head.cut(limit))
            else:
                taken.append(head)
                self._runs.popleft()
            limit -= len(taken[-1])
        return taken

    def give_back(self, runs: Iterable[MemoryRun | FileRun]) -> None:
        """Return runs to their places."""
        given = sorted((run for run in runs if len(run)), key=_order)
        if not given:
            return
        last = _order(given[-1])
        passed: list[MemoryRun | FileRun] = []
        while self._runs and _order(self._runs[0]) <= last:
            passed.append(self._runs.popleft())
        self.in_memory += sum([len(run) for run in given if isinstance(run, MemoryRun)])
        self.in_file += sum([len(run) for run in given if isinstance(run, FileRun)])
        self._runs.extendleft(reversed(_joined(sorted([*given, *passed], key=_order))))

    def found_in_file(self, count: int, put_s: float) -> None:
        """Put events first that the file turned out to hold."""
        self.give_back([FileRun(0, count, put_s)])

    def missing_in_file(self, count: int) -> None:
        """Forget events that the file does not hold any more, the first ones."""
        self.in_file -= count
        kept: deque[MemoryRun | FileRun] = deque()
        for run in self._runs:
            if isinstance(run, FileRun):
                less = min(count, run.count)
                run.count -= less
                count -= less
            if len(run):
                kept.append(run)
        self._runs = kept


def _order(run: MemoryRun | FileRun) -> tuple[int, int]:
    return run.number, run.place


def _joined(runs: list[MemoryRun | FileRun]) -> list[MemoryRun | FileRun]:
    """Make one of several file runs with the same number."""
    whole: list[MemoryRun | FileRun] = []
    for run in runs:
        last = whole[-1] if whole else None
        if isinstance(run, FileRun) and isinstance(last, FileRun) and last.number == run.number:
            last.count += run.count
        else:
            whole.append(run)
    return whole
