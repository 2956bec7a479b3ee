"""What is live: the checkpoint's queue, plus the puts committed since, less the takes committed since.

An event is put once and, once its take is committed, delivered: so committed takes are a set, whatever the order in which
files tell of them, and only committed puts need one: that of their commits over all folders. All records of a transaction
stand in one folder, in the order of its files. Takes in flight at the checkpoint go back to the head unless they were
committed; Flume forgets their rollback, and so delivers again what was taken anew after it.
Source: ReplayHandler.replayLog.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from flumepy.formats.flume_log.checkpoint import Checkpoint
from flumepy.formats.flume_log.errors import Report
from flumepy.formats.flume_log.records import COMMIT, PUT, ROLLBACK, TAKE, DataFile, pointer
from flumepy.formats.flume_log.taken import TakenEvents

#: pointers after which those taken meanwhile are dropped from the queue
COMPACT_AT = 1024 * 1024

#: write order of a commit, and what it put
Commit = tuple[int, list[int]]


@dataclass(slots=True)
class Counts:
    """Records seen, as in the line that Flume's replay ends with."""

    read: int = 0
    puts: int = 0
    takes: int = 0
    rollbacks: int = 0
    commits: int = 0
    skipped: int = 0


def replay_records(folders: list[list[DataFile]], checkpoint: Checkpoint, counts: Counts, report: Report) -> array[int]:
    """Return the pointers of what is live, in order. `folders`: the files of each, by id. Raises CorruptLogError."""
    files = {file.id: file for folder in folders for file in folder}
    taken = TakenEvents({file.id: file.size_bytes for file in files.values()})
    # A folder may have been merged into another since: transactions in flight are known to all.
    scans = [_committed_puts(folder, checkpoint, taken, counts, report) for folder in folders]
    # Not a copy: it may be large.
    queue = checkpoint.queue
    _put_ahead(queue, files, checkpoint)
    compact_at = max(COMPACT_AT, 2 * len(queue))
    for _, pointers in heapq.merge(*scans, key=_write_order):
        queue.extend(pointers)
        if len(queue) > compact_at:
            taken.drop_from(queue)
            compact_at = max(COMPACT_AT, 2 * len(queue))
    taken.drop_from(queue)
    return queue


def _write_order(commit: Commit) -> int:
    return commit[0]


def _put_ahead(queue: array[int], files: dict[int, DataFile], checkpoint: Checkpoint) -> None:
    """Put what was taken but not committed at the checkpoint to the head, with what is there already as it was put.

    Of two takes the earlier one may have been rolled back before the checkpoint: its events stand at the head then.
    """
    quiet = Report(tolerant=True)

    def put_order(taken: int) -> tuple[int, int]:
        file = files.get(taken >> 32)
        records = file.records(taken & 0xFFFFFFFF, quiet) if file is not None else iter(())
        first = next(records, None)
        return (first[3] if first is not None else 0, taken)

    takes = {taken for pointers in checkpoint.takes.values() for taken in pointers if taken > 0}
    if not takes:
        return
    last = max(map(put_order, takes))
    head = list(takewhile(lambda waiting: put_order(waiting) < last, queue))
    queue[: len(head)] = array("q", sorted([*takes, *head], key=put_order))


def _committed_puts(
    files: list[DataFile], checkpoint: Checkpoint, taken: TakenEvents, counts: Counts, report: Report
) -> Iterator[Commit]:
    """Iterate the committed puts of one folder, and take note of its committed takes."""
    after = checkpoint.write_order
    in_flight = checkpoint.takes
    open_transactions: dict[int, list[int]] = {key: list(pointers) for key, pointers in checkpoint.puts.items()}
    for file in files:
        base = pointer(file.id, 0)
        for kind, offset, transaction, order, value in file.records(file.start(after), report):
            counts.read += 1
            if order <= after:
                counts.skipped += 1
            elif kind == PUT:
                counts.puts += 1
                open_transactions.setdefault(transaction, []).append(base + offset)
            elif kind == TAKE:
                counts.takes += 1
                open_transactions.setdefault(transaction, []).append(value)
            elif kind == ROLLBACK:
                counts.rollbacks += 1
                open_transactions.pop(transaction, None)
            elif kind == COMMIT:
                counts.commits += 1
                pointers = open_transactions.pop(transaction, [])
                if value == PUT:
                    yield order, pointers
                else:
                    taken.update(pointers)
                    taken.update(in_flight.get(transaction, ()))
