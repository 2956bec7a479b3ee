"""What is in a queue in memory, and the short ways in and out: for a put that finds room at once, a take, and its commit.

`QueueChannel` does everything else with the same lock and the same numbers: puts that wait, are held or fail. Compiled
(pyproject.toml), since every batch passes here.
"""

import threading
from collections import deque

from flumepy.core.clock import Clock
from flumepy.core.counters import ChannelCounters
from flumepy.core.queue_transaction import QueueOffer, Run

UNLIMITED_BYTES = 1 << 62


class QueueStock:
    """Guarded by `lock`, which its methods take but for `fits` and `append`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.lock = threading.Lock()
        self.runs: deque[Run] = deque()
        self.waiting: deque[QueueOffer] = deque()  # puts that wait for room
        self.queued = 0  # events that a take can get
        self.used = 0  # events that count against the capacity: queued, taken and not committed, held
        self.used_bytes = 0
        self.capacity = 0
        self.byte_limit = UNLIMITED_BYTES

    def put(self, offer: QueueOffer, counters: ChannelCounters) -> bool:
        """Give a put its room, and its place unless it is held; false, and nothing happened, where it must wait or fail."""
        line = offer.line
        with self.lock:
            if self.waiting or (line is not None and line.is_broken) or not self.fits(offer):
                return False
            counters.put_attempt += offer.count
            self.used += offer.count
            self.used_bytes += offer.size_bytes
            if not offer.is_held:
                self.append(offer, counters)
        return True

    def fits(self, offer: QueueOffer) -> bool:
        """Tell whether there is room for a put."""
        return self.used + offer.count <= self.capacity and self.used_bytes + offer.size_bytes <= self.byte_limit

    def append(self, offer: QueueOffer, counters: ChannelCounters) -> None:
        """Give granted events their place in the order."""
        count = offer.count
        if count:
            self.runs.append(Run(offer.batch, 0, offer.size_bytes, self._clock.monotonic_s()))
        self.queued += count
        counters.put_success += count
        counters.channel_size = self.queued

    def take(self, limit: int, counters: ChannelCounters) -> list[Run]:
        """Remove up to `limit` events from the head."""
        taken: list[Run] = []
        left = limit
        with self.lock:
            runs = self.runs
            while runs and left > 0:
                head = runs[0]
                if head.count > left:
                    taken.append(head.cut(left))
                    left = 0
                else:
                    taken.append(runs.popleft())
                    left -= head.count
            count = limit - left
            self.queued -= count
            counters.take_attempt += count if count >= limit else count + 1
        return taken

    def commit_taken(self, runs: list[Run], counters: ChannelCounters) -> bool:
        """Forget taken events; true where somebody waits for their room."""
        count = size_bytes = 0
        for run in runs:
            count += run.count
            size_bytes += run.size_bytes
        with self.lock:
            counters.take_success += count
            counters.channel_size = self.queued
            self.used -= count
            self.used_bytes -= size_bytes
            return bool(self.waiting)
