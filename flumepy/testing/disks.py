"""Disks that fail on demand and disks that kill their own process, to be put under a log in place of the real one.

See forgetful_disk for the one that loses what was not synced.
"""

import errno
import os
import random
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flumepy.log.disk import Buffer, Disk

#: calls that change something, and are counted
CHANGES = ("make_folder", "create", "write", "sync", "sync_folder", "allocate", "truncate", "rename", "unlink")


class WatchedDisk(Disk):
    """Does what another disk does, and is told before each call that changes something."""

    def __init__(self, inner: Disk | None = None) -> None:
        self._inner = inner or Disk()

    def before(self, call: str) -> None:
        """Take note of a call that is about to be made; may raise OSError instead."""

    def before_write(self, descriptor: int, parts: Sequence[Buffer], offset: int) -> None:
        """Take note of a write that is about to be made; may write a part of it and raise OSError."""
        self.before("write")

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it."""
        self.before("make_folder")
        self._inner.make_folder(path)

    def list(self, folder: Path) -> list[str]:
        """Return the names in a folder."""
        return self._inner.list(folder)

    def open(self, path: Path, *, create: bool = False, read_only: bool = False) -> int:
        """Open a file."""
        if create:
            self.before("create")
        return self._inner.open(path, create=create, read_only=read_only)

    def close(self, descriptor: int) -> None:
        """Close."""
        self._inner.close(descriptor)

    def size(self, descriptor: int) -> int:
        """Return the length of the file."""
        return self._inner.size(descriptor)

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Read."""
        self.before("read")
        return self._inner.read(descriptor, size, offset)

    def write(self, descriptor: int, parts: Sequence[Buffer], offset: int) -> None:
        """Write all parts."""
        self.before_write(descriptor, parts, offset)
        self._inner.write(descriptor, parts, offset)

    def sync(self, descriptor: int) -> None:
        """Make the content durable."""
        self.before("sync")
        self._inner.sync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Make the names durable."""
        self.before("sync_folder")
        self._inner.sync_folder(folder)

    def allocate(self, descriptor: int, size: int) -> None:
        """Give the file space."""
        self.before("allocate")
        self._inner.allocate(descriptor, size)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file."""
        self.before("truncate")
        self._inner.truncate(descriptor, size)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name."""
        self.before("rename")
        self._inner.rename(old, new)

    def unlink(self, path: Path) -> None:
        """Delete a file."""
        self.before("unlink")
        self._inner.unlink(path)

    def free_bytes(self, folder: Path) -> int:
        """Return the free space."""
        return self._inner.free_bytes(folder)

    def lock(self, path: Path) -> int:
        """Lock."""
        return self._inner.lock(path)

    def _write_prefix(self, descriptor: int, parts: Sequence[Buffer], offset: int, size: int) -> None:
        prefix = b"".join(parts)[:size]
        if prefix:
            self._inner.write(descriptor, [prefix], offset)


class GatedDisk(WatchedDisk):
    """Holds one kind of calls back while it is told to. `held`: how many have come to wait."""

    def __init__(self, inner: Disk | None = None) -> None:
        super().__init__(inner)
        self._passes = threading.Semaphore(0)
        self._held_call = ""
        self.held = 0

    def hold(self, call: str = "sync") -> None:
        """Let these calls wait from now on."""
        self._held_call = call

    def let_pass(self, count: int = 1) -> None:
        """Let so many go on, those that wait first."""
        self._passes.release(count)

    def free(self) -> None:
        """Hold none any more."""
        self._held_call = ""
        self.let_pass(1000)

    def before(self, call: str) -> None:
        """Wait before such a call."""
        if call == self._held_call:
            self.held += 1
            self._passes.acquire()


@dataclass
class _Fault:
    skips: int
    times: int
    code: int
    prefix_bytes: int


class FaultyDisk(WatchedDisk):
    """Fails calls on demand, and is healthy again afterwards. `calls` counts every call by its name."""

    def __init__(self, inner: Disk | None = None) -> None:
        super().__init__(inner)
        self._lock = threading.Lock()  # guards everything below
        self._faults: dict[str, _Fault] = {}
        self.calls: dict[str, int] = {}

    def fail(self, call: str, code: int = errno.EIO, *, nth: int = 1, times: int = 1, prefix_bytes: int = 0) -> None:
        """Fail the n-th next call of this name (one of CHANGES, or `read`), and `times` in all.

        prefix_bytes: of a write, so many bytes are written before it fails.
        """
        with self._lock:
            self._faults[call] = _Fault(nth - 1, times, code, prefix_bytes)

    def heal(self) -> None:
        """Fail no more."""
        with self._lock:
            self._faults.clear()

    def before(self, call: str) -> None:
        """Raise OSError when it is this call's turn."""
        fault = self._due(call)
        if fault is not None:
            raise OSError(fault.code, os.strerror(fault.code))

    def before_write(self, descriptor: int, parts: Sequence[Buffer], offset: int) -> None:
        """Write the wished part and raise OSError when it is this call's turn."""
        fault = self._due("write")
        if fault is not None:
            self._write_prefix(descriptor, parts, offset, fault.prefix_bytes)
            raise OSError(fault.code, os.strerror(fault.code))

    def _due(self, call: str) -> _Fault | None:
        with self._lock:
            self.calls[call] = self.calls.get(call, 0) + 1
            fault = self._faults.get(call)
            if fault is None:
                return None
            if fault.skips:
                fault.skips -= 1
                return None
            fault.times -= 1
            if not fault.times:
                del self._faults[call]
            return fault


class KillingDisk(WatchedDisk):
    """Ends its own process with SIGKILL just before the n-th call that changes something, counted over all of them.

    When that call is a write, a random part of it is written first. seed: of that part.
    """

    def __init__(self, nth: int, seed: int = 0, inner: Disk | None = None) -> None:
        super().__init__(inner)
        self._random = random.Random(seed)  # noqa: S311
        self._lock = threading.Lock()  # guards _left
        self._left = nth

    def _is_due(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left == 0

    def before(self, call: str) -> None:
        """Kill when it is this call's turn."""
        if call in CHANGES and self._is_due():
            self._kill()

    def before_write(self, descriptor: int, parts: Sequence[Buffer], offset: int) -> None:
        """Write a part and kill when it is this call's turn."""
        if self._is_due():
            self._write_prefix(descriptor, parts, offset, self._random.randint(0, sum(map(len, parts))))
            self._kill()

    def _kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        threading.Event().wait()  # the signal may come to another thread first
