"""The locks of Java's file channel: `in_use.lock` in each folder, made by an agent when it starts.

A crash leaves the file behind, so it proves nothing. Java locks all of it with a POSIX record lock, which `lockf` conflicts
with and `flock` does not; but Flume then tries the lock a second time, closes that handle, and so loses the lock on Linux: a
running agent holds none (seen with 1.11; even a second agent starts). What it does keep is the file open, which /proc tells
of processes that we may look into. Our lock keeps an agent from starting meanwhile. It belongs to the process: closing any
other handle of the file in this process would end it, so a folder that is locked here already must be said (`held`).
Source: Log.lock, Log.tryLock.
"""

import errno
import fcntl
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from flumepy.core.errors import StartError
from flumepy.core.holders import already_locked, holder_of, named

LOCK_NAME = "in_use.lock"
PROCESSES = Path("/proc")

#: device and inode: a file under whatever name
Identity = tuple[int, int]


@contextmanager
def locked(folders: Iterable[Path], held: Collection[Path] = ()) -> Iterator[None]:
    """Hold the lock of every folder that exists; a lock file made for this is removed again. Raises StartError.

    `held`: folders whose lock this process holds already. They are looked at only.
    """
    ours = {folder.resolve() for folder in held}
    with ExitStack() as stack:
        identities: dict[Path, Identity] = {}
        for folder in folders:
            if folder.resolve() in ours:
                identities[folder] = _identity(os.stat(folder / LOCK_NAME))
            elif folder.is_dir():
                identities[folder] = stack.enter_context(_locked(folder))
        used = users()
        for folder, identity in identities.items():
            if identity in used:
                raise StartError(already_locked(folder, named(used[identity])))
        yield


def users() -> dict[Identity, int]:
    """Return the lock files that other processes have open, as far as /proc shows, and the number of one such process."""
    users: dict[Identity, int] = {}
    for link in PROCESSES.glob("[0-9]*/fd/*"):
        process = int(link.parts[-3])
        # A process may end while we look, or be none of our business.
        with suppress(OSError):
            if process != os.getpid() and Path(os.readlink(link)).name == LOCK_NAME:
                users[_identity(os.stat(link))] = process
    return users


def _identity(status: os.stat_result) -> Identity:
    return status.st_dev, status.st_ino


@contextmanager
def _locked(folder: Path) -> Iterator[Identity]:
    path = folder / LOCK_NAME
    # Where there is none, it is made: else a Java agent could start meanwhile.
    is_new = not path.exists()
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StartError(f"Cannot lock {folder}: {path} cannot be opened: {error.strerror}") from error
    try:
        _lock(handle, folder)
        try:
            yield _identity(os.fstat(handle))
        finally:
            if is_new:
                path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise StartError(already_locked(folder, holder_of(handle))) from error
        raise StartError(f"Cannot lock {folder}: {error.strerror}") from error
