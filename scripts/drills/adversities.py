"""What a scenario puts around the channel: a disk without space, a clock that jumps, a workload that puts up with errors."""

import errno
import random
import time
from pathlib import Path

from drills.workload import Workload
from flumepy.core.errors import FlumeError
from flumepy.testing.disks import FaultyDisk


class TolerantWorkload(Workload):
    """Goes on whatever error a transaction ends with."""

    def failed(self, error: FlumeError) -> None:
        """Try again a little later."""
        time.sleep(0.005)


class FullDisk(FaultyDisk):
    """A disk that has no space for new files while `is_full`."""

    is_full = False

    def free_bytes(self, folder: Path) -> int:
        """Return none while it is full."""
        return 0 if self.is_full else super().free_bytes(folder)

    def before(self, call: str) -> None:
        """Refuse to allocate while it is full."""
        if self.is_full and call == "allocate":
            raise OSError(errno.ENOSPC, "No space left on device")
        super().before(call)


class JumpingClock:
    """Time of day that jumps by up to years, both ways; the other clock stays steady."""

    def __init__(self, randoms: random.Random) -> None:
        self._randoms = randoms
        self._offset_ms = 0

    def time_ms(self) -> int:
        """Return some time, never before 1970."""
        if self._randoms.random() < 0.05:
            self._offset_ms = int(self._randoms.choice((-1, 1)) * 10 ** self._randoms.uniform(0, 11))
        return max(0, time.time_ns() // 1_000_000 + self._offset_ms)

    def monotonic_s(self) -> float:
        """Return seconds that never jump."""
        return time.monotonic()
