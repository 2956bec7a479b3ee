"""A configuration file. Source: org.apache.flume.node.FileConfigurationSource.

Changed means that the modification time has moved on since the last read, or that another file has taken the place (a
rename, a link that leads elsewhere): a touch counts, an older time of the same file (a restored backup) and a vanished file
do not; whoever reads all the same (SIGHUP) gets the backup, or the error. The time is taken before the bytes, so a write
during a read is seen afterwards.
"""

import os
from pathlib import Path

from flumepy.config.sources.base import ConfigurationSource
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import Entry, load_properties


class FileSource(ConfigurationSource):
    """Reads one file."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.origin = str(path)
        self._modified_ns = -1
        self._file = (0, 0)  # device and inode

    def read(self) -> list[Entry] | None:
        """Return the file's entries. Raises ConfigurationError when it cannot be read or is malformed."""
        try:
            status = self.path.stat()
            if status.st_mtime_ns == self._modified_ns and _identity(status) == self._file:
                return None
            data = self.path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"cannot read {self.origin}: {error.strerror or error}") from error
        self._modified_ns, self._file = status.st_mtime_ns, _identity(status)
        return load_properties(data, self.origin)

    def has_changed(self) -> bool:
        """Tell whether the file is newer than what was read, or another one."""
        try:
            status = self.path.stat()
        except OSError:
            return False
        return status.st_mtime_ns > self._modified_ns or _identity(status) != self._file


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
