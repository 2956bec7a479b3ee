"""Threads are made here and nowhere else; each is named after what it serves, so that a stack dump reads like the file.

`Wakeup` is an auto-reset event for one waiter, made of one lock: setting it costs a tenth of threading.Event.
`call_later` serves every time-out of the process with one lazily started thread.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

from mypy_extensions import mypyc_attr

log = logging.getLogger("flumepy.threads")


def start_thread(name: str, target: Callable[[], None]) -> threading.Thread:
    """Start a daemon thread with this name."""
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread


@mypyc_attr(allow_interpreted_subclasses=True)
class Wakeup:
    """Wake one waiting thread; a set before the wait is not lost."""

    __slots__ = ("_lock", "is_armed", "is_resting")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.is_armed = False  # true while the owner is about to wait: `poke` costs nothing otherwise
        self.is_resting = False  # true while the owner looks away on purpose: only `nudge` wakes it

    def set(self) -> None:
        """Let the waiter go on, now or at its next wait."""
        try:
            self._lock.release()
        except RuntimeError:
            return

    def poke(self) -> None:
        """Set only if the waiter has armed itself; the waiter looks again after arming, so nothing is missed."""
        if self.is_armed:
            self.set()

    def nudge(self) -> None:
        """Set only if the waiter rests."""
        if self.is_resting:
            self.set()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait for a set; return False when the time ran out."""
        return self._lock.acquire(timeout=-1 if timeout_s is None else max(0.0, timeout_s))


class Timer:
    """A call to be made later; `cancel` may come at any time, from any thread."""

    __slots__ = ("call", "due_s")

    def __init__(self, due_s: float, call: Callable[[], None]) -> None:
        self.due_s = due_s
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Forget the call; it may still be running."""
        self.call = None


class TimerThread:
    """One thread that makes calls when they are due. Calls must be short and must not raise."""

    def __init__(self) -> None:
        self._condition = threading.Condition()  # guards _heap and _worker
        self._heap: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._worker: threading.Thread | None = None

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        """Make `call` in `delay_s` seconds on the timer thread."""
        timer = Timer(time.monotonic() + delay_s, call)
        with self._condition:
            heapq.heappush(self._heap, (timer.due_s, next(self._order), timer))
            if self._worker is None:
                self._worker = start_thread("flumepy-timer", self._run)
            elif self._heap[0][2] is timer:
                self._condition.notify()
        return timer

    def _run(self) -> None:
        while True:
            call = self._next_call()
            if call is not None:
                call()

    def _next_call(self) -> Callable[[], None] | None:
        with self._condition:
            while True:
                if not self._heap:
                    self._condition.wait()
                    continue
                wait_s = self._heap[0][0] - time.monotonic()
                if self._heap[0][2].call is None or wait_s <= 0:
                    return heapq.heappop(self._heap)[2].call
                self._condition.wait(wait_s)


_timers = TimerThread()


def call_later(delay_s: float, call: Callable[[], None]) -> Timer:
    """Make `call` in `delay_s` seconds on the process's timer thread."""
    return _timers.call_later(delay_s, call)
