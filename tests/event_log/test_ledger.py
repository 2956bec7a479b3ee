"""The ledger's count of what has room, where a queue has ended between a put and the news that it is stored."""

from pathlib import Path

import pytest

from flumepy.channels.file import FileChannel
from flumepy.core.batch import EventBatch
from flumepy.event_log.put import Put
from flumepy.testing.fakes import build

PUT = Put(EventBatch([b"one"]), None, 1.0)


@pytest.fixture
def channel(tmp_path: Path) -> FileChannel:
    settings = {"checkpointDir": str(tmp_path / "checkpoint"), "dataDirs": str(tmp_path / "data"), "capacity": "10"}
    return build(FileChannel, {**settings, "transactionCapacity": "10"})


def test_a_put_that_an_earlier_queue_has_stored_is_counted_once(channel: FileChannel) -> None:
    channel.start()
    ledger = channel._ledger
    before = ledger.events
    with channel.transaction() as transaction:
        transaction.put(EventBatch([b"one", b"two"]))
    channel.stop()
    # Its thread has not told yet that it is stored, when the next queue finds it on the disk.
    ledger.reserved = 2
    channel.start()
    try:
        assert (ledger.events is not before, channel.size, ledger.used) == (True, 2, 4)
        ledger.stored(before, 2, PUT)
        assert (ledger.reserved, ledger.used, channel.counters.channel_size) == (0, 2, 2)
    finally:
        channel.stop()


def test_a_put_of_this_queue_keeps_its_room(channel: FileChannel) -> None:
    channel.start()
    try:
        ledger = channel._ledger
        ledger.used, ledger.reserved = 3, 3
        ledger.stored(ledger.events, 3, PUT)
        assert (ledger.reserved, ledger.used) == (0, 3)
    finally:
        channel.stop()
