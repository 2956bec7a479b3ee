"""Errors of the log."""

from collections.abc import Iterable
from pathlib import Path

from flumepy.core.errors import FlumeError, StartError


class LogFailedError(FlumeError):
    """A write or a sync failed, or the log is closed: nobody may use it until it is opened anew."""


def disk_failure(name: str, error: OSError) -> LogFailedError:
    """Return what everybody gets from now on: after a failed sync nobody knows what the disk holds."""
    failure = LogFailedError(
        f"{name}: the disk failed ({error.strerror or error}); what was not acknowledged is given back,"
        " and the log is opened anew"
    )
    failure.__cause__ = error
    return failure


def opening_failure(name: str, folders: Iterable[Path], error: OSError) -> StartError:
    """Return which file or disk a log cannot be opened for, and what to do."""
    reason = error.strerror or error
    if isinstance(error, IsADirectoryError):
        what = f"{error.filename} is a folder, but its name is that of a file of the log; move it away"
    elif error.filename is not None:
        what = f"{error.filename} cannot be used as a file of the log ({reason}); this user must read and write it"
    else:
        what = f"the log in {', '.join(map(str, folders))} cannot be opened ({reason}); check its disk"
    return StartError(f"{name}: {what}")


class LogFullError(FlumeError):
    """No space for another segment; nothing was appended, and it may be tried again."""
