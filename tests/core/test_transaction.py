"""A transaction's states are checked once, for every channel."""

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelError, TransactionStateError
from flumepy.core.transaction import Transaction


class Noted(Transaction):
    """Notes what its hooks were asked."""

    def __init__(self, failure: ChannelError | None = None) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.failure = failure

    def do_put(self, batch: EventBatch) -> None:
        self.calls.append("put")

    def do_take(self, limit: int) -> list[EventBatch]:
        self.calls.append(f"take {limit}")
        return []

    def do_commit(self, taken: int | None) -> None:
        self.calls.append(f"commit {taken}")
        if self.failure is not None:
            raise self.failure

    def do_rollback(self) -> None:
        self.calls.append("rollback")


def test_a_block_commits_at_its_end() -> None:
    with Noted() as transaction:
        transaction.put(EventBatch([b"1"]))
        transaction.take(3)
    assert transaction.calls == ["put", "take 3", "commit None"]


def test_a_commit_that_fails_is_rolled_back_and_told() -> None:
    transaction = Noted(ChannelError("disk"))
    with pytest.raises(ChannelError, match="disk"), transaction:
        transaction.put(EventBatch([b"1"]))
    assert transaction.calls == ["put", "commit None", "rollback"]


def test_an_explicit_end_is_the_end() -> None:
    with Noted() as committed:
        committed.commit(taken=2)
    with Noted() as rolled_back:
        rolled_back.rollback()
    assert (committed.calls, rolled_back.calls) == (["commit 2"], ["rollback"])


def test_an_empty_put_reaches_nobody() -> None:
    with Noted() as transaction:
        transaction.put(EventBatch([]))
    assert transaction.calls == ["commit None"]


def test_use_outside_of_the_block_names_the_fault() -> None:
    transaction = Noted()
    with pytest.raises(TransactionStateError, match="put on a transaction that is new"):
        transaction.put(EventBatch([b"1"]))
    with transaction:
        pass
    with pytest.raises(TransactionStateError, match="take on a transaction that is done"):
        transaction.take(1)
    with pytest.raises(TransactionStateError, match="one with-block"), transaction:
        pass
