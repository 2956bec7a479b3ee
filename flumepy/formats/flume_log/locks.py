"""The locks of Java's file channel: `in_use.lock` in each folder, a POSIX record lock over all of it while an agent runs.

The file alone proves nothing, a crash leaves it behind. `flock` would not conflict with Java's lock, `lockf` does. A record
lock belongs to the process: closing any other handle of the file in this process would end it, so nobody else opens it.
Source: Log.lock, Log.tryLock.
"""

import errno
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flumepy.core.errors import StartError

LOCK_NAME = "in_use.lock"


@contextmanager
def locked(folders: Iterable[Path]) -> Iterator[None]:
    """Hold the lock of every folder that exists; a lock file made for this is removed again. Raises StartError."""
    with ExitStack() as stack:
        for folder in folders:
            if folder.is_dir():
                stack.enter_context(_locked(folder))
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
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
            yield
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
            raise StartError(
                f"Cannot lock {folder}. The directory is already locked. Stop the Java agent that uses it, then start again"
            ) from error
        raise StartError(f"Cannot lock {folder}: {error.strerror}") from error
