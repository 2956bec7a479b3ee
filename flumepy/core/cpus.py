"""Which processors the process runs on: by default one, the one that others use least.

Only one thread at a time runs Python; when the kernel spreads the threads over cores, every event is written by one core's
cache and read and freed by another's, which doubles the processor time of a flow (docs/benchmarks.md). So the process keeps
to one processor and looks every few seconds whether others have become busier there than elsewhere; then it moves. Programs
that it starts are let go again, and so is a thread whose work is the kernel's (`unplaced`). `-Dflumepy.cpus=all` leaves
everything to the kernel. Linux only; elsewhere nothing happens.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flumepy.core.threads import Timer, call_later

CPUS_PROPERTY = "flumepy.cpus"
REVIEW_S = 3.0
#: how much more of a processor others must use here than elsewhere before a move
MOVE_SHARE = 0.25
TICK_S = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01
#: columns of /proc/stat that are not busy: idle, iowait (3, 4) and guest times, which are counted already (8, 9)
BUSY_COLUMNS = (0, 1, 2, 5, 6, 7)

_allowed: frozenset[int] = frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else frozenset()


def let_go(pid: int) -> None:
    """Let a process that was started here run on every processor that we may use."""
    if _allowed:
        try:
            os.sched_setaffinity(pid, _allowed)
        except OSError:
            return  # it has ended already, or belongs to somebody else


_unplaced: set[int] = set()  # threads that the kernel places


@contextmanager
def unplaced() -> Iterator[None]:
    """Let the kernel place this thread inside the block: what it writes and syncs is then done beside the others' Python."""
    thread = threading.get_native_id()
    _unplaced.add(thread)
    let_go(thread)
    try:
        yield
    finally:
        _unplaced.discard(thread)


class Placement:
    """Keeps the process to `count` processors."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._here: frozenset[int] = frozenset()
        self._timer: Timer | None = None
        self._last_s = time.monotonic()
        self._last_own_s = time.process_time()
        self._last_busy = busy_s()

    @property
    def is_active(self) -> bool:
        """Tell whether there is a choice."""
        return 0 < self._count < len(_allowed) and bool(self._last_busy)

    def start(self) -> None:
        """Take some processors; which, depends on the process, so that several agents do not begin on the same."""
        if self.is_active:
            ordered = sorted(_allowed)
            first = os.getpid() % len(ordered)
            self._move(frozenset((ordered + ordered)[first : first + self._count]))
            self._timer = call_later(REVIEW_S / 3, self._review_again)

    def _review_again(self) -> None:
        self.review()
        if self._timer is not None:
            self._timer = call_later(REVIEW_S, self._review_again)

    def review(self) -> bool:
        """Move where others leave more room; tell whether it moved."""
        now_s, own_s, busy = time.monotonic(), time.process_time(), busy_s()
        elapsed_s = max(now_s - self._last_s, 1e-3)
        own_share = (own_s - self._last_own_s) / elapsed_s / max(1, len(self._here))
        foreign = {
            cpu: (busy[cpu] - self._last_busy.get(cpu, 0.0)) / elapsed_s - (own_share if cpu in self._here else 0.0)
            for cpu in _allowed & busy.keys()
        }
        self._last_s, self._last_own_s, self._last_busy = now_s, own_s, busy
        return self._follow(foreign)

    def _follow(self, foreign: dict[int, float]) -> bool:
        if not self._here or not self._here <= foreign.keys():
            return False
        best = frozenset(sorted(foreign, key=foreign.__getitem__)[: self._count])
        gain = sum(foreign[cpu] for cpu in self._here) - sum(foreign[cpu] for cpu in best)
        if gain < MOVE_SHARE * self._count:
            return False
        self._move(best)
        return True

    def stop(self) -> None:
        """Leave the choice to the kernel again."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            self._move(_allowed)
            self._here = frozenset()

    def _move(self, cpus: frozenset[int]) -> None:
        self._here = cpus
        for task in map(int, os.listdir("/proc/self/task")):
            with suppress(OSError):  # a thread that has just ended
                os.sched_setaffinity(task, _allowed if task in _unplaced else cpus)


def busy_s() -> dict[int, float]:
    """Return the seconds that each processor has been busy since the start of the machine; empty where that is unknown."""
    try:
        text = Path("/proc/stat").read_text(encoding="ascii")
    except OSError:
        return {}
    busy: dict[int, float] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name.startswith("cpu") and name[3:].isdigit():
            ticks = rest.split()
            busy[int(name[3:])] = sum(int(ticks[column]) for column in BUSY_COLUMNS) * TICK_S
    return busy


def wanted_count(text: str | None) -> int:
    """Return how many processors `-Dflumepy.cpus` asks for: 1 when nothing is said, 0 for all. Raises ValueError."""
    if text is None:
        return 1
    return 0 if text.strip().lower() == "all" else int(text)
