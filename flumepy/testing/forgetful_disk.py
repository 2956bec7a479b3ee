"""A file system in memory that loses, in a crash, any part of what was not synced.

What a crash may do, per choice of the seed: each block of a file has any of the contents it got since the last sync of the
file, or the one from before; the length of a file is any of those it had since then; each change of a folder since its last
sync (create, rename, unlink) has happened or has not. A rename is atomic. Only `sync` makes content durable, and only
`sync_folder` makes names durable. Folders themselves are durable at once, as Disk.make_folder promises.

A sync that fails drops what it should have stored: it can be read until the memory is needed, but never reaches the disk
unless it is written again.
"""

import errno
import os
import random
import threading
from collections.abc import Sequence
from pathlib import Path

from flumepy.core.errors import StartError
from flumepy.log.disk import Buffer, Disk
from flumepy.testing.forgetful_file import ForgetfulFile, Names

UNLIMITED_BYTES = 1 << 50


def _error(code: int, path: Path | None = None) -> OSError:
    return OSError(code, os.strerror(code), str(path)) if path else OSError(code, os.strerror(code))


class ForgetfulDisk(Disk):
    """An empty file system. `crash` and `kill` give the one that the next process finds, and make this one useless.

    block_bytes: what the disk writes in one piece. space_bytes: what all files together may hold.
    """

    def __init__(self, *, block_bytes: int = 4096, space_bytes: int = UNLIMITED_BYTES) -> None:
        self._lock = threading.Lock()  # guards everything below
        self._block_bytes = block_bytes
        self._folders: dict[Path, Names] = {}
        self._open: dict[int, ForgetfulFile] = {}
        self._locked: dict[int, Path] = {}
        self._next_descriptor = 1_000_000  # none that the kernel gives
        self._is_dead = False
        self._failing: random.Random | None = None
        self.space_bytes = space_bytes

    def crash(self, seed: int) -> "ForgetfulDisk":
        """Cut the power; return what is left."""
        chance = random.Random(seed)  # noqa: S311
        loss = chance.choice((0.0, 0.5, 0.5, 0.9, 1.0))  # how much of what is not durable goes
        with self._lock:
            left = self._successor()
            survivors: dict[int, ForgetfulFile] = {}
            for path, names in self._folders.items():
                left._folders[path] = kept = Names()
                for name, file in sorted(names.survivors(chance, loss).items()):
                    if id(file) not in survivors:
                        survivors[id(file)] = file.survivor(chance, loss)
                    kept.start_with(name, survivors[id(file)])
        return left

    def kill(self) -> "ForgetfulDisk":
        """End the process; return what the next one finds: everything, and just as durable as before."""
        with self._lock:
            left = self._successor()
            left._folders = self._folders
        return left

    def _successor(self) -> "ForgetfulDisk":
        self._is_dead = True
        return ForgetfulDisk(block_bytes=self._block_bytes, space_bytes=self.space_bytes)

    def flip(self, path: Path, offset: int, mask: int = 0xFF) -> None:
        """Damage one byte, durably."""
        with self._lock:
            self._file(path).flip(offset, mask)

    def content(self, path: Path) -> bytes:
        """Return what a reader of the file sees."""
        with self._lock:
            return bytes(self._file(path).data)

    def _file(self, path: Path) -> ForgetfulFile:
        try:
            return self._folder(path.parent).now[path.name]
        except KeyError:
            raise _error(errno.ENOENT, path) from None

    def _folder(self, path: Path) -> Names:
        self._check_alive()
        try:
            return self._folders[path]
        except KeyError:
            raise _error(errno.ENOENT, path) from None

    def _check_alive(self) -> None:
        if self._is_dead:
            raise OSError(errno.EIO, "the machine has crashed")

    def _opened(self, descriptor: int) -> ForgetfulFile:
        self._check_alive()
        try:
            return self._open[descriptor]
        except KeyError:
            raise _error(errno.EBADF) from None

    def _used_bytes(self) -> int:
        files = {id(file): file for names in self._folders.values() for file in names.now.values()}
        files.update((id(file), file) for file in self._open.values())
        return sum(len(file.data) for file in files.values())

    def _grow(self, file: ForgetfulFile, size: int) -> None:
        more = size - len(file.data)
        if more > 0:
            if self.space_bytes < UNLIMITED_BYTES and self._used_bytes() + more > self.space_bytes:
                raise _error(errno.ENOSPC)
            file.resize(size)

    def make_folder(self, path: Path) -> None:
        """Make a folder."""
        with self._lock:
            self._check_alive()
            self._folders.setdefault(path, Names())

    def list(self, folder: Path) -> list[str]:
        """Return the names in a folder."""
        with self._lock:
            return sorted(self._folder(folder).now)

    def open(self, path: Path, *, create: bool = False, read_only: bool = False) -> int:
        """Open a file."""
        with self._lock:
            names = self._folder(path.parent)
            if create:
                if path.name in names.now:
                    raise _error(errno.EEXIST, path)
                names.put(path.name, ForgetfulFile(self._block_bytes))
            return self._new_descriptor(self._file(path))

    def _new_descriptor(self, file: ForgetfulFile) -> int:
        self._next_descriptor += 1
        self._open[self._next_descriptor] = file
        return self._next_descriptor

    def close(self, descriptor: int) -> None:
        """Close; a descriptor that is not open is an error, even after a crash."""
        with self._lock:
            if self._open.pop(descriptor, None) is None:
                raise _error(errno.EBADF)
            self._locked.pop(descriptor, None)

    def size(self, descriptor: int) -> int:
        """Return the length of the file."""
        with self._lock:
            return len(self._opened(descriptor).data)

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """Read."""
        with self._lock:
            return bytes(self._opened(descriptor).data[offset : offset + size])

    def write(self, descriptor: int, parts: Sequence[Buffer], offset: int) -> None:
        """Write all parts."""
        data = b"".join(parts)
        with self._lock:
            file = self._opened(descriptor)
            self._grow(file, offset + len(data))
            file.write(data, offset)

    def sync(self, descriptor: int) -> None:
        """Make content and length durable."""
        with self._lock:
            file, failing = self._opened(descriptor), self._failing
            if failing is None:
                file.sync()
                return
            self._failing = None
            file.drop(failing)
        raise _error(errno.EIO)

    def fail_sync(self, seed: int | None) -> None:
        """Let the next sync fail, and drop what it should have stored; with None, let it work after all."""
        with self._lock:
            self._failing = None if seed is None else random.Random(seed)  # noqa: S311

    def evict(self) -> None:
        """Let the system need the memory in which it keeps what failed syncs have dropped: it can no longer be read."""
        with self._lock:
            for names in self._folders.values():
                for file in names.now.values():
                    file.evict()

    def sync_folder(self, folder: Path) -> None:
        """Make the names durable."""
        with self._lock:
            self._folder(folder).sync()

    def allocate(self, descriptor: int, size: int) -> None:
        """Let the file have at least this length."""
        with self._lock:
            self._grow(self._opened(descriptor), size)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut the file, or let it grow."""
        with self._lock:
            file = self._opened(descriptor)
            self._grow(file, size)
            file.resize(size)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name in the same folder."""
        with self._lock:
            file = self._file(old)
            if old.parent != new.parent:
                raise _error(errno.EXDEV, new)
            self._folder(old.parent).put(new.name, file, instead_of=old.name)

    def unlink(self, path: Path) -> None:
        """Delete a file."""
        with self._lock:
            self._file(path)
            self._folder(path.parent).remove(path.name)

    def free_bytes(self, folder: Path) -> int:
        """Return the space that is left."""
        with self._lock:
            self._folder(folder)
            return max(0, self.space_bytes - self._used_bytes())

    def lock(self, path: Path) -> int:
        """Lock; raises StartError when it is locked already."""
        with self._lock:
            names = self._folder(path.parent)
            if path in self._locked.values():
                raise StartError(f"Cannot lock {path.parent}. The directory is already locked.")
            if path.name not in names.now:
                names.put(path.name, ForgetfulFile(self._block_bytes))
            descriptor = self._new_descriptor(self._file(path))
            self._locked[descriptor] = path
            return descriptor
