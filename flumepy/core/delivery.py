"""One batch on its way from an outlet into its channels, and the commit that tells how it went."""

import threading
from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.errors import ChannelError, FlumeError
from flumepy.core.offer import Line, Offer
from flumepy.core.route import Route
from flumepy.core.threads import Wakeup

if TYPE_CHECKING:
    from flumepy.core.outlet import Outlet


class Commit:
    """The outcome of one submitted batch. `error` is None while it is open and after success."""

    __slots__ = ("_callback", "_lock", "_wakeup", "error", "is_done")

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the transition to done
        self._callback: Callable[[Commit], None] | None = None
        self._wakeup: Wakeup | None = None
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
        """Block until done; one thread only. Raises the error."""
        if not self.is_done:
            self._wait_for_end()
        if self.error is not None:
            raise self.error

    def _wait_for_end(self) -> None:
        wakeup = Wakeup()
        with self._lock:
            self._wakeup = wakeup
            if self.is_done:
                wakeup.set()
        wakeup.wait(None)

    def resolve(self, error: FlumeError | None) -> None:
        """End it; a second end is ignored."""
        with self._lock:
            if self.is_done:
                return
            self.error = error
            self.is_done = True
            callback, wakeup = self._callback, self._wakeup
        if wakeup is not None:
            wakeup.set()
        if callback is not None:
            callback(self)


class Passage(Commit):
    """A batch on its way into the only channel that it goes to, and the commit of it: the usual case, in one object."""

    __slots__ = ("_is_withdrawn", "_offer", "_outlet")

    def __init__(self, outlet: "Outlet") -> None:
        super().__init__()
        self._outlet = outlet
        self._offer: Offer | None = None
        self._is_withdrawn = False

    def start(self, channel: Channel[Any], batch: EventBatch, *, waits: bool, line: Line | None, leads: bool) -> None:
        """Offer the batch."""
        put = channel.offer_leading if leads else channel.offer
        offer = put(batch, self._ended, wait=waits and not self._is_withdrawn, line=line)
        if offer.is_done:
            return
        self._offer = offer  # first: a withdrawal sees it, or is seen
        if self._is_withdrawn:
            offer.withdraw()

    def withdraw(self) -> None:
        """Give up where it waits; what is already committed stays so."""
        self._is_withdrawn = True
        offer = self._offer
        if offer is not None and not offer.is_done:
            offer.withdraw()

    def _ended(self, offer: Offer) -> None:
        self._outlet.ended(self)
        self.resolve(offer.error)


class Delivery:
    """One batch on its way: hold room in each required channel, commit in each, then offer to the optional ones."""

    __slots__ = (
        "_committed",
        "_held",
        "_is_rest",
        "_is_withdrawn",
        "_leader",
        "_line",
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
        self,
        outlet: "Outlet",
        batch: EventBatch,
        routes: list[Route],
        commit: Commit,
        *,
        waits: bool,
        line: Line | None,
        is_rest: bool,
        leader: int = 0,
    ) -> None:
        """Begin with nothing. leader: the thread that waits for the commit, if one does."""
        self.outlet = outlet
        self.batch = batch
        self.commit = commit
        self.required = [route for route in routes if route.is_required]
        self._optional = (
            [route for route in routes if not route.is_required] if len(self.required) < len(routes) else []
        )
        if len(self.required) > 1:
            self.required.sort(key=lambda route: route.channel.name)
        self._held: list[Offer] = []
        self._waiting: Offer | None = None
        self._stage = 0
        self._is_withdrawn = False
        self._waits = waits
        self._line = line
        self._committed = 0  # required channels that hold the batch
        self._leader = leader
        self._is_rest = is_rest  # others hold it already, from an earlier try

    def start(self) -> None:
        """Go on with the first channel."""
        if len(self.required) == 1:
            self._offer(self.required[0], self._required_put, line=self._line)
        else:
            self._hold_next()

    def withdraw(self) -> None:
        """Give up where it waits; what is already committed stays so."""
        self._is_withdrawn = True
        with self.outlet.lock:
            waiting = self._waiting
        if waiting is not None and not waiting.is_done:
            waiting.withdraw()

    def _offer(
        self, route: Route, done: Callable[[Offer], None], *, hold: bool = False, line: Line | None = None
    ) -> None:
        self._stage += 1
        stage = self._stage
        waits = self._waits and not self._is_withdrawn
        put = route.channel.offer_leading if self._leads() else route.channel.offer
        offer = put(route.batch, done, hold=hold, wait=waits, line=line)
        if offer.is_done:
            return
        # `done` may have run meanwhile and have started the next stage: only the latest stage is the one that waits.
        with self.outlet.lock:
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
            self._commit_next()

    def _room_held(self, offer: Offer) -> None:
        if offer.error is None:
            self._held.append(offer)
            self._hold_next()
            return
        for held in self._held:
            held.withdraw()
        self._end(offer.error)

    def _commit_next(self) -> None:
        if self._committed == len(self._held):
            self._after_required(None)
            return
        offer = self._held[self._committed]
        if not self._leads():
            offer.commit_then(self._held_committed)
            return
        failure: FlumeError | None = None
        try:
            offer.commit()
        except FlumeError as error:
            failure = error
        self._held_committed(failure)

    def _held_committed(self, error: FlumeError | None) -> None:
        if error is None:
            self._committed += 1
            self._commit_next()
            return
        for later in self._held[self._committed + 1 :]:
            later.withdraw()
        self._after_required(error)

    def _leads(self) -> bool:
        """Tell whether this is the thread that waits for the commit. A callback of a disk must not wait for another one."""
        return self._leader == get_ident()

    def _after_required(self, error: FlumeError | None) -> None:
        if error is not None or not self._optional:
            self._end(error)
        else:
            self._offer(self._optional[0], self._optional_put)

    def _optional_put(self, offer: Offer) -> None:
        route = self._optional.pop(0)
        if offer.error is not None:
            self.outlet.optional_failed(route, offer.error)
        self._after_required(None)

    def _end(self, error: FlumeError | None) -> None:
        self.outlet.ended(self)
        if error is not None and (self._committed or self._is_rest):
            if isinstance(error, ChannelError):
                error.committed = True
            self.outlet.remember(self.batch, [*self.required[self._committed :], *self._optional])
        self.commit.resolve(error)
