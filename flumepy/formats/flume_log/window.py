"""A file read in chunks, forwards mostly; `buffer` holds the bytes from `base` on.

Chunks stay small: one call must not keep the other threads waiting.
"""

import os
from pathlib import Path

from flumepy.core.errors import InputError, translate

CHUNK_BYTES = 256 * 1024


class Window:
    """One open file and the part of it that is in memory. Use as a context manager, or close it."""

    def __init__(self, path: Path) -> None:
        """Open a file. Raises InputError that names it."""
        with translate({OSError: InputError}, f"{path} cannot be read"):
            self._file = path.open("rb", buffering=0)
            self.size_bytes = os.fstat(self._file.fileno()).st_size
        self._path = path
        self.buffer = b""
        self.base = 0

    def __enter__(self) -> "Window":
        return self

    def __exit__(self, *exit_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def load(self, offset: int, count: int) -> int:
        """Bring `count` bytes from `offset` into `buffer`, fewer at the end of the file; return their index there."""
        index = offset - self.base
        if index < 0 or index + count > len(self.buffer):
            with translate({OSError: InputError}, f"{self._path} cannot be read"):
                self.buffer = os.pread(self._file.fileno(), max(count, CHUNK_BYTES), offset)
            self.base = offset
            return 0
        return index

    def written_end(self, filler: bytes) -> int:
        """Return the offset behind the last byte that is not one of `filler`."""
        end = self.size_bytes
        while end:
            start = max(0, end - CHUNK_BYTES)
            index = self.load(start, end - start)
            rest = self.buffer[index : index + end - start].rstrip(filler)
            if rest:
                return start + len(rest)
            end = start
        return 0
