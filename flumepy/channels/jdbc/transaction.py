"""Transactions and offers of the jdbc channel: room is reserved at the put, the database is written at the commit."""

from functools import partial
from typing import TYPE_CHECKING

from flumepy.channels.jdbc.queue import RowQueue
from flumepy.channels.jdbc.work import Run, Store
from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.transaction import Transaction

if TYPE_CHECKING:
    from flumepy.channels.jdbc.channel import JdbcChannel


class JdbcTransaction(Transaction):
    """Puts and takes of one transaction are written together."""

    def __init__(self, channel: "JdbcChannel") -> None:
        super().__init__()
        self._channel = channel
        self._queue: RowQueue = channel.queue
        self._puts: list[EventBatch] = []
        self._taken: list[Run] = []

    def do_put(self, batch: EventBatch) -> None:
        self._channel.reserve(len(batch))
        self._puts.append(batch)

    def do_take(self, limit: int) -> list[EventBatch]:
        runs = self._queue.take(limit)
        self._taken += runs
        return [run.batch() for run in runs]

    def do_commit(self, taken: int | None) -> None:
        committed, returned = (self._taken, []) if taken is None else split_runs(self._taken, taken)
        if self._puts or committed:
            batch = EventBatch.concat(self._puts) if self._puts else None
            self._queue.database.run(Store(self._queue, batch, committed))
            if batch is not None:
                self._channel.wake_listeners()
        self._puts, self._taken = [], returned
        self._give_back()

    def do_rollback(self) -> None:
        self._queue.database.release(sum(map(len, self._puts)))
        self._puts = []
        self._give_back()

    def _give_back(self) -> None:
        if self._taken:
            self._queue.give_back(self._taken)
            self._taken = []
            self._channel.wake_listeners()


def split_runs(runs: list[Run], count: int) -> tuple[list[Run], list[Run]]:
    """Return the first `count` events and the others; the given runs stay as they are."""
    first: list[Run] = []
    for position, run in enumerate(runs):
        if count < len(run):
            cut = run.start + count
            rest = [Run(run.row, cut, run.stop), *runs[position + 1 :]]
            return ([*first, Run(run.row, run.start, cut)] if count else first), rest
        first.append(run)
        count -= len(run)
    return first, []


class StoredOffer(Offer):
    """A put on its way into the file, or room held for one."""

    __slots__ = ("_channel", "_done", "_is_held", "_queue", "batch", "line")

    def __init__(self, channel: "JdbcChannel", batch: EventBatch, done: Done, line: Line | None) -> None:
        super().__init__()
        self._channel = channel
        self._done = done
        self._is_held = False
        self.batch = batch
        self.line = line

    def begin(self, hold: bool) -> None:
        """Reserve room, and unless it is only held, hand the batch over."""
        try:
            self._queue = self._channel.queue
            self._channel.reserve(len(self.batch))
        except FlumeError as error:
            if self.line is not None:
                self.line.is_broken = True
            self._end(error)
            return
        if hold or not len(self.batch):
            self._is_held = hold
            self._end(None)
            return
        try:
            store = Store(self._queue, self.batch, [], self.line)
            store.done = partial(self._stored, store)
            self._queue.database.submit(store)
        except FlumeError as error:
            self._refuse(error)

    def _stored(self, store: Store) -> None:
        if store.error is not None:
            self._refuse(store.error)
            return
        self._channel.wake_listeners()
        self._end(None)

    def _refuse(self, error: FlumeError) -> None:
        self._queue.database.release(len(self.batch))
        self._end(error)

    def _end(self, error: FlumeError | None) -> None:
        self.error = error
        self.is_done = True
        self._done(self)

    def commit(self) -> None:
        """Write what is held and wait for the disk. Raises ChannelError; the room is free then."""
        if not self._is_held or not self.claim_hold("commit") or not len(self.batch):
            return
        try:
            self._queue.database.run(Store(self._queue, self.batch, []))
        except FlumeError:
            self._queue.database.release(len(self.batch))
            raise
        self._channel.wake_listeners()

    def withdraw(self) -> None:
        """Free held room. A put on its way to the disk ends by itself, soon."""
        if self._is_held and self.claim_hold("withdraw"):
            self._queue.database.release(len(self.batch))
