"""The short ways of a queue: a put goes in at once or leaves no trace, and what is taken adds up."""

from typing import Any, cast

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.counters import ChannelCounters
from flumepy.core.offer import Line
from flumepy.core.queue_channel import QueueChannel
from flumepy.core.queue_stock import QueueStock
from flumepy.core.queue_transaction import QueueOffer
from flumepy.testing.fakes import FakeClock

NOBODY = cast(QueueChannel[Any], None)  # only the long ways of an offer call its channel


def offer(count: int, *, size_bytes: int = 0, hold: bool = False, line: Line | None = None) -> QueueOffer:
    return QueueOffer(NOBODY, EventBatch([b"x"] * count), size_bytes, lambda _: None, hold, line)


@pytest.fixture
def counters() -> ChannelCounters:
    return ChannelCounters("c1")


@pytest.fixture
def stock() -> QueueStock:
    stock = QueueStock(FakeClock())
    stock.capacity, stock.byte_limit = 10, 100
    return stock


def state(stock: QueueStock, counters: ChannelCounters) -> tuple[int, ...]:
    return stock.queued, stock.used, stock.used_bytes, len(stock.runs), counters.put_attempt, counters.put_success


def test_a_put_that_finds_room_can_be_taken(stock: QueueStock, counters: ChannelCounters) -> None:
    assert stock.put(offer(3, size_bytes=30), counters)
    assert state(stock, counters) == (3, 3, 30, 1, 3, 3)
    assert counters.channel_size == 3
    assert [run.count for run in stock.take(5, counters)] == [3]
    assert counters.take_attempt == 4  # the one that was not there counts, as in Flume


@pytest.mark.parametrize("refused", [offer(8), offer(1, size_bytes=80)], ids=["events", "bytes"])
def test_a_put_without_room_leaves_no_trace(stock: QueueStock, counters: ChannelCounters, refused: QueueOffer) -> None:
    stock.put(offer(3, size_bytes=30), counters)
    before = state(stock, counters)
    assert not stock.put(refused, counters)
    assert state(stock, counters) == before


def test_nobody_overtakes_a_put_that_waits(stock: QueueStock, counters: ChannelCounters) -> None:
    stock.waiting.append(offer(9))
    assert not stock.put(offer(1), counters)
    stock.waiting.clear()
    assert stock.put(offer(1), counters)


def test_a_broken_line_takes_no_more_puts(stock: QueueStock, counters: ChannelCounters) -> None:
    line = Line()
    assert stock.put(offer(1, line=line), counters)
    line.is_broken = True
    assert not stock.put(offer(1, line=line), counters)


def test_a_held_put_has_room_and_cannot_be_taken(stock: QueueStock, counters: ChannelCounters) -> None:
    assert stock.put(offer(4, size_bytes=40, hold=True), counters)
    assert state(stock, counters) == (0, 4, 40, 0, 4, 0)
    assert stock.take(4, counters) == []


def test_a_take_cuts_a_run_and_its_commit_frees_the_room(stock: QueueStock, counters: ChannelCounters) -> None:
    stock.put(offer(4, size_bytes=40), counters)
    stock.put(offer(2, size_bytes=20), counters)
    taken = stock.take(5, counters)
    assert [(run.count, run.size_bytes) for run in taken] == [(4, 40), (1, 10)]
    assert (stock.queued, stock.used) == (1, 6)
    assert not stock.commit_taken(taken, counters)
    assert (stock.used, stock.used_bytes, counters.take_success, counters.channel_size) == (1, 10, 5, 1)


def test_a_commit_tells_that_somebody_waits_for_the_room(stock: QueueStock, counters: ChannelCounters) -> None:
    stock.put(offer(10), counters)
    stock.waiting.append(offer(1))
    assert stock.commit_taken(stock.take(1, counters), counters)
