"""The way out of a source: interceptors, then the selector, then one put per channel.

Required channels get the batch all or nothing: with several, room is held in each (in one fixed order, so that two sources
cannot block each other for ever) before any commits. Only a commit that fails after another succeeded can leave a batch in
some channels; the outlet then remembers what is still owed for that very batch object, and a retry goes only there.
Optional channels follow once the required ones have committed; their failures are logged and counted, never raised.

`submit` may be called again before the last commit is done. Callbacks run on whichever thread ended the wait, without locks.
Source: ChannelProcessor.
"""

import logging
import threading
import time
from collections import OrderedDict
from threading import get_ident
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.component import Interceptor, Selector
from flumepy.core.delivery import Commit, Delivery, Passage
from flumepy.core.errors import FlumeError, InterceptorError, StoppedError, call_all, translate
from flumepy.core.offer import Line
from flumepy.core.route import Route

DEEP_BYTES = 1024 * 1024
REMEMBERED_BATCHES = 64
COMPLAINT_INTERVAL_S = 10.0


class Outlet:
    """What a source hands its batches to."""

    def __init__(self, name: str, interceptors: list[Interceptor[Any]], selector: Selector[Any]) -> None:
        self.name = name
        self.interceptors = interceptors
        self.selector = selector
        self.limit = smallest_capacity(selector)  #: most events of one batch
        required = selector.required_channels()
        #: true: batches may be submitted behind one that waits, and are never overtaken
        self.keeps_lines = len(required) == 1 and required[0].keeps_lines
        #: true: a commit takes the time of a disk or a server, however much room there is
        self.is_durable = any(channel.durability != "volatile" for channel in required)
        self.optional_failures = 0
        self._complained_s = float("-inf")
        self._log = logging.getLogger(f"flumepy.source.{name}")
        self.lock = threading.Lock()  # guards _owed, and the stages of deliveries
        self._open: set[Delivery | Passage] = set()
        self._owed: OrderedDict[int, tuple[EventBatch, list[Route]]] = OrderedDict()
        self.is_stopped = False
        # Plugins may raise anything; a source can only answer what belongs to the tree.
        self._guard = translate({Exception: InterceptorError}, f"{name}: an interceptor or the selector failed")

    def start(self) -> None:
        """Start the interceptors, in order."""
        self.limit = smallest_capacity(self.selector)  # a reload may have changed the options of a channel that it kept
        self.is_stopped = False
        for interceptor in self.interceptors:
            interceptor.start()

    def interrupt(self) -> None:
        """End every open commit with StoppedError and refuse new ones."""
        with self.lock:
            self.is_stopped = True
            deliveries = list(self._open)
        for delivery in deliveries:
            delivery.withdraw()

    def stop(self) -> None:
        """Interrupt, then stop the interceptors."""
        call_all(self.interrupt, *(interceptor.stop for interceptor in self.interceptors))

    def room(self) -> int:
        """Return how many events would fit at once in every required channel; a hint."""
        channels = self.selector.required_channels()
        if len(channels) == 1:
            room = channels[0].room()
            return self.limit if room is None else room
        rooms = [room for channel in channels if (room := channel.room()) is not None]
        return min(rooms, default=self.limit)

    def is_deep(self) -> bool:
        """Tell whether a required channel holds more than a processor's cache does; a disk sets the pace by itself."""
        for channel in self.selector.required_channels():
            if channel.durability == "volatile" and (channel.bytes_queued or 0) > DEEP_BYTES:
                return True
        return False

    def put(self, batch: EventBatch) -> None:
        """Submit and wait. Raises ChannelError."""
        self.submit(batch, leads=True).wait()

    def submit(self, batch: EventBatch, *, wait: bool = True, line: Line | None = None, leads: bool = False) -> Commit:
        """Send a batch on its way. Raises only what an interceptor or the selector raises.

        wait: false fails at once with ChannelFullError where there is no room now. line: where `keeps_lines`, the batch
        waits behind those submitted before it in this line, and fails with them. leads: this thread waits for the commit at
        once, so it may block in here while a durable channel syncs.
        """
        if self.is_stopped:
            return _ended_commit(StoppedError(f"{self.name}: the source was stopped"))
        owed = self._owed_routes(batch)
        routes = self._routes(batch) if owed is None else owed
        if not routes:
            return _ended_commit(None)
        if len(routes) == 1 and routes[0].is_required and owed is None:
            passage = Passage(self)
            self._begin(passage)
            passage.start(routes[0].channel, routes[0].batch, waits=wait, line=line, leads=leads)
            return passage
        commit = Commit()
        leader = get_ident() if leads else 0
        delivery = Delivery(self, batch, routes, commit, waits=wait, line=line, is_rest=owed is not None, leader=leader)
        self._begin(delivery)
        delivery.start()
        return commit

    def _begin(self, delivery: Delivery | Passage) -> None:
        self._open.add(delivery)  # without the lock: one step of the interpreter, and `interrupt` sets its mark first
        if self.is_stopped:
            delivery.withdraw()  # stopped meanwhile: it may still succeed, but not wait

    def _owed_routes(self, batch: EventBatch) -> list[Route] | None:
        """Return what is left to do for a batch that some channels hold already."""
        if not self._owed:
            return None
        with self.lock:
            remembered = self._owed.pop(id(batch), None)
        return None if remembered is None else remembered[1]

    def _routes(self, batch: EventBatch) -> list[Route]:
        if not len(batch):
            return []
        with self._guard:
            intercepted = batch
            for interceptor in self.interceptors:
                intercepted = interceptor.intercept(intercepted)
                if not len(intercepted):
                    return []
            return [route for route in self.selector.route(intercepted) if len(route.batch)]

    def ended(self, delivery: Delivery | Passage) -> None:
        """Forget a batch that needs no interruption any more."""
        self._open.discard(delivery)

    def remember(self, batch: EventBatch, owed: list[Route]) -> None:
        with self.lock:
            self._owed[id(batch)] = (batch, owed)
            while len(self._owed) > REMEMBERED_BATCHES:
                self._owed.popitem(last=False)

    def optional_failed(self, route: Route, error: FlumeError) -> None:
        self.optional_failures += len(route.batch)
        now_s = time.monotonic()
        if not isinstance(error, StoppedError) and now_s - self._complained_s >= COMPLAINT_INTERVAL_S:
            self._complained_s = now_s
            name, count = route.channel.name, self.optional_failures
            self._log.error("Optional channel %s does not take events (%d so far): %s", name, count, error)


def _ended_commit(error: FlumeError | None) -> Commit:
    commit = Commit()
    commit.resolve(error)
    return commit


def smallest_capacity(selector: Selector[Any]) -> int:
    """Return the smallest transaction capacity of the channels that must take a batch."""
    capacities = [c.transaction_capacity for c in selector.required_channels() if c.transaction_capacity is not None]
    return min(capacities, default=1 << 31)
