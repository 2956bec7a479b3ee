"""The least group commit that plain Python can do: what file-threads could reach here with no channel around it.

Appenders queue, the first leads, writes and syncs for all that wait, and wakes them. No transaction, no queue, no capacity,
no counters, no checksum, no failure.
"""

import threading
from collections.abc import Sequence

from benchmarks.disk import RecycledFile


class _Entry:
    __slots__ = ("gate", "is_promoted", "length", "parts")

    def __init__(self, parts: Sequence[bytes], length: int, gate: threading.Lock) -> None:
        self.parts = parts
        self.length = length
        self.gate = gate
        self.is_promoted = False


class BareCommit:
    """Appends frames to a file; each append returns once its frame is synced."""

    def __init__(self, file: RecycledFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._pending: list[_Entry] = []
        self._is_led = False

    def append(self, parts: Sequence[bytes], length: int, gate: threading.Lock) -> None:
        """Return when the frame is on the disk. `gate`: a lock of this thread's own, which it holds."""
        entry = _Entry(parts, length, gate)
        with self._lock:
            self._pending.append(entry)
            leads, self._is_led = not self._is_led, True
        if not leads:
            gate.acquire()
            if not entry.is_promoted:
                return
        with self._lock:
            batch, self._pending = self._pending, []
        self._file.write([part for one in batch for part in one.parts], sum([one.length for one in batch]))
        self._file.sync()
        with self._lock:
            if self._pending:
                self._pending[0].is_promoted = True
                self._pending[0].gate.release()
            else:
                self._is_led = False
        for one in batch:
            if one is not entry:
                one.gate.release()
