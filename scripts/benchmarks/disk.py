"""The disk under the measurement: how fast it takes synced writes and gives files back, without any channel.

Both are measured in the folder that the channel uses and in the same run: a disk's figures from another day say nothing.
"""

import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FILE_BYTES = 32 << 20
LOOP_S = 0.5
DROP_CACHES = Path("/proc/sys/vm/drop_caches")


class RecycledFile:
    """A file that has all its space and has been written before, as a log's recycled segment; written in a circle."""

    def __init__(self, path: Path, size: int = FILE_BYTES) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._size = size
        self._offset = 0
        os.posix_fallocate(self._descriptor, 0, size)
        block = b"\xa5" * (1 << 20)
        for offset in range(0, size, len(block)):
            os.pwrite(self._descriptor, block, offset)
        os.fsync(self._descriptor)

    def write(self, parts: Sequence[bytes | bytearray | memoryview], length: int) -> None:
        """Write the parts, `length` bytes in all, behind what was written last."""
        if self._offset + length > self._size:
            self._offset = 0
        if os.pwritev(self._descriptor, parts, self._offset) != length:
            raise OSError("the disk took a part of a write only")
        self._offset += length

    def sync(self) -> None:
        """Make it durable."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


@contextmanager
def recycled_file(path: Path, size: int = FILE_BYTES) -> Iterator[RecycledFile]:
    """Make a recycled file, and delete it on leaving."""
    file = RecycledFile(path, size)
    try:
        yield file
    finally:
        file.close()
        path.unlink()


def syncs_per_s(folder: Path, size: int, loop_s: float = LOOP_S) -> float:
    """Return how often a second this disk writes `size` bytes into a recycled file and syncs them, one after the other."""
    data, count = bytes(size), 0
    with recycled_file(folder / "fdatasync", max(FILE_BYTES, size)) as file:
        began_s = time.perf_counter()
        while (took_s := time.perf_counter() - began_s) < loop_s:
            file.write([data], size)
            file.sync()
            count += 1
    return count / took_s


def reading_s(files: Iterable[Path]) -> float:
    """Return how long `cat` takes to read the files to /dev/null."""
    began_s = time.perf_counter()
    with open(os.devnull, "wb") as nowhere:
        subprocess.run(["cat", *map(str, files)], stdout=nowhere, check=True)
    return time.perf_counter() - began_s


def can_drop_caches() -> bool:
    """Tell whether this user may empty the page cache."""
    return os.access(DROP_CACHES, os.W_OK)


def drop_caches() -> None:
    """Write what is dirty and empty the page cache. Raises OSError."""
    os.sync()
    DROP_CACHES.write_text("1\n")


def used_bytes(folder: Path) -> int:
    """Return the space that the files in a folder take, holes excluded; a file may go meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:
            continue
    return total
