"""A configuration file. Source: org.apache.flume.node.FileConfigurationSource.

Changed means that the modification time has moved on since the last read: a touch counts, an older time (a restored
backup) and a vanished file do not; whoever reads all the same (SIGHUP) gets the backup, or the error. The time is taken
before the bytes, so a write during a read is seen afterwards.
"""

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

    def read(self) -> list[Entry] | None:
        """Return the file's entries. Raises ConfigurationError when it cannot be read or is malformed."""
        try:
            modified_ns = self.path.stat().st_mtime_ns
            if modified_ns == self._modified_ns:
                return None
            data = self.path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"cannot read {self.origin}: {error.strerror or error}") from error
        self._modified_ns = modified_ns
        return load_properties(data, self.origin)

    def has_changed(self) -> bool:
        """Tell whether the file is newer than what was read."""
        try:
            return self.path.stat().st_mtime_ns > self._modified_ns
        except OSError:
            return False
