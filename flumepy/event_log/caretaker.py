"""What a channel on a log does by itself: checkpoints and syncs by timer, files made ahead, and opening it after a failure.

Timers only start a thread, or a sync that the log's own thread does: nothing blocks the timer thread.
"""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from flumepy.core.errors import FlumeError
from flumepy.core.threads import Timer, Wakeup, call_later, start_thread

#: a first checkpoint comes soon, so that a process killed young is not read in full
FIRST_SAVE_S = 1.0
FIRST_REOPEN_S = 1.0
LONGEST_REOPEN_S = 30.0
SPACE_WAIT_S = 0.02


class Charge(Protocol):
    """The channel that is taken care of."""

    @property
    def undelivered(self) -> int:
        """Return the events in it."""

    def open(self) -> None:
        """Begin a life of the queue. Raises FlumeError."""

    def close_store(self, *, saves: bool) -> None:
        """Close the log."""

    def save(self) -> None:
        """Write the checkpoint."""

    def sync(self) -> None:
        """Begin a sync."""

    def make_space(self) -> None:
        """Make files ahead."""


class Caretaker:
    """The timers and the helping threads of one channel."""

    def __init__(self, charge: Charge, name: str, log: logging.Logger) -> None:
        self.first_save_s = FIRST_SAVE_S
        self.first_reopen_s = FIRST_REOPEN_S
        self.space_wait_s = SPACE_WAIT_S
        self._charge = charge
        self._name = name
        self._log = log
        self._lock = threading.Lock()  # guards everything below
        self._is_running = False
        self._wakeup = Wakeup()
        self._timers: dict[str, Timer] = {}
        self._threads: dict[str, threading.Thread] = {}

    def start(self, checkpoint_interval_s: float, sync_interval_s: float | None) -> None:
        """Begin, with the log open."""
        with self._lock:
            self._is_running = True
            self._wakeup = Wakeup()
        self._save_later(min(self.first_save_s, checkpoint_interval_s), checkpoint_interval_s)
        if sync_interval_s is not None:
            self._sync_later(sync_interval_s)

    def stop(self) -> None:
        """End everything; nothing runs any more when this returns. Safe twice."""
        with self._lock:
            self._is_running = False
            timers, self._timers = list(self._timers.values()), {}
            threads, self._threads = list(self._threads.values()), {}
        for timer in timers:
            timer.cancel()
        self._wakeup.set()
        for thread in threads:
            thread.join()

    def _save_later(self, wait_s: float, interval_s: float) -> None:
        def save() -> None:
            self._charge.save()
            self._save_later(interval_s, interval_s)

        self._call_later("checkpoint", wait_s, lambda: self._start("checkpoint", save))

    def _sync_later(self, interval_s: float) -> None:
        def sync() -> None:
            self._charge.sync()
            self._sync_later(interval_s)

        self._call_later("sync", interval_s, sync)

    def _call_later(self, task: str, wait_s: float, call: Callable[[], None]) -> None:
        with self._lock:
            if self._is_running:
                self._timers[task] = call_later(wait_s, call)

    def _start(self, task: str, run: Callable[[], None]) -> None:
        with self._lock:
            if self._is_running:
                self._threads[task] = start_thread(f"channel-{self._name}-{task}", run)

    def make_space(self) -> None:
        """Make files ahead on a thread, a moment later: the commit that took a file into use has the disk first."""
        self._call_later("space", self.space_wait_s, lambda: self._start("space", self._charge.make_space))

    def reopen(self) -> None:
        """Open the log again on a thread, as often as it takes."""
        self._start("reopen", self._reopen)

    def _reopen(self) -> None:
        self._charge.close_store(saves=False)
        wait_s, known = self.first_reopen_s, ""
        while not self._wakeup.wait(wait_s):
            try:
                self._charge.open()
            except FlumeError as error:
                if str(error) != known:
                    known = str(error)
                    self._log.error("The channel cannot be opened again yet; it goes on trying. %s", error)
                wait_s = min(2 * wait_s, LONGEST_REOPEN_S)
            else:
                self._log.warning("The channel is open again, with %d events in it.", self._charge.undelivered)
                return
