"""A running command: its process group, its two output pipes, one wait for all of it.

Standard input is an open pipe that is never written, as in Flume. The pipes are made as large as the system allows, so
that a command and its reader change places less often.
"""

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
from enum import Enum

from flumepy.core.cpus import let_go

PIPE_BYTES = 1024 * 1024
READ_BYTES = 256 * 1024
EXIT_GRACE_S = 0.2
TERMINATE_GRACE_S = 1.0


class Pipe(Enum):
    """What a piece of data came from; WAKE is the reader's own pipe."""

    OUTPUT = 1
    ERRORS = 2
    WAKE = 3


class CommandProcess:
    """One run of a command."""

    def __init__(self, arguments: list[str], wake_fd: int) -> None:
        """Start it. Raises OSError, and ValueError for an argument with a NUL."""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(  # noqa: S603  # running the operator's command is what this is for
            arguments, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe, process_group=0
        )
        let_go(self._process.pid)
        self._selector = selectors.DefaultSelector()
        for stream, name in ((self._process.stdout, Pipe.OUTPUT), (self._process.stderr, Pipe.ERRORS)):
            assert stream is not None
            with contextlib.suppress(OSError):  # a limit of the user's: the default size does too
                fcntl.fcntl(stream.fileno(), getattr(fcntl, "F_SETPIPE_SZ", 1031), PIPE_BYTES)
            self._selector.register(stream.fileno(), selectors.EVENT_READ, name)
        self._selector.register(wake_fd, selectors.EVENT_READ, Pipe.WAKE)

    def read(self, timeout_s: float | None) -> list[tuple[Pipe, bytes]]:
        """Wait for output; b"" says that a pipe has ended. The wake pipe's bytes are read and returned too."""
        found: list[tuple[Pipe, bytes]] = []
        for key, _ in self._selector.select(timeout_s):
            data = os.read(key.fd, READ_BYTES)
            if not data:
                self._selector.unregister(key.fd)
            found.append((key.data, data))
        return found

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the command and to what it has started and not moved to another group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def finish(self) -> int:
        """Close the pipes, end the command if it still runs, and return its exit code (128 + n for signal n)."""
        self._selector.close()
        code = self._wait(EXIT_GRACE_S)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        if code is None:
            self._process.terminate()
            code = self._wait(TERMINATE_GRACE_S)
        if code is None:
            self._process.kill()
            code = self._process.wait()
        return code if code >= 0 else 128 - code

    def _wait(self, timeout_s: float) -> int | None:
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
