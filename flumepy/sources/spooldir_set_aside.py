"""The list of files that the spooling directory source has set aside, one JSON object a line, in the tracker directory.

Flume stops reading for good where a file breaks its rules (changed while it was read, undecodable, name used twice). Here
such a file stays where it is and is left alone from then on, also after a restart, until its line is taken out of the list
or the file is renamed. The list is read again whenever it has changed.
"""

import json
import os
from pathlib import Path

LIST_NAME = ".flumepy-set-aside.jsonl"


class SetAsideList:
    """The paths to leave alone."""

    def __init__(self, tracker_directory: Path) -> None:
        self.path = tracker_directory / LIST_NAME
        self._stamp: tuple[int, int] | None = None
        self._paths: set[str] = set()

    def refresh(self) -> None:
        """Read the list if it has changed; lines that are no entries are passed over. Raises OSError."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            self._stamp = None
            self._paths = set()
            return
        stamp = (status.st_mtime_ns, status.st_size)
        if stamp != self._stamp:
            self._stamp = stamp
            self._paths = set(filter(None, map(_path_of, self.path.read_bytes().splitlines())))

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    def add(self, path: str, offset: int, reason: str) -> None:
        """Append a file: `offset` says up to which byte its events were delivered. Raises OSError."""
        self._paths.add(path)
        line = json.dumps({"file": path, "offset": offset, "reason": reason}) + "\n"
        with open(self.path, "ab", buffering=0) as file:
            file.write(line.encode())
            status = os.fstat(file.fileno())
        self._stamp = (status.st_mtime_ns, status.st_size)


def _path_of(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    path = entry.get("file") if isinstance(entry, dict) else None
    return path if isinstance(path, str) else None
