"""One SQLite file and the thread that writes it, shared by all channels of the process that name the file.

Everything that waits when the thread looks goes into one SQLite transaction, so that many small puts share one sync of the
disk; if that fails, each is tried alone, so that only what is at fault fails. WAL with synchronous=FULL: what is committed
survives a power cut. The file is locked for as long as it is open: one process at a time. Nothing is ever deleted but rows
whose events were all taken; freed pages are used again, the file keeps its largest size.

    channels  number | name
    puts      id = number << 48 | sequence | events | stored_ms | crc (crc32, of all) | data (formats/event_columns.py)
    takes     put | start | stop        events of a put that were taken and committed while others of it were not
"""

import logging
import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from flumepy.channels.jdbc.errors import translated
from flumepy.core.errors import ChannelError, ChannelFullError, FlumeError, StartError, StoppedError
from flumepy.core.offer import Line
from flumepy.core.threads import Wakeup, start_thread

log = logging.getLogger("flumepy.channel.sqlite")

APPLICATION_ID = 0x666C7079  # "flpy"
SEQUENCE_BITS = 48
MOST_LOG_BYTES = 64 * 1024 * 1024  # of a -wal file at rest
SPARE_BYTES = (
    64 * 1024 * 1024
)  # left to the takes by the puts: what deletes needs room too, in the log and at its checkpoint

SCHEMA = (
    "CREATE TABLE channels (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE puts (id INTEGER PRIMARY KEY, events INTEGER NOT NULL, stored_ms INTEGER NOT NULL,"
    " crc INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE takes (put INTEGER, start INTEGER, stop INTEGER NOT NULL, PRIMARY KEY (put, start)) WITHOUT ROWID",
    f"PRAGMA application_id = {APPLICATION_ID}",
    "PRAGMA user_version = 1",
)
_UNDECIDED = "SELECT (SELECT total(events) FROM puts) - (SELECT total(stop - start) FROM takes)"


class Work:
    """SQL for the writing thread. This base does nothing: waiting for it waits for all that was submitted before."""

    #: the works of one line fail from the first that fails on
    line: Line | None = None

    def __init__(self) -> None:
        self.error: FlumeError | None = None
        self.ended: Wakeup | None = None

    def write(self, connection: sqlite3.Connection) -> None:
        """Execute, inside a transaction. Raises FlumeError, sqlite3.Error."""

    def undo(self) -> None:
        """Forget what `write` noted: it was rolled back."""

    def settle(self) -> None:
        """Take the outcome, `error`, over into memory; in the order of the works, before anybody is called back."""

    def announce(self) -> None:
        """Call back; no lock is held."""
        if self.ended is not None:
            self.ended.set()


class Database:
    """An open file."""

    def __init__(self, path: Path, *, may_create: bool) -> None:
        """Open or make the file. Raises StartError."""
        self.path = path
        self.channels: set[str] = set()  # names in use, guarded by the registry's lock
        self._lock = threading.Lock()  # guards used, _works and _is_closed
        self._works: list[Work] = []
        self._is_closed = False
        self._wakeup = Wakeup()
        try:
            make_folder(path.parent)
            self.connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StartError(f"{path} cannot be opened: {error}") from error
        try:
            self.used = self._prepare(may_create)  #: events of all channels: queued, in an open take, reserved by a put
        except (sqlite3.Error, OverflowError, ValueError) as error:
            self.connection.close()
            raise StartError(str(translated(error, path))) from error
        except StartError:
            self.connection.close()
            raise
        self._thread = start_thread(f"jdbc-{path.name}", self._run)

    def _prepare(self, may_create: bool) -> int:
        execute = self.connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        (application_id,) = execute("PRAGMA application_id").fetchone()
        (tables,) = execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application_id != APPLICATION_ID:
            raise StartError(f"{self.path} is a database of another program; give the channel a file of its own")
        if not tables and not may_create:
            raise StartError(f"{self.path} has no tables and create.schema = false forbids to make them")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = FULL")
        execute(f"PRAGMA journal_size_limit = {MOST_LOG_BYTES}")
        execute("BEGIN EXCLUSIVE")
        for statement in () if tables else SCHEMA:
            execute(statement)
        (undecided,) = execute(_UNDECIDED).fetchone()
        execute("COMMIT")
        return int(undecided)

    def reserve(self, events: int, capacity: int) -> bool:
        """Count events against the capacity (0: none) of all channels together; false: there is no room."""
        with self._lock:
            if capacity and self.used + events > capacity:
                return False
            self.used += events
            return True

    def release(self, events: int) -> None:
        """Give room back."""
        with self._lock:
            self.used -= events

    def check_space(self, size_bytes: int) -> None:
        """Raise ChannelFullError where a put would leave the takes no room; on the writing thread only."""
        system = os.statvfs(self.path.parent)
        free_bytes = system.f_bavail * system.f_frsize
        wanted_bytes = SPARE_BYTES + 2 * size_bytes
        if free_bytes < wanted_bytes:
            (pages,) = self.connection.execute("PRAGMA freelist_count").fetchone()
            (page_bytes,) = self.connection.execute("PRAGMA page_size").fetchone()
            if free_bytes + pages * page_bytes < wanted_bytes:
                raise ChannelFullError(
                    f"{self.path}: {free_bytes >> 20} MiB are free on the disk; puts are refused below {SPARE_BYTES >> 20}"
                )

    def submit(self, work: Work) -> None:
        """Hand over work; `announce` is called on the writing thread. Raises StoppedError."""
        with self._lock:
            if self._is_closed:
                raise StoppedError(f"{self.path}: the database was closed")
            self._works.append(work)
        self._wakeup.set()

    def run(self, work: Work) -> None:
        """Hand over work and wait for its end. Raises ChannelError, StoppedError."""
        if threading.current_thread() is self._thread:  # called back from here: nobody else would do it
            self._write([*self._waiting(), work])
        else:
            work.ended = Wakeup()
            self.submit(work)
            work.ended.wait(None)
        if work.error is not None:
            raise work.error

    def close(self) -> None:
        """Finish what was submitted and close the file."""
        with self._lock:
            self._is_closed = True
        self._wakeup.set()
        self._thread.join()
        with suppress(sqlite3.Error):  # the last checkpoint may find no room; the log stays then
            self.connection.close()

    def _waiting(self) -> list[Work]:
        with self._lock:
            works, self._works = self._works, []
        return works

    def _run(self) -> None:
        works: list[Work] = []
        try:
            while works := self._waiting() or self._next():
                self._write(works)
        finally:  # after an error that nobody expected nothing may wait for ever
            with self._lock:
                self._is_closed = True
            for work in [*works, *self._waiting()]:
                work.error = work.error or StoppedError(f"{self.path}: the database was closed")
                work.announce()

    def _next(self) -> list[Work]:
        """Wait for work; an empty list ends the thread."""
        while not (works := self._waiting()) and not self._is_closed:
            self._wakeup.wait(None)
        return works

    def _write(self, works: list[Work]) -> None:
        """Do works; each leaves the list as it is announced."""
        error = self._commit(works)
        if error is not None and len(works) == 1:
            _fail(works[0], error)
        elif error is not None:
            for work in works:
                _fail(work, self._commit([work]))
        for work in works:
            work.settle()
        works.reverse()
        while works:
            works.pop().announce()

    def _commit(self, works: list[Work]) -> FlumeError | None:
        written: list[Work] = []
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            for work in works:
                written.append(work)
                if work.line is not None and work.line.is_broken:
                    raise ChannelError(f"{self.path}: a put before this one failed")
                work.write(self.connection)
            self.connection.execute("COMMIT")
        except (FlumeError, sqlite3.Error, OSError, OverflowError, MemoryError) as error:
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            for work in written:
                work.undo()
            return error if isinstance(error, FlumeError) else translated(error, self.path)
        return None


def _fail(work: Work, error: FlumeError | None) -> None:
    work.error = error
    if error is not None and work.line is not None:
        work.line.is_broken = True


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that they survive a power cut too. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_open: dict[Path, Database] = {}
_open_lock = (
    threading.Lock()
)  # guards _open and what channels use a file; held while a file is opened, lest it be opened twice


def open_database(path: Path, channel: str, *, may_create: bool = True) -> Database:
    """Return the database for one channel more, opened at need. Raises StartError."""
    path = path.resolve()
    with _open_lock:
        database = _open.get(path) or Database(path, may_create=may_create)
        if channel in database.channels:
            raise StartError(f"{path}: another channel named {channel} of this process uses it")
        _open[path] = database
        database.channels.add(channel)
        return database


def close_database(database: Database, channel: str) -> None:
    """End a channel's use; the last one closes the file."""
    with _open_lock:
        database.channels.discard(channel)
        if not database.channels:
            del _open[database.path]
            database.close()
