"""The channel contract: transactions for takers and simple putters, offers (core/offer.py) for those that must not block.

A durable channel's `commit` waits for its disk, and so whoever must not block, an event loop or a callback of an offer, uses
`commit_then`. Listeners are woken by each put.
"""

from abc import abstractmethod
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar

from flumepy.core.batch import EventBatch
from flumepy.core.component import Component, Context
from flumepy.core.counters import ChannelCounters
from flumepy.core.errors import FlumeError
from flumepy.core.listeners import Listeners
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.options import OptionsT
from flumepy.core.threads import Wakeup
from flumepy.core.transaction import Transaction


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
        self.listeners = Listeners()

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
        self.listeners.add(wakeup)

    def unlisten(self, wakeup: Wakeup) -> None:
        """Stop poking it."""
        self.listeners.remove(wakeup)

    def wake_listeners(self) -> None:
        """Tell waiting sinks that there are events; channels call this after each put that takers can see."""
        self.listeners.wake()

    def nudge_listeners(self) -> None:
        """Tell resting sinks that a put found no room."""
        self.listeners.nudge()
