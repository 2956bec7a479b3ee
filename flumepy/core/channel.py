"""The channel contract: transactions for takers and simple putters, offers for those that must not block.

An `Offer` is a put that may have to wait for room. It ends once: `done(offer)` is called on whichever thread made room, gave
up or stopped the channel; nobody holds a lock then. With `hold`, the room is kept and `commit` makes the events visible:
so an outlet puts one batch into several channels all or nothing. A durable channel's `commit` waits for its disk, and so
whoever must not block, an event loop or such a callback, uses `commit_then`. Listeners are woken by each put.
"""

import threading
from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

from flumepy.core.batch import EventBatch
from flumepy.core.component import Component, Context
from flumepy.core.counters import ChannelCounters
from flumepy.core.errors import FlumeError, StoppedError
from flumepy.core.options import OptionsT
from flumepy.core.threads import Wakeup
from flumepy.core.transaction import Transaction

_HOLD_LOCK = threading.Lock()  # guards how the holds of all offers end


class Offer:
    """A put on its way; after its end, `is_done` is true and `error` says how it went."""

    __slots__ = ("_ended_by", "error", "is_done")

    def __init__(self) -> None:
        self.is_done = False
        self.error: FlumeError | None = None
        self._ended_by: str | None = None

    def claim_hold(self, verb: str) -> bool:
        """Tell whether this call ends the hold: of a commit and a withdraw on two threads only one does.

        Raises StoppedError for a commit after a withdraw, so that nobody takes the events for stored.
        """
        with _HOLD_LOCK:
            ended_by = self._ended_by
            self._ended_by = ended_by or verb
        if verb == "commit" and ended_by == "withdraw":
            raise StoppedError("the put was given up before its commit")
        return ended_by is None

    def commit(self) -> None:
        """Make held events visible; a second call does nothing. Raises ChannelError, StoppedError after a withdraw."""

    def commit_then(self, done: Callable[[FlumeError | None], None]) -> None:
        """Commit without blocking; `done` is called once, maybe before this returns, maybe on another thread."""
        try:
            self.commit()
        except FlumeError as error:
            failure: FlumeError | None = error
        else:
            failure = None
        done(failure)

    def withdraw(self) -> None:
        """Give up: held room is freed, a waiting offer ends with StoppedError. Nothing happens after the end."""


Done = Callable[[Offer], None]


class Line:
    """Offers of one putter that wait one behind the other: when one gives up, those behind it do too.

    So a putter may have many offers waiting, and none is ever overtaken by a later one. A broken line takes no more offers.
    """

    __slots__ = ("is_broken",)

    def __init__(self) -> None:
        self.is_broken = False


class HeldTransaction(Offer):
    """An offer on a channel that only knows blocking transactions."""

    __slots__ = ("transaction",)

    def __init__(self, transaction: Transaction) -> None:
        super().__init__()
        self.transaction = transaction

    def commit(self) -> None:
        """Commit the transaction, or roll back and raise."""
        if self.claim_hold("commit"):
            self.transaction.__exit__(None, None, None)

    def withdraw(self) -> None:
        """Roll the transaction back."""
        if self.claim_hold("withdraw"):
            self.transaction.rollback()


class Channel(Component[OptionsT]):
    """Keeps events between sources and sinks. All methods may be called from any thread."""

    kind = "channel"
    #: what a committed put survives: volatile (nothing), crash-safe (the process), power-safe (the machine)
    durability: str = "volatile"
    #: most events of one transaction, or None
    transaction_capacity: int | None = None
    #: false: a reload always makes a new object (Flume's @Disposable)
    is_reusable: ClassVar[bool] = True
    #: true: offers may stand in line together
    keeps_lines: ClassVar[bool] = False
    counters: ChannelCounters

    def __init__(self, context: Context, options: OptionsT) -> None:
        super().__init__(context, options)
        self.counters = ChannelCounters(context.name)
        self._listeners: tuple[Wakeup, ...] = ()

    @abstractmethod
    def transaction(self) -> Transaction:
        """Return a new transaction. Its put may block for the keep-alive; its take never waits."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Return the number of events that a take could get now."""

    @property
    def bytes_queued(self) -> int | None:
        """Return the body bytes in the channel, open takes included; None where it does not know."""
        return None

    @property
    def oldest_event_age_s(self) -> float | None:
        """Return how long the event at the head has been in the channel, 0 without one; None where it does not know."""
        return None

    @property
    def undelivered(self) -> int:
        """Return the number of events that no sink has committed: queued, or in an open take."""
        return self.size

    @property
    def own_folders(self) -> tuple[Path, ...]:
        """Return the folders that no other channel may use."""
        return ()

    def reconfigure(self, options: OptionsT) -> None:
        """Take over new options while running, keeping the events."""
        self.options = options

    def room(self) -> int | None:
        """Return how many events fit right now, or None when the channel has no such limit."""
        return None

    def offer(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Put a batch in a transaction of its own without blocking; `done` is called once, maybe before this returns.

        hold: only keep the room; the caller commits or withdraws. wait: false fails at once where there is no room.
        line: where the channel keeps lines, the offer fails when one before it in this line has given up.
        """
        offer = Offer()
        try:
            transaction = self.transaction()
            with ExitStack() as undo:
                offer = held = HeldTransaction(transaction.__enter__())
                undo.callback(held.withdraw)
                transaction.put(batch)
                if not hold:
                    held.commit()
                undo.pop_all()
        except FlumeError as error:
            offer.error = error
        offer.is_done = True
        done(offer)
        return offer

    def offer_leading(
        self, batch: EventBatch, done: Done, *, hold: bool = False, wait: bool = True, line: Line | None = None
    ) -> Offer:
        """Offer from a thread that waits for the end anyway: a durable channel may let it sync, before this returns."""
        return self.offer(batch, done, hold=hold, wait=wait, line=line)

    def listen(self, wakeup: Wakeup) -> None:
        """Poke this wake-up at each put."""
        self._listeners = (*self._listeners, wakeup)

    def unlisten(self, wakeup: Wakeup) -> None:
        """Stop poking it."""
        self._listeners = tuple(known for known in self._listeners if known is not wakeup)

    def wake_listeners(self) -> None:
        """Tell waiting sinks that there are events; channels call this after each put that takers can see."""
        for wakeup in self._listeners:
            wakeup.poke()

    def nudge_listeners(self) -> None:
        """Tell resting sinks that a put found no room."""
        for wakeup in self._listeners:
            wakeup.nudge()
