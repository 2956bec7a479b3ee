"""Commands for the main thread, which waits on a socket and not on a lock.

The system may hand a signal to any thread, and Python's handlers run on the main thread only: one that waits on a lock would
sleep on and miss a SIGTERM until its next poll. So the C part of the handler writes a byte that wakes it (set_wakeup_fd).
"""

import queue
import select
import signal
import socket
from contextlib import suppress


class Mailbox:
    """A queue of words; `put` from any thread and from signal handlers, `get` from the main thread."""

    def __init__(self) -> None:
        self._words: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._previous_fd: int | None = None

    def catch_signals(self) -> None:
        """Let every signal wake the reader; from the main thread."""
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def put(self, word: str) -> None:
        """Add a word."""
        self._words.put(word)
        with suppress(OSError):  # full: the reader is awake; closed: nobody reads any more
            self._writer.send(b"\0")

    def get(self, timeout_s: float | None) -> str | None:
        """Return the next word, or None after the time-out or a signal without one."""
        with suppress(queue.Empty):
            return self._words.get_nowait()
        select.select([self._reader], [], [], timeout_s)
        with suppress(BlockingIOError):
            self._reader.recv(4096)
        with suppress(queue.Empty):
            return self._words.get_nowait()
        return None

    def close(self) -> None:
        """Leave signals as they were."""
        if self._previous_fd is not None:
            signal.set_wakeup_fd(self._previous_fd)
            self._previous_fd = None
        self._reader.close()
        self._writer.close()
