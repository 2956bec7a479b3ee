"""What the jdbc channel's writing thread does for one channel: find its state, read rows, store puts and takes.

A run is a part of one row (one put). Of a row all whose events were taken and committed nothing is left in the file; of the
others the ranges that are gone stand in `takes`. After a crash what was in open takes is therefore back, in order, and
nothing else.
"""

import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from flumepy.channels.jdbc.database import SEQUENCE_BITS, Work
from flumepy.channels.jdbc.errors import damaged
from flumepy.core.batch import EventBatch
from flumepy.core.errors import InputError
from flumepy.core.offer import Line
from flumepy.formats.event_columns import decode_batch, encode_batch

if TYPE_CHECKING:
    from flumepy.channels.jdbc.queue import RowQueue

CHUNK_BYTES = 4 * 1024 * 1024  # read from the file at once
CHUNK_ROWS = 2000

_NEXT_ROWS = (
    "SELECT id, events, stored_ms, crc, CAST(data AS BLOB) FROM puts WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
)
_TAKES_OF_ROW = "SELECT start, stop FROM takes WHERE put = ? ORDER BY start"


class Row:
    """One put."""

    __slots__ = ("batch", "has_takes", "id", "left", "size_bytes", "stored_ms")

    def __init__(self, row_id: int, batch: EventBatch, size_bytes: int, stored_ms: int) -> None:
        self.id = row_id
        self.batch = batch
        self.left = len(batch)  # events that no commit has taken; only the writing thread changes it
        self.has_takes = False
        self.size_bytes = size_bytes
        self.stored_ms = stored_ms


class Run:
    """The events [start, stop) of a row."""

    __slots__ = ("row", "start", "stop")

    def __init__(self, row: Row, start: int, stop: int) -> None:
        self.row = row
        self.start = start
        self.stop = stop

    def __len__(self) -> int:
        return self.stop - self.start

    def order(self) -> tuple[int, int]:
        """Return what runs are sorted by."""
        return self.row.id, self.start

    def cut(self, count: int) -> "Run":
        """Remove the first `count` events and return them."""
        part = Run(self.row, self.start, self.start + count)
        self.start += count
        return part

    def batch(self) -> EventBatch:
        """Return the events."""
        return self.row.batch.slice(self.start, self.stop)


class Attach(Work):
    """Find what the file has of a channel, by its name."""

    def __init__(self, queue: "RowQueue", name: str) -> None:
        super().__init__()
        self.queue = queue
        self.name = name

    def write(self, connection: sqlite3.Connection) -> None:
        """Read the state, or enter the name."""
        connection.execute("INSERT OR IGNORE INTO channels (name) VALUES (?)", (self.name,))
        (number,) = connection.execute("SELECT number FROM channels WHERE name = ?", (self.name,)).fetchone()
        first = number << SEQUENCE_BITS
        span = (first, first + (1 << SEQUENCE_BITS) - 1)
        last, events = connection.execute(
            "SELECT max(id), total(events) FROM puts WHERE id BETWEEN ? AND ?", span
        ).fetchone()
        (gone,) = connection.execute("SELECT total(stop - start) FROM takes WHERE put BETWEEN ? AND ?", span).fetchone()
        queue = self.queue
        queue.loaded_id = first
        queue.stored_id = queue.last_id = last or first
        queue.queued = queue.counters.channel_size = int(events - gone)


class Load(Work):
    """Read the next rows into memory, unless somebody else just did."""

    def __init__(self, queue: "RowQueue") -> None:
        super().__init__()
        self.queue = queue
        self.loaded: list[Run] = []
        self.last_id = 0

    def write(self, connection: sqlite3.Connection) -> None:
        """Read. Raises ChannelError where the first row cannot be read."""
        queue = self.queue
        if queue.runs or queue.loaded_id >= queue.stored_id:
            return
        span = (queue.loaded_id, queue.stored_id, CHUNK_ROWS)
        with closing(connection.execute(_NEXT_ROWS, span)) as rows:  # an open statement would keep the file locked
            self._read(connection, rows)

    def _read(self, connection: sqlite3.Connection, rows: sqlite3.Cursor) -> None:
        size_bytes = 0
        for row_id, events, stored_ms, crc, data in rows:
            takes = connection.execute(_TAKES_OF_ROW, (row_id,)).fetchall()
            try:
                row = decoded(row_id, events, stored_ms, crc, data)
                self.loaded += remaining(row, takes)
            except InputError as error:
                if self.loaded:
                    return
                raise damaged(self.queue.database.path, f"row {row_id} of puts: {error}") from error
            self.last_id = row_id
            size_bytes += len(data)
            if size_bytes >= CHUNK_BYTES:
                return
        self.last_id = self.last_id or self.queue.stored_id

    def settle(self) -> None:
        """Append what was read."""
        queue = self.queue
        with queue.lock:
            if self.error is None and self.last_id > queue.loaded_id:
                queue.keep(self.loaded)
                queue.loaded_id = self.last_id


def decoded(row_id: int, events: int, stored_ms: int, crc: int, data: bytes) -> Row:
    """Return a row as it was stored. Raises InputError."""
    if not (type(events) is type(stored_ms) is int and isinstance(data, bytes)):
        raise InputError("its columns have other types")
    if checksum(row_id, events, stored_ms, zlib.crc32(data)) != crc:
        raise InputError("its checksum is wrong")
    return Row(row_id, decode_batch(events, data), len(data), stored_ms)


def checksum(row_id: int, events: int, stored_ms: int, crc: int) -> int:
    """Return the checksum of a row whose data has this one."""
    return zlib.crc32(f"{row_id} {events} {stored_ms}".encode(), crc)


def remaining(row: Row, takes: list[tuple[int, int]]) -> list[Run]:
    """Return what the committed takes left of a row. Raises InputError."""
    runs: list[Run] = []
    position = 0
    for start, stop in [*takes, (row.left, row.left)]:
        if not (type(start) is type(stop) is int and position <= start <= stop <= len(row.batch)):
            raise InputError("its takes overlap")
        if position < start:
            runs.append(Run(row, position, start))
        position = stop
    row.left = sum(map(len, runs))
    row.has_takes = bool(takes)
    return runs


class Store(Work):
    """The puts and takes of one transaction."""

    def __init__(self, queue: "RowQueue", batch: EventBatch | None, takes: list[Run], line: Line | None = None) -> None:
        super().__init__()
        queue.check_open()
        self.queue = queue
        self.line = line
        self.batch = batch
        self.takes = takes
        self.row: Row | None = None
        self.data = b"" if batch is None else b"".join(encode_batch(batch))
        self.crc = zlib.crc32(self.data)
        self.stored_ms = queue.clock.time_ms()
        self.done: Callable[[], None] | None = None
        self._decided: list[Run] = []
        self._gone: list[Row] = []

    def write(self, connection: sqlite3.Connection) -> None:
        """Insert the put; delete the rows that are taken to their end and note the parts of others."""
        if self.batch is not None:
            self.queue.database.check_space(len(self.data))
            self.queue.last_id += 1
            self.row = Row(self.queue.last_id, self.batch, len(self.data), self.stored_ms)
            crc = checksum(self.row.id, len(self.batch), self.stored_ms, self.crc)
            values = (self.row.id, len(self.batch), self.stored_ms, crc, self.data)
            connection.execute("INSERT INTO puts VALUES (?, ?, ?, ?, ?)", values)
        if self.takes:
            self._write_takes(connection)

    def _write_takes(self, connection: sqlite3.Connection) -> None:
        self._decided = self.takes
        for run in self.takes:
            run.row.left -= len(run)
        rows = {run.row.id: run.row for run in self.takes}
        parts = [(*run.order(), run.stop) for run in self.takes if run.row.left]
        self._gone = [row for row in rows.values() if not row.left]
        cut = [(row.id,) for row in self._gone if row.has_takes]
        connection.executemany("INSERT INTO takes VALUES (?, ?, ?)", parts)
        connection.executemany("DELETE FROM takes WHERE put = ?", cut)
        connection.executemany("DELETE FROM puts WHERE id = ?", [(row.id,) for row in self._gone])
        for row_id, _, _ in parts:
            rows[row_id].has_takes = True

    def undo(self) -> None:
        """Count what was decided as undecided again."""
        for run in self._decided:
            run.row.left += len(run)
        self._decided = []

    def settle(self) -> None:
        """Make the put visible and forget the takes."""
        if self.error is not None:
            return
        if self.row is not None:
            self.queue.add(self.row)
        if self.takes:
            self.queue.forget(sum(map(len, self.takes)), self._gone)

    def announce(self) -> None:
        """Call back."""
        super().announce()
        if self.done is not None:
            self.done()
