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
from collections.abc import Callable
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Offer
from flumepy.core.component import Interceptor, Route, Selector
from flumepy.core.errors import ChannelError, FlumeError, InterceptorError, StoppedError, call_all, translate

REMEMBERED_BATCHES = 64
COMPLAINT_INTERVAL_S = 10.0


class Commit:
    """The outcome of one submitted batch. `error` is None while it is open and after success."""

    __slots__ = ("_callback", "_event", "_lock", "error", "is_done")

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the transition to done
        self._callback: Callable[[Commit], None] | None = None
        self._event: threading.Event | None = None
        self.error: FlumeError | None = None
        self.is_done = False

    def on_done(self, callback: "Callable[[Commit], None]") -> None:
        """Call back once when done, at once if it is; one callback only."""
        with self._lock:
            if not self.is_done:
                self._callback = callback
                return
        callback(self)

    def wait(self) -> None:
        """Block until done. Raises the error."""
        if not self.is_done:
            event = threading.Event()
            with self._lock:
                self._event = event
                if self.is_done:
                    event.set()
            event.wait()
        if self.error is not None:
            raise self.error

    def resolve(self, error: FlumeError | None) -> None:
        """End it; a second end is ignored."""
        with self._lock:
            if self.is_done:
                return
            self.error = error
            self.is_done = True
            callback, event = self._callback, self._event
        if event is not None:
            event.set()
        if callback is not None:
            callback(self)


class Outlet:
    """What a source hands its batches to."""

    def __init__(self, name: str, interceptors: list[Interceptor[Any]], selector: Selector[Any]) -> None:
        self.name = name
        self.interceptors = interceptors
        self.selector = selector
        self.limit = smallest_capacity(selector)  #: most events of one batch
        self.optional_failures = 0
        self._complained_s = float("-inf")
        self._log = logging.getLogger(f"flumepy.source.{name}")
        self._lock = threading.Lock()  # guards _open, _owed and is_stopped
        self._open: set[_Delivery] = set()
        self._owed: OrderedDict[int, tuple[EventBatch, list[Route]]] = OrderedDict()
        self.is_stopped = False

    def start(self) -> None:
        """Start the interceptors, in order."""
        self.limit = smallest_capacity(self.selector)  # a reload may have changed the options of a channel that it kept
        self.is_stopped = False
        for interceptor in self.interceptors:
            interceptor.start()

    def interrupt(self) -> None:
        """End every open commit with StoppedError and refuse new ones."""
        with self._lock:
            self.is_stopped = True
            deliveries = list(self._open)
        for delivery in deliveries:
            delivery.withdraw()

    def stop(self) -> None:
        """Interrupt, then stop the interceptors."""
        call_all(self.interrupt, *(interceptor.stop for interceptor in self.interceptors))

    def room(self) -> int:
        """Return how many events would fit at once in every required channel; a hint."""
        rooms = [room for channel in self.selector.required_channels() if (room := channel.room()) is not None]
        return min(rooms, default=self.limit)

    def put(self, batch: EventBatch) -> None:
        """Submit and wait. Raises ChannelError."""
        self.submit(batch).wait()

    def submit(self, batch: EventBatch, *, wait: bool = True) -> Commit:
        """Send a batch on its way. Raises only what an interceptor or the selector raises.

        wait: false fails at once with ChannelFullError where there is no room now.
        """
        commit = Commit()
        if self.is_stopped:
            commit.resolve(StoppedError(f"{self.name}: the source was stopped"))
            return commit
        owed = self._owed_routes(batch)
        routes = self._routes(batch) if owed is None else owed
        if not routes:
            commit.resolve(None)
            return commit
        delivery = _Delivery(self, batch, routes, commit, waits=wait, is_rest=owed is not None)
        with self._lock:
            self._open.add(delivery)
        if self.is_stopped:
            delivery.withdraw()  # stopped meanwhile: it may still succeed, but not wait
        delivery.start()
        return commit

    def _owed_routes(self, batch: EventBatch) -> list[Route] | None:
        """Return what is left to do for a batch that some channels hold already."""
        if not self._owed:
            return None
        with self._lock:
            remembered = self._owed.pop(id(batch), None)
        return None if remembered is None else remembered[1]

    def _routes(self, batch: EventBatch) -> list[Route]:
        if not len(batch):
            return []
        # Plugins may raise anything; a source can only answer what belongs to the tree.
        with translate({Exception: InterceptorError}, f"{self.name}: an interceptor or the selector failed"):
            intercepted = batch
            for interceptor in self.interceptors:
                intercepted = interceptor.intercept(intercepted)
                if not len(intercepted):
                    return []
            return [route for route in self.selector.route(intercepted) if len(route.batch)]

    def _ended(self, delivery: "_Delivery") -> None:
        with self._lock:
            self._open.discard(delivery)

    def _remember(self, batch: EventBatch, owed: list[Route]) -> None:
        with self._lock:
            self._owed[id(batch)] = (batch, owed)
            while len(self._owed) > REMEMBERED_BATCHES:
                self._owed.popitem(last=False)

    def _optional_failed(self, route: Route, error: FlumeError) -> None:
        self.optional_failures += len(route.batch)
        now_s = time.monotonic()
        if not isinstance(error, StoppedError) and now_s - self._complained_s >= COMPLAINT_INTERVAL_S:
            self._complained_s = now_s
            name, count = route.channel.name, self.optional_failures
            self._log.error("Optional channel %s does not take events (%d so far): %s", name, count, error)


def smallest_capacity(selector: Selector[Any]) -> int:
    """Return the smallest transaction capacity of the channels that must take a batch."""
    capacities = [c.transaction_capacity for c in selector.required_channels() if c.transaction_capacity is not None]
    return min(capacities, default=1 << 31)


class _Delivery:
    """One batch on its way: hold room in each required channel, commit in each, then offer to the optional ones."""

    __slots__ = (
        "_committed",
        "_held",
        "_is_rest",
        "_is_withdrawn",
        "_optional",
        "_stage",
        "_waiting",
        "_waits",
        "batch",
        "commit",
        "outlet",
        "required",
    )

    def __init__(
        self, outlet: Outlet, batch: EventBatch, routes: list[Route], commit: Commit, *, waits: bool, is_rest: bool
    ) -> None:
        self.outlet = outlet
        self.batch = batch
        self.commit = commit
        self.required = [route for route in routes if route.is_required]
        self._optional = [route for route in routes if not route.is_required]
        if len(self.required) > 1:
            self.required.sort(key=lambda route: route.channel.name)
        self._held: list[Offer] = []
        self._waiting: Offer | None = None
        self._stage = 0
        self._is_withdrawn = False
        self._waits = waits
        self._committed = 0  # required channels that hold the batch
        self._is_rest = is_rest  # others hold it already, from an earlier try

    def start(self) -> None:
        """Go on with the first channel."""
        if len(self.required) == 1:
            self._offer(self.required[0], self._required_put)
        else:
            self._hold_next()

    def withdraw(self) -> None:
        """Give up where it waits; what is already committed stays so."""
        self._is_withdrawn = True
        with self.outlet._lock:
            waiting = self._waiting
        if waiting is not None and not waiting.is_done:
            waiting.withdraw()

    def _offer(self, route: Route, done: Callable[[Offer], None], *, hold: bool = False) -> None:
        self._stage += 1
        stage = self._stage
        offer = route.channel.offer(route.batch, done, hold=hold, wait=self._waits and not self._is_withdrawn)
        if offer.is_done:
            return
        # `done` may have run meanwhile and have started the next stage: only the latest stage is the one that waits.
        with self.outlet._lock:
            if stage == self._stage:
                self._waiting = offer
        if self._is_withdrawn:
            offer.withdraw()

    def _required_put(self, offer: Offer) -> None:
        self._after_required(offer.error)

    def _hold_next(self) -> None:
        if len(self._held) < len(self.required):
            self._offer(self.required[len(self._held)], self._room_held, hold=True)
        else:
            self._after_required(self._commit_held())

    def _room_held(self, offer: Offer) -> None:
        if offer.error is None:
            self._held.append(offer)
            self._hold_next()
            return
        for held in self._held:
            held.withdraw()
        self._end(offer.error)

    def _commit_held(self) -> FlumeError | None:
        for position, offer in enumerate(self._held):
            try:
                offer.commit()
            except FlumeError as error:
                for later in self._held[position + 1 :]:
                    later.withdraw()
                return error
            self._committed += 1
        return None

    def _after_required(self, error: FlumeError | None) -> None:
        if error is not None or not self._optional:
            self._end(error)
        else:
            self._offer(self._optional[0], self._optional_put)

    def _optional_put(self, offer: Offer) -> None:
        route = self._optional.pop(0)
        if offer.error is not None:
            self.outlet._optional_failed(route, offer.error)
        self._after_required(None)

    def _end(self, error: FlumeError | None) -> None:
        self.outlet._ended(self)
        if error is not None and (self._committed or self._is_rest):
            if isinstance(error, ChannelError):
                error.committed = True
            self.outlet._remember(self.batch, [*self.required[self._committed :], *self._optional])
        self.commit.resolve(error)
