"""The spillable channel under the law of channels: in memory, in the file, and in both."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from flumepy.channels.spillable_memory.channel import SpillableMemoryChannel
from flumepy.core.channel import Channel
from flumepy.testing.conformance import ChannelConformance
from flumepy.testing.conformance.channel_tools import bodies_of, put, take
from flumepy.testing.conformance.component import running
from tests.channels.spillable_cases import spillable


class Law(ChannelConformance):
    """The same channel with its events in different places."""

    store = "file"

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def build(self, memory: int, overflow: int, timeout_s: int, transaction: int) -> SpillableMemoryChannel:
        return spillable(
            self.store, Path(mkdtemp(dir=self.folder)), memoryCapacity=memory, overflowCapacity=overflow,
            overflowTimeout=timeout_s, transactionCapacity=transaction,
        )  # fmt: skip


class InMemory(Law):
    def make(self) -> Channel[Any]:
        return self.build(1000, 0, 3, 100)

    def make_small(self) -> Channel[Any]:
        return self.build(4, 0, 0, 4)

    def make_waiting(self) -> Channel[Any]:
        return self.build(4, 0, 60, 4)


class InFile(Law):
    def make(self) -> Channel[Any]:
        return self.build(0, 1000, 3, 100)

    def make_small(self) -> Channel[Any]:
        return self.build(0, 4, 0, 4)

    def make_waiting(self) -> Channel[Any]:
        return self.build(0, 4, 60, 4)


class InBoth(Law):
    def make(self) -> Channel[Any]:
        return self.build(1, 1000, 0, 100)

    def test_committed_events_are_taken_in_order(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2")
            put(channel, b"3")
            assert [take(channel, 10), take(channel, 10)] == [[b"1", b"2"], [b"3"]], "a take is cut where memory begins"

    def test_a_rolled_back_take_stands_before_later_puts(self) -> None:
        with running(self.make()) as channel:
            put(channel, b"1", b"2")
            put(channel, b"3")
            with channel.transaction() as transaction:
                assert bodies_of(transaction.take(3)) == [b"1", b"2"]
                put(channel, b"4")
                transaction.rollback()
            assert [take(channel, 10) for _ in range(3)] == [[b"1", b"2"], [b"3"], [b"4"]]


class TestInMemory(InMemory):
    store = "memory"


class TestInMemoryOverFile(InMemory):
    pass


class TestInFile(InFile):
    pass


class TestInReplacedFile(InFile):
    store = "memory"


class TestInBothReplaced(InBoth):
    store = "memory"


class TestInBoth(InBoth):
    pass
