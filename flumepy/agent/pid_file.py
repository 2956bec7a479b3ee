"""`--pid-file`: the process's id in a file, which a lock ties to the living process.

The lock decides, not the number: an id left behind by a crash may belong to anybody.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from flumepy.core.errors import ConfigurationError


class PidFile:
    """Holds the file while the with-block runs. Raises ConfigurationError when a living agent holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "PidFile":
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ConfigurationError(f"the pid file {self.path} cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise ConfigurationError(f"the pid file {self.path} is held by the living process {owner}") from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
