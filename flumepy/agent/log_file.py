"""The agent's log file: each line is one write, a full file is rolled, a file that was moved away is opened again.

Two ways to roll, as in Flume's log4j.properties: LOGFILE at 100 MB (`flume.log.1` is the newest of ten), DAILY at midnight
(`flume.log.2026-11-20`). A line that cannot be written (disk full) is lost, the next one is tried again.
"""

import logging
import os
import time
from pathlib import Path

log = logging.getLogger("flumepy.agent")

LIMIT_BYTES = 100 * 1024 * 1024
BACKUPS = 10


class LogFile(logging.Handler):
    """Appends to a file and rolls it by size. Raises OSError when the file cannot be opened at first."""

    def __init__(self, path: Path, *, limit_bytes: int = LIMIT_BYTES, backups: int = BACKUPS) -> None:
        super().__init__()
        self.path = path
        self.limit_bytes = limit_bytes
        self.backups = backups
        self._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; logging's own lock of this handler is held."""
        data = f"{self.format(record)}\n".encode(errors="backslashreplace")
        try:
            if self._size and self.must_roll(record, self._size + len(data)):
                self._file.close()
                if self.path.exists():  # it is not where a new file could not be opened the last time
                    self.roll()
                self._open()
            self._file.write(data)
        except (OSError, ValueError):  # ValueError: a file that could not be opened again is closed
            self.handleError(record)
            return
        self._size += len(data)

    def must_roll(self, record: logging.LogRecord, size: int) -> bool:
        """Tell whether the file of this size would be too big."""
        return size > self.limit_bytes

    def roll(self) -> None:
        """Move the files up by one; the oldest is overwritten."""
        for number in range(self.backups, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            if newer.exists():
                os.replace(newer, older)

    def reopen(self) -> None:
        """Go on in a new file of the same name, after something else has moved the old one."""
        self.acquire()
        try:
            old = self._file
            self._open()
            old.close()
        except OSError as error:
            log.error("The log file cannot be opened again: %s", error)  # the handler's lock is reentrant
        finally:
            self.release()

    def close(self) -> None:
        """Close the file."""
        super().close()
        self._file.close()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115 - closed by close
        self._size = self._file.tell()


class DailyLogFile(LogFile):
    """Rolls at the first line of a new day."""

    def must_roll(self, record: logging.LogRecord, size: int) -> bool:
        """Tell whether the line belongs to another day than the file."""
        return self._day_of(record.created) != self._day

    def roll(self) -> None:
        """Give the file its day."""
        os.replace(self.path, self.path.with_name(f"{self.path.name}.{self._day}"))

    def _open(self) -> None:
        super()._open()
        self._day = self._day_of(self.path.stat().st_mtime if self._size else time.time())

    @staticmethod
    def _day_of(time_s: float) -> str:
        return time.strftime("%Y-%m-%d", time.localtime(time_s))
