"""Every system call of the log, in one class, so that tests can put a failing, forgetting or killing disk in its place."""

import errno
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mypy_extensions import mypyc_attr

from flumepy.core.errors import StartError
from flumepy.core.holders import already_locked, holder_of

IOV_MAX: Final = 1000  # Linux allows 1024 buffers in one call
Buffer = bytes | bytearray | memoryview


@mypyc_attr(allow_interpreted_subclasses=True)
class Disk:
    """The real file system. All methods raise OSError unless they say otherwise."""

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it, durably; nothing happens when it is there."""
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        path.mkdir(parents=True, exist_ok=True)
        for folder in reversed(missing):
            self.sync_folder(folder.parent)

    def list(self, folder: Path) -> list[str]:
        """Return the names in a folder, sorted."""
        return sorted(os.listdir(folder))

    def open(self, path: Path, *, create: bool = False, read_only: bool = False) -> int:
        """Open for reading and writing; `create` needs a new file."""
        flags = os.O_RDONLY if read_only else os.O_RDWR
        return os.open(path, flags | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if create else 0), 0o640)

    def close(self, descriptor: int) -> None:
        """Close."""
        os.close(descriptor)

    def size(self, descriptor: int) -> int:
        """Return the length of the file in bytes."""
        return os.fstat(descriptor).st_size

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Read up to `size` bytes; fewer only at the end of the file."""
        data = os.pread(descriptor, size, offset)
        if len(data) in (0, size):
            return data
        parts = [data]
        got = len(data)
        while got < size and (more := os.pread(descriptor, size - got, offset + got)):
            parts.append(more)
            got += len(more)
        return b"".join(parts)

    def write(self, descriptor: int, parts: Sequence[Buffer], offset: int) -> None:
        """Write all parts, one behind the other."""
        while len(parts) > IOV_MAX:
            self.write(descriptor, parts[:IOV_MAX], offset)
            offset += sum(map(len, parts[:IOV_MAX]))
            parts = parts[IOV_MAX:]
        size = 0
        for part in parts:
            size += len(part)
        written = os.pwritev(descriptor, parts, offset)
        if written < size:
            self._write_rest(descriptor, b"".join(parts), written, offset)

    def _write_rest(self, descriptor: int, data: bytes, written: int, offset: int) -> None:
        view = memoryview(data)
        while written < len(view):
            count = os.pwrite(descriptor, view[written:], offset + written)
            if not count:
                raise OSError(errno.EIO, "the write made no progress")
            written += count

    def sync(self, descriptor: int) -> None:
        """Make the content durable (fdatasync)."""
        os.fdatasync(descriptor)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def allocate(self, descriptor: int, size: int) -> None:
        """Give the file this many bytes of real space."""
        os.posix_fallocate(descriptor, 0, size)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file, or let it grow."""
        os.ftruncate(descriptor, size)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name in the same folder, replacing what has it."""
        os.replace(old, new)

    def unlink(self, path: Path) -> None:
        """Delete a file."""
        path.unlink()

    def free_bytes(self, folder: Path) -> int:
        """Return the space that an ordinary user can still fill."""
        stat = os.statvfs(folder)
        return stat.f_bavail * stat.f_frsize

    def lock(self, path: Path) -> int:
        """Take a record lock on a file that conflicts with Java's FileLock, and return its descriptor; closing it unlocks.

        Raises StartError when another process holds it, OSError for the rest.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            is_held = error.errno in (errno.EACCES, errno.EAGAIN)
            holder = holder_of(descriptor) if is_held else None
            os.close(descriptor)
            if is_held:
                advice = ", or give this channel directories of its own"
                raise StartError(already_locked(path.parent, holder, advice)) from error
            raise
        return descriptor
