"""Errors of the log."""

from flumepy.core.errors import FlumeError


class LogFailedError(FlumeError):
    """A write or a sync failed, or the log is closed: nobody may use it until it is opened anew."""


class LogFullError(FlumeError):
    """No space for another segment; nothing was appended, and it may be tried again."""
