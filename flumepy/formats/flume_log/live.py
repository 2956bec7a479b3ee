"""The result of a replay: counts, problems, and the live events, read where they stand as they are asked for.

Memory: eight bytes a live event, a window a file for those lately read, one batch.
"""

from __future__ import annotations

from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from flumepy.core.batch import Column, EventBatch, shared
from flumepy.formats.flume_log.errors import CorruptLogError, MissingLogError, Place, Report
from flumepy.formats.flume_log.records import DataFile, StoredEvent, place
from flumepy.formats.flume_log.replay import Counts
from flumepy.formats.flume_log.taken import keep
from flumepy.formats.flume_log.window import Window

MOST_OPEN_FILES = 16

Origin = Literal["checkpoint", "backup checkpoint", "full replay"]


class LiveReader:
    """Reads events by pointer, a few files open at a time. Close it."""

    def __init__(self, files: dict[int, DataFile]) -> None:
        self._files = files
        self._windows: OrderedDict[int, Window] = OrderedDict()

    def close(self) -> None:
        """Close all files."""
        while self._windows:
            self._windows.popitem()[1].close()

    def read(self, pointer: int) -> StoredEvent | None:
        """Return an event, or None when it was voided; its file must be known. Raises CorruptLogError."""
        file_id, offset = place(pointer)
        file = self._files[file_id]
        window = self._windows.get(file_id)
        if window is None:
            if len(self._windows) == MOST_OPEN_FILES:
                self._windows.popitem(last=False)[1].close()
            window = self._windows[file_id] = Window(file.path)
        else:
            self._windows.move_to_end(file_id)
        return file.read(window, offset)


@dataclass(slots=True)
class Replay:
    """What is live in Java's directories, and how that was found out."""

    origin: Origin
    counts: Counts
    #: what went wrong or is worth knowing, a sentence each
    problems: list[str]
    #: events that are live and can be read
    live_count: int
    #: live events that the integrity tool had voided
    voided: int
    #: damaged records that were left out; without `tolerant` none, since the replay fails
    corrupt: int
    _files: dict[int, DataFile] = field(repr=False)
    _queue: array[int] = field(repr=False)
    #: live events that are known to be lost, and whether there may be more
    lost: int = 0
    is_least: bool = False
    #: how many places were left out, and the problems that tell of them, by file and offset; not more than problems are kept
    places: int = 0
    left_out: dict[Place, str] = field(default_factory=dict)

    def batches(self, max_events: int, max_bytes: int) -> Iterator[EventBatch]:
        """Iterate the live events in order, in batches of at most so many events and bytes, but of one event at least.

        Raises CorruptLogError, InputError if a file was changed since the replay.
        """
        events: list[StoredEvent] = []
        size = 0
        with closing(LiveReader(self._files)) as reader:
            for pointer in self._queue:
                event = reader.read(pointer)
                if event is None:
                    continue
                if events and (len(events) >= max_events or size + event.size_bytes > max_bytes):
                    yield _batch(events)
                    events, size = [], 0
                events.append(event)
                size += event.size_bytes
        if events:
            yield _batch(events)


def _batch(events: list[StoredEvent]) -> EventBatch:
    names = dict.fromkeys(name for event in events for name in event.headers)
    headers: dict[str, Column] = {name: shared([event.headers.get(name) for event in events]) for name in names}
    return EventBatch([event.body for event in events], headers)


def keep_readable(queue: array[int], files: dict[int, DataFile], report: Report, folders: Iterable[Path]) -> int:
    """Read every live event once, and take out of the queue what is not sound; return how many were voided.

    So nothing is imported from a damaged directory unless damage is tolerated. `folders`: where the files were looked for.
    Raises CorruptLogError, MissingLogError.
    """
    missing = Counter(file_id for pointer in queue if (file_id := pointer >> 32) not in files)
    if missing and not report.tolerant:
        raise MissingLogError(missing, folders)
    before = len(queue)
    corrupt = report.corrupt
    keep(queue, _sound(queue, files, report))
    for file_id, count in missing.items():
        report.corrupt += count
        line = f"log-{file_id} is missing; {count} events that were not delivered yet are lost with it."
        report.leave_out((Path(f"log-{file_id}"), 0), line, lost=count)
    voided = before - len(queue) - (report.corrupt - corrupt)
    if voided:
        report.say(f"{voided} events had been voided by the integrity tool.")
    return voided


def _sound(queue: array[int], files: dict[int, DataFile], report: Report) -> Iterator[int]:
    with closing(LiveReader(files)) as reader:
        for pointer in queue:
            if pointer >> 32 not in files:
                continue
            try:
                event = reader.read(pointer)
            except CorruptLogError as error:
                report.damage(error, is_live=True)
                continue
            if event is not None:
                yield pointer
