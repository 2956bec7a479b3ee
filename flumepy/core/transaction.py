"""Transactions: one unit of puts or takes on one channel, used as a with-block.

    with channel.transaction() as transaction:
        batches = transaction.take(100)
        deliver(batches)

The block commits at its end and rolls back on any exception. A channel writes only the four `do_` hooks; the states are
checked here, once. Source: BasicTransactionSemantics.
"""

from abc import ABC, abstractmethod
from enum import Enum
from types import TracebackType
from typing import Final, Self

from mypy_extensions import mypyc_attr

from flumepy.core.batch import EventBatch
from flumepy.core.errors import TransactionStateError


class State(Enum):
    """Life of a transaction."""

    NEW = "new"
    OPEN = "open"
    DONE = "done"


# Compiled, a constant is read at once; a member of an enum would be looked up twice.
NEW: Final = State.NEW
OPEN: Final = State.OPEN
DONE: Final = State.DONE


@mypyc_attr(allow_interpreted_subclasses=True)
class Transaction(ABC):
    """One unit of work; serves exactly one with-block.

    waits_for_takes: false lets the commit of takes return before a durable channel has stored it: for whoever delivers
    again after a crash anyway, as every sink does.
    """

    def __init__(self) -> None:
        self._state = NEW
        self.waits_for_takes = True

    def __enter__(self) -> Self:
        if self._state is not NEW:
            raise TransactionStateError(f"a transaction serves one with-block; this one is {self._state.value}")
        self._state = OPEN
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._state is not OPEN:
            return
        if error is not None:
            self.rollback()
            return
        try:
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def put(self, batch: EventBatch) -> None:
        """Add a batch; takers see it after the commit. Raises ChannelError."""
        if self._state is not OPEN:
            raise self._state_error("put")
        if len(batch):
            self.do_put(batch)

    def take(self, limit: int) -> list[EventBatch]:
        """Take up to `limit` events from the head, without waiting; an empty list when there are none."""
        if self._state is not OPEN:
            raise self._state_error("take")
        return self.do_take(limit)

    def commit(self, taken: int | None = None) -> None:
        """Make the work final. With `taken`, only the first so many taken events; the others go back to the head."""
        if self._state is not OPEN:
            raise self._state_error("commit")
        self.do_commit(taken)
        self._state = DONE

    def rollback(self) -> None:
        """Undo: puts vanish, taken events go back to the head in their order."""
        if self._state is not OPEN:
            raise self._state_error("rollback")
        self._state = DONE
        self.do_rollback()

    def _state_error(self, verb: str) -> TransactionStateError:
        return TransactionStateError(f"{verb} on a transaction that is {self._state.value}; use it in a with-block")

    @abstractmethod
    def do_put(self, batch: EventBatch) -> None:
        """Keep a batch for the commit."""

    @abstractmethod
    def do_take(self, limit: int) -> list[EventBatch]:
        """Take from the head."""

    @abstractmethod
    def do_commit(self, taken: int | None) -> None:
        """Make puts visible and takes final; a failure leaves the transaction open."""

    @abstractmethod
    def do_rollback(self) -> None:
        """Give back."""
