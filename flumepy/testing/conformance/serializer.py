"""The law of serializers: the same bytes however events are batched, nothing held back after a flush."""

from abc import abstractmethod
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.serializer import Serializer
from flumepy.testing.conformance.component import ComponentConformance
from flumepy.testing.conformance.interceptor import snapshot


class SerializerConformance(ComponentConformance):
    """Tests for serializers."""

    @abstractmethod
    def make(self) -> Serializer[Any]:
        """Return a new serializer."""

    @abstractmethod
    def read(self, data: bytes) -> list[bytes]:
        """Return the bodies in a finished file, with whatever else `batches` carries left aside."""

    def batches(self) -> list[EventBatch]:
        """Return batches whose bodies `read` can tell apart."""
        return [
            EventBatch([b"one", b"two"], {"host": "web1"}),
            EventBatch([b"three"], {"host": ["web2"]}),
            EventBatch([b"four", b"five", b"six"]),
        ]

    def bodies(self) -> list[bytes]:
        """Return the bodies of `batches`."""
        return [body for batch in self.batches() for body in batch.bodies]

    def test_a_file_holds_every_event_in_order(self) -> None:
        serializer = self.make()
        data = serializer.begin() + b"".join(serializer.serialize(self.batches())) + serializer.flush()
        assert self.read(data + serializer.end()) == self.bodies()

    def test_a_flush_after_each_transaction_changes_nothing_for_the_reader(self) -> None:
        serializer = self.make()
        data = serializer.begin()
        for batch in self.batches():
            data += b"".join(serializer.serialize([batch])) + serializer.flush()
        assert self.read(data + serializer.end()) == self.bodies()

    def test_nothing_is_held_back_after_a_flush(self) -> None:
        serializer = self.make()
        data = serializer.begin() + b"".join(serializer.serialize(self.batches())) + serializer.flush()
        assert self.read(data) == self.bodies(), "what was flushed cannot be read without the end of the file"
        assert serializer.flush() == b""

    def test_a_transaction_that_was_cut_off_can_be_serialized_again(self) -> None:
        serializer = self.make()
        data = serializer.begin()
        serializer.serialize(self.batches())
        serializer.flush()  # this write failed and is cut off
        data += b"".join(serializer.serialize(self.batches())) + serializer.flush()
        assert self.read(data + serializer.end()) == self.bodies()

    def test_begin_forgets_the_file_before(self) -> None:
        serializer = self.make()
        serializer.begin()
        serializer.serialize(self.batches())
        data = serializer.begin() + b"".join(serializer.serialize(self.batches())) + serializer.flush()
        assert self.read(data + serializer.end()) == self.bodies()

    def test_no_events_are_no_bytes(self) -> None:
        serializer = self.make()
        serializer.begin()
        assert b"".join(serializer.serialize([])) + serializer.flush() == b""

    def test_the_given_batches_stay_as_they_are(self) -> None:
        serializer, batches = self.make(), self.batches()
        before = [snapshot(batch) for batch in batches]
        serializer.begin()
        serializer.serialize(batches)
        serializer.serialize(batches[:1])
        assert [snapshot(batch) for batch in batches] == before
