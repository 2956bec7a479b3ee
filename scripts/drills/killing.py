"""The end of a life: SIGKILL at a chosen system call of the disk, with or without the power going too.

When the power goes, the disk is flumepy.testing's ForgetfulDisk: it begins with the files of a folder, and what it remembers
after the crash is written back there, so that the next process finds it.
"""

import os
import random
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flumepy.log.disk import Buffer, Disk
from flumepy.testing.disks import CHANGES, WatchedDisk
from flumepy.testing.forgetful_disk import ForgetfulDisk

MOMENTS = ("before", "after", "within")
LOCK_NAME = "in_use.lock"
SECTOR_BYTES = 512


@dataclass(frozen=True)
class Target:
    """The n-th call of a kind, from 1; `within` means a part of a write, else the same as before."""

    kind: str
    count: int
    moment: str


class TargetDisk(WatchedDisk):
    """Lets everything pass until the target is hit. `end`: what then happens; it does not return."""

    def __init__(self, inner: Disk, target: Target | None, end: Callable[[], None]) -> None:
        super().__init__(inner)
        self.calls = dict.fromkeys(CHANGES, 0)
        self._target = target
        self._end = end
        self._is_over = False  # the call that was the target has been let through
        self._lock = threading.Lock()  # guards everything above

    def before(self, call: str) -> None:
        """End before the target, or before the call that follows it."""
        if self._is_due(call):
            self._end()

    def before_write(self, descriptor: int, parts: Sequence[Buffer], offset: int) -> None:
        """The same, or after a part of the write."""
        if not self._is_due("write"):
            return
        if self._target is not None and self._target.moment == "within":
            self._write_prefix(descriptor, parts, offset, sum(map(len, parts)) // 2)
        self._end()

    def _is_due(self, call: str) -> bool:
        if call not in CHANGES:
            return False
        with self._lock:
            self.calls[call] += 1
            target = self._target
            is_hit = target is not None and (call, self.calls[call]) == (target.kind, target.count)
            if is_hit and target is not None and target.moment == "after":
                self._is_over = True
                return False
            return is_hit or self._is_over


def kill_self() -> None:
    """End this process as no handler can prevent."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()  # the signal may come to another thread first


def load_forgetful(root: Path) -> ForgetfulDisk:
    """Return a disk with the files below a folder, all durable."""
    disk = ForgetfulDisk(block_bytes=SECTOR_BYTES)
    for folder in [root, *sorted(path for path in root.rglob("*") if path.is_dir())]:
        disk.make_folder(folder)
        for path in _files(folder):
            descriptor = disk.open(path, create=True)
            disk.write(descriptor, [path.read_bytes()], 0)
            disk.sync(descriptor)
            disk.close(descriptor)
        disk.sync_folder(folder)
    return disk


def lose_power(disk: ForgetfulDisk, root: Path, seed: int) -> None:
    """Make the folder look as it does after a crash of the disk."""
    left = disk.crash(seed)
    for folder in [root, *sorted(path for path in root.rglob("*") if path.is_dir())]:
        for path in _files(folder):
            path.unlink()
        for name in left.list(folder):
            (folder / name).write_bytes(left.content(folder / name))


def real_or_forgetful(root: Path, *, loses_power: bool, seed: int) -> tuple[Disk, Callable[[], None]]:
    """Return a disk, and what brings its end over the folder."""
    if not loses_power:
        return Disk(), lambda: None
    disk = load_forgetful(root)
    return disk, lambda: lose_power(disk, root, random.Random(seed).getrandbits(32))


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and path.name != LOCK_NAME]
