"""Ends what watches files: watchdog waits for its own threads, and its threads for each other, without a limit of time."""

import logging
from typing import Protocol

from flumepy.core.threads import start_thread

LIMIT_S = 5.0


class Observer(Protocol):
    """The part of watchdog's observers that is used here."""

    def stop(self) -> None:
        """Tell its threads to end, and wait for some of them."""

    def join(self) -> None:
        """Wait for the others."""


def end_observer(observer: Observer, log: logging.Logger, *, limit_s: float = LIMIT_S) -> None:
    """Stop an observer; one that does not end is left behind, as its threads keep no process alive."""

    def end() -> None:
        observer.stop()
        observer.join()

    thread = start_thread("watch-end", end)
    thread.join(limit_s)
    if thread.is_alive():
        log.warning("The watch of files has not ended within %g s; the stop goes on without it.", limit_s)
