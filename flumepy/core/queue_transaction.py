"""Offers and transactions of channels that are a queue. Only `QueueChannel` makes them; its lock guards what they change."""

from typing import TYPE_CHECKING, Any

from mypy_extensions import mypyc_attr

from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError
from flumepy.core.offer import Done, Line, Offer
from flumepy.core.threads import Wakeup
from flumepy.core.transaction import Transaction

if TYPE_CHECKING:
    from flumepy.core.queue_channel import QueueChannel


@mypyc_attr(allow_interpreted_subclasses=True)
class QueueOffer(Offer):
    """A put that waits in the channel's line, or holds room."""

    __slots__ = ("_channel", "_done", "batch", "count", "due_s", "is_held", "line", "size_bytes")

    def __init__(
        self,
        channel: "QueueChannel[Any]",
        batch: EventBatch,
        size_bytes: int,
        done: Done,
        hold: bool,
        line: Line | None = None,
    ) -> None:
        super().__init__()
        self._channel = channel
        self._done = done
        self.batch = batch
        self.count = len(batch)
        self.size_bytes = size_bytes
        self.is_held = hold
        self.due_s = 0.0
        self.line = line

    def end(self, error: FlumeError | None) -> None:
        """Tell the putter how it went."""
        self.error = error
        self.is_held = self.is_held and error is None
        self.is_done = True
        self._done(self)

    def commit(self) -> None:
        """Make held events visible."""
        if self.is_held and self.claim_hold("commit"):
            self._channel.commit_held(self)

    def withdraw(self) -> None:
        """Leave the line, or free the held room."""
        if not self.is_done:
            self._channel.withdraw(self)
        elif self.is_held and self.claim_hold("withdraw"):
            self._channel.withdraw_held(self)


@mypyc_attr(allow_interpreted_subclasses=True)
class Run:
    """Events of one put that are in the queue, or taken: a batch from `start` on, their bytes, the time of the put.

    A cut shares the bytes out by the number of events, so the parts always add up to what was put.
    """

    __slots__ = ("batch", "count", "put_s", "size_bytes", "start")

    def __init__(self, batch: EventBatch, start: int, size_bytes: int, put_s: float) -> None:
        self.batch = batch
        self.start = start
        self.count = len(batch) - start
        self.size_bytes = size_bytes
        self.put_s = put_s

    def __len__(self) -> int:
        return self.count

    def cut(self, count: int) -> "Run":
        """Remove the first `count` events and return them."""
        stop = self.start + count
        size_bytes = self.size_bytes * count // self.count
        part = Run(self.batch.slice(self.start, stop), 0, size_bytes, self.put_s)
        self.start = stop
        self.count -= count
        self.size_bytes -= size_bytes
        return part

    def remaining(self) -> EventBatch:
        """Return the events as a batch."""
        return self.batch.slice(self.start, len(self.batch)) if self.start else self.batch


@mypyc_attr(allow_interpreted_subclasses=True)
class QueueTransaction(Transaction):
    """Puts are kept until the commit and then wait for room together; takes leave the queue at once."""

    def __init__(self, channel: "QueueChannel[Any]") -> None:
        super().__init__()
        self._channel = channel
        self._puts: list[EventBatch] = []
        self._put_count = 0
        self._taken: list[Run] = []
        self._taken_count = 0

    def do_put(self, batch: EventBatch) -> None:
        most = self._channel.transaction_capacity
        count = self._put_count + len(batch)
        if most is not None and count > most:
            raise self._channel.too_many_error(most)
        self._put_count = count
        self._puts.append(batch)

    def do_take(self, limit: int) -> list[EventBatch]:
        most = self._channel.transaction_capacity
        runs = self.take_runs(limit if most is None else min(limit, most - self._taken_count))
        self._taken += runs
        batches: list[EventBatch] = []
        for run in runs:
            self._taken_count += run.count
            batches.append(run.remaining())
        return batches

    def do_commit(self, taken: int | None) -> None:
        if self._puts:
            self.store(EventBatch.concat(self._puts))
            self._puts = []
        if self._taken:
            self._commit_taken(self._taken_count if taken is None else taken)

    def store(self, batch: EventBatch) -> None:
        """Put and wait: for room, and for what makes the events safe. Raises ChannelError."""
        ended = Wakeup()
        offer = self._channel.offer_leading(batch, lambda _: ended.set())
        ended.wait(None)
        if offer.error is not None:
            raise offer.error

    def take_runs(self, limit: int) -> list[Run]:
        """Remove up to `limit` events from the channel's head. Raises ChannelError."""
        return self._channel.take(limit)

    def commit_runs(self, runs: list[Run]) -> None:
        """Mark events as taken, for good. Raises ChannelError."""
        self._channel.commit_taken(runs, waits=self.waits_for_takes)

    def _commit_taken(self, count: int) -> None:
        committed, returned = self._taken, list[Run]()
        if count < self._taken_count:
            committed, returned = self._split_taken(count)
            self._taken = [*committed, *returned]  # for a roll-back, should the commit fail
        if committed:
            self.commit_runs(committed)
        self._taken = []
        if returned:
            self._channel.give_back(returned)

    def _split_taken(self, count: int) -> tuple[list[Run], list[Run]]:
        """Return the runs of the first `count` taken events, and the others."""
        committed, returned = list(self._taken), list[Run]()
        surplus = self._taken_count - count
        while surplus:
            last = committed.pop()
            if len(last) > surplus:
                committed.append(last.cut(len(last) - surplus))
            surplus -= len(last)
            returned.insert(0, last)
        return committed, returned

    def do_rollback(self) -> None:
        self._puts = []
        if self._taken:
            taken, self._taken = self._taken, []
            self._channel.give_back(taken)
