"""What asyncio would log with a trace, as sentences.

An accept without file descriptors fails a thousand times a second, and a dead peer is no defect: an error of the operating
system is said once a minute. Anything else that a callback lets out is a defect and keeps its trace.
"""

import asyncio
import errno
import logging
import time
from typing import Any

INTERVAL_S = 60.0
#: asyncio listens again a second after a failed accept, also where the listener was closed meanwhile
ACCEPT_AGAIN = "Exception in callback BaseSelectorEventLoop._start_serving("
OUT_OF_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)


class LoopErrors:
    """The exception handler of one event loop."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said_s: dict[int | None, float] = {}

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log what asyncio reports."""
        error = context.get("exception")
        if isinstance(error, ValueError) and ACCEPT_AGAIN in context["message"]:
            return
        if not isinstance(error, OSError):
            self._log.error("%s. This is a defect; please report it.", context["message"], exc_info=error)
            return
        now_s = time.monotonic()
        if now_s - self._said_s.get(error.errno, float("-inf")) < INTERVAL_S:
            return
        self._said_s[error.errno] = now_s
        reason = error.strerror or error
        if error.errno in OUT_OF_DESCRIPTORS:
            self._log.error("%s: new connections wait until others end; raise the limit (ulimit -n).", reason)
        else:
            self._log.warning("%s: %s", context["message"], reason)
