"""Errors of the log."""

from flumepy.core.errors import FlumeError


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


class LogFullError(FlumeError):
    """No space for another segment; nothing was appended, and it may be tried again."""
