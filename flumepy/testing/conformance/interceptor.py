"""The law of interceptors: the batch that is given stays as it is, columns fit, nothing is invented."""

from abc import abstractmethod
from typing import Any, ClassVar

from flumepy.core.batch import Column, EventBatch
from flumepy.core.component import Interceptor
from flumepy.testing.conformance.component import ComponentConformance, running

Snapshot = tuple[list[bytes], dict[str, Column]]


def snapshot(batch: EventBatch) -> Snapshot:
    """Return a copy of a batch's columns."""
    headers = {name: list(value) if isinstance(value, list) else value for name, value in batch.headers.items()}
    return list(batch.bodies), headers


def check_columns(batch: EventBatch) -> None:
    """Assert that a batch keeps the invariants of columns."""
    for name, value in batch.headers.items():
        if isinstance(value, list):
            assert len(value) == len(batch), f"column {name!r} has {len(value)} entries for {len(batch)} events"
            assert any(entry is not None for entry in value), f"column {name!r} has no value at all"
            assert all(entry is None or isinstance(entry, str) for entry in value)
        else:
            assert isinstance(value, str), f"header {name!r} is {value!r}"


def as_columns(batch: EventBatch) -> EventBatch:
    """Return the same events with every shared header written as a column."""
    return EventBatch(list(batch.bodies), {name: list(batch.column(name)) for name in batch.headers})


class InterceptorConformance(ComponentConformance):
    """Tests for interceptors."""

    #: false: two runs over the same events differ (random values)
    is_deterministic: ClassVar[bool] = True

    @abstractmethod
    def make(self) -> Interceptor[Any]:
        """Return a new interceptor; two of them do the same, at a clock that stands still."""

    def batches(self) -> list[EventBatch]:
        """Return batches to intercept; add some that your interceptor does something with."""
        return [
            EventBatch([b"one", b"two 2", b"", "größer".encode(), b"\xff\xfe"]),
            EventBatch([b"a", b"b"], {"host": "web1", "key": "old", "timestamp": "5", "id": "7"}),
            EventBatch([b"a", b"b", b"c"], {"host": ["web1", None, "web3"], "key": [None, "x", None]}),
            EventBatch([b"only"], {"host": "web1"}),
        ]

    def test_the_given_batch_stays_as_it_is(self) -> None:
        with running(self.make()) as interceptor:
            for batch in self.batches():
                before = snapshot(batch)
                interceptor.intercept(batch)
                assert snapshot(batch) == before

    def test_columns_fit_the_events(self) -> None:
        with running(self.make()) as interceptor:
            for batch in self.batches():
                result = interceptor.intercept(batch)
                check_columns(result)
                assert len(result) <= len(batch), "an interceptor must not add events"

    def test_an_empty_batch_stays_empty(self) -> None:
        with running(self.make()) as interceptor:
            assert len(interceptor.intercept(EventBatch([]))) == 0
            assert len(interceptor.intercept(EventBatch([], {"host": "web1"}))) == 0

    def test_a_shared_header_means_the_same_as_a_column(self) -> None:
        if not self.is_deterministic:
            return
        with running(self.make()) as one, running(self.make()) as other:
            for batch in self.batches():
                assert one.intercept(batch) == other.intercept(as_columns(batch))

    def test_an_event_meets_the_same_fate_alone_and_in_company(self) -> None:
        if not self.is_deterministic:
            return
        with running(self.make()) as one, running(self.make()) as other:
            for batch in self.batches():
                together = list(one.intercept(batch).events())
                singles = [batch.slice(position, position + 1) for position in range(len(batch))]
                alone = [event for single in singles for event in other.intercept(single).events()]
                assert alone == together
