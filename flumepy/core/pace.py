"""How often the threads of a process are woken: what keeps a hundred small flows from costing more than a large one.

A wake-up costs 30 to 100 µs however little it finds, so 200 threads that are woken for a few lines each cost more than the
lines. The process has one `Pace`, which gives out moments, 2,000 of them a second where few threads are busy and 500 where
many are. A thread that has done its work takes the next one; if that lies ahead, because all together take more than there
are, it rests until then, so that what comes meanwhile is one piece of work. So a rest lasts about two milliseconds for each
of many busy threads, and one in all for a single flow. Nobody rests who does not expect work twice before the moment: a flow
that speaks seldom is served at once, however busy others are.

A sink rests for half of the time only. Where its source rests as well, its own rest then ends before anything has come, it
learns that it needs none, and its turn follows the source's put: one delay for the flow, its lines still in the cache.

Why not all at one tick: threads woken together hand the interpreter's lock over at each system call, which costs as much.
Nor does it help to wake one after the other at a tick.
"""

import threading
import time
from collections.abc import Callable

from flumepy.core.threads import Wakeup

#: with so many busy threads or fewer, and at most with four times as many
FEW_THREADS = 4
SHORT_STEP_S = 0.0005
LONG_STEP_S = 0.002
#: how many wake-ups may come at once after a quiet time
BURST_WAKE_UPS = 20
LONGEST_REST_S = 0.2
SINK_SHARE = 0.5
#: busy threads are counted for so long, since each takes a moment at least every LONGEST_REST_S
COUNT_S = 0.25
#: work that comes so soon after a rest has waited for its end
PROMPT_S = 0.0005
DOUBT = 1.1


class Pace:
    """Gives out the moments of a process, to any thread, never more than `LONGEST_REST_S` ahead."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = now_s
        self._lock = threading.Lock()  # guards everything below
        self._moment_s = float("-inf")
        self._busy: set[int] = set()  # who has taken a moment since the last count
        self._busy_threads = 0
        self._count_due_s = float("-inf")

    def next_moment_s(self, now_s: float, thread: int) -> float:
        """Count a thread's wake-up; return the moment before which the next is not wanted, past where they are few."""
        with self._lock:
            if now_s >= self._count_due_s:
                self._count_due_s = now_s + COUNT_S
                self._busy_threads = len(self._busy)
                self._busy.clear()
            self._busy.add(thread)
            step_s = min(max(1.0, self._busy_threads / FEW_THREADS) * SHORT_STEP_S, LONG_STEP_S)
            earliest_s = max(self._moment_s, now_s - BURST_WAKE_UPS * step_s)
            self._moment_s = min(earliest_s + step_s, now_s + LONGEST_REST_S)
            return self._moment_s


PACE = Pace()


class Rhythm:
    """One thread's part in the pace. `wakeup` is what it waits for while it rests: setting it ends a rest.

    share: how much of the time until its moment it rests.
    """

    __slots__ = ("_gap_s", "_idle_since_s", "_is_in_step", "_pace", "_rested_s", "_share", "_wakeup")

    def __init__(self, wakeup: Wakeup, pace: Pace = PACE, share: float = 1.0) -> None:
        self._wakeup = wakeup
        self._pace = pace
        self._share = share
        self._gap_s = float("inf")  # how long work was waited for
        self._idle_since_s = 0.0
        self._is_in_step = True  # work was last looked for as it came
        self._rested_s = 0.0

    def work_came(self) -> None:
        """Note that there is work again."""
        gap_s = self._pace.now_s() - self._idle_since_s
        if self._rested_s and gap_s <= self._rested_s + PROMPT_S:
            self._gap_s *= DOUBT  # the work may have come at any time during the rest: go without one now and then
            self._is_in_step = False
        elif self._rested_s or self._is_in_step:
            self._gap_s = gap_s
            self._is_in_step = True
        else:
            self._gap_s = float("inf")  # a rest ended in the midst of this gap: the next one tells
            self._is_in_step = True

    def rest(self) -> bool:
        """Note that all work is done, and rest if that saves a wake-up; tell whether it did."""
        now_s = self._idle_since_s = self._pace.now_s()
        self._rested_s = 0.0
        rest_s = (self._pace.next_moment_s(now_s, id(self)) - now_s) * self._share
        if rest_s <= 0 or rest_s < 2 * self._gap_s:
            return False
        self._wakeup.wait(rest_s)
        self._rested_s = self._pace.now_s() - now_s
        return True

    def expects_work_within(self, wait_s: float) -> bool:
        """Tell whether work has lately come so soon after the last was done."""
        return self._gap_s <= wait_s
