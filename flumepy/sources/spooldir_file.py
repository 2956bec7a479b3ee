"""One file that the spooling directory source is reading: its reader, its position file, and whether it changed."""

import os
from io import FileIO
from pathlib import Path

from flumepy.core.batch import EventBatch
from flumepy.core.deserializer import EventReader
from flumepy.sources.spooldir_position import PositionFile


class SpooledFile:
    """An open file. `offset` is the committed position; size and time are those of when it was opened."""

    def __init__(self, path: str, file: FileIO, meta_path: Path, position: PositionFile) -> None:
        status = os.fstat(file.fileno())
        self.path = path
        self.size_bytes = status.st_size
        self.modified_ms = status.st_mtime_ns // 1_000_000
        self.offset = position.offset
        self.headers: dict[str, str] = {}
        self.reader: EventReader | None = None
        self._file = file
        self._meta_path = meta_path
        self._position: PositionFile | None = position
        self._is_untouched = position.offset == 0

    def read(self, limit: int) -> EventBatch | None:
        """Return the next batch, None at the end. A file without any event gives one empty event, as in Flume.

        Raises InputError, OSError.
        """
        assert self.reader is not None
        batch = self.reader.read(limit)
        if not len(batch):
            if not self._is_untouched:
                return None
            batch = EventBatch([b""])
        self._is_untouched = False
        return EventBatch(batch.bodies, {**batch.headers, **self.headers}) if self.headers else batch

    def store_position(self) -> OSError | None:
        """Store what has been committed; return the first error of a row of failures. The next call tries anew."""
        assert self.reader is not None
        self.offset = self.reader.position
        had_failed = self._position is None
        try:
            if self._position is None:
                self._position = PositionFile(self._meta_path, self.path)
            self._position.store(self.offset)
        except OSError as error:
            # What was half written hides later blocks: the file is made anew next time.
            if self._position is not None:
                self._position.close()
                self._position = None
            return None if had_failed else error
        return None

    def change(self) -> str | None:
        """Return how the file differs from when it was opened. Raises OSError, FileNotFoundError when it is gone."""
        status = os.stat(self.path)
        if status.st_size != self.size_bytes:
            return f"it changed its size from {self.size_bytes} to {status.st_size} bytes while it was read"
        if status.st_mtime_ns // 1_000_000 != self.modified_ms:
            return "it was modified while it was read"
        return None

    def close(self, *, is_finished: bool = False) -> None:
        """Close the file and its position file, which goes if the file is finished."""
        self._file.close()
        if self._position is not None:
            self._position.close()
        if is_finished:
            self._meta_path.unlink(missing_ok=True)


def open_spooled(path: str, file: FileIO, meta_path: Path) -> SpooledFile:
    """Open the position file for a file just opened. Raises OSError and closes the file where that fails."""
    try:
        return SpooledFile(path, file, meta_path, PositionFile(meta_path, path))
    except OSError:
        file.close()
        raise
