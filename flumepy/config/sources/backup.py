"""The last good configuration, kept in `--backup-directory` as `.<agent>.properties`, with references resolved.

Source: UriConfigurationProvider. It is used when no source yields anything. It may hold passwords, so only the owner may
read it; it is replaced in one step, so a crash leaves the old one or the new one.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from flumepy.core.errors import ConfigurationError, translate
from flumepy.formats.properties import Entry, load_properties, store_properties


class Backup:
    """One agent's backup file."""

    def __init__(self, directory: str | Path, agent: str) -> None:
        if os.sep in agent or agent in ("", ".", ".."):
            raise ConfigurationError(f"no backup can be kept for an agent called {agent!r}")
        self.path = Path(directory, f".{agent}.properties")

    def store(self, entries: Iterable[Entry]) -> None:
        """Write the entries; of equal keys the last. Raises ConfigurationError when the disk refuses."""
        data = store_properties({entry.key: entry.value for entry in entries})
        new = self.path.with_name(f"{self.path.name}.tmp")
        with translate({OSError: ConfigurationError}, f"cannot keep the backup {self.path}"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)

    def load(self) -> list[Entry]:
        """Return the kept entries, none when there is no backup. Raises ConfigurationError."""
        with translate({OSError: ConfigurationError}, f"cannot read the backup {self.path}"):
            try:
                data = self.path.read_bytes()
            except FileNotFoundError:
                return []
        return load_properties(data, str(self.path))
