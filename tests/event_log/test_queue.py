"""The queue on a log: order, what memory holds, what the disk gives back, what is released."""

import threading
from collections import Counter
from pathlib import Path

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelError, FlumeError
from flumepy.event_log.checkpoint import Checkpoint
from flumepy.event_log.frames import PUT
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.log.commit import Level
from flumepy.log.frame import Frame
from flumepy.log.segment import HEADER_BYTES
from flumepy.testing.disks import GatedDisk, WatchedDisk
from flumepy.testing.fakes import wait_until
from tests.event_log.tools import bodies, drain, open_queue, put

NUMBERS = [f"{number:04}".encode() for number in range(200)]


@pytest.fixture(params=[0, 300, 1 << 20], ids=["disk", "mixed", "memory"])
def hot_bytes(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def fill(queue: EventQueue, events: list[bytes] = NUMBERS) -> None:
    for start in range(0, len(events), 7):
        put(queue, *events[start : start + 7])


def test_events_come_out_in_order_wherever_they_wait(tmp_path: Path, hot_bytes: int) -> None:
    queue = open_queue(tmp_path, hot_bytes=hot_bytes)
    fill(queue)
    assert queue.available == 200
    got: list[bytes] = []
    while taken := drain(queue, 9):
        got += taken
    assert got == NUMBERS
    assert queue.available == 0
    put(queue, b"more")
    assert drain(queue) == [b"more"]
    queue.log.close()


def test_what_is_given_back_comes_first_in_its_old_order(tmp_path: Path, hot_bytes: int) -> None:
    queue = open_queue(tmp_path, hot_bytes=hot_bytes)
    fill(queue)
    one, two, three = queue.take(10), queue.take(5), queue.take(20)
    queue.give_back(three)
    queue.give_back(one)
    queue.commit(two)
    assert drain(queue) == NUMBERS[:10] + NUMBERS[15:]
    queue.log.close()


def test_what_was_taken_is_gone_after_a_crash_and_the_rest_is_there(tmp_path: Path, hot_bytes: int) -> None:
    queue = open_queue(tmp_path, hot_bytes=hot_bytes)
    fill(queue)
    drain(queue, 30)
    queue.take(10)  # open at the crash
    later = queue.take(33)
    queue.commit(later)
    queue.log.close()
    queue = open_queue(tmp_path, hot_bytes=hot_bytes)
    assert queue.available == 200 - 63
    assert drain(queue) == NUMBERS[30:40] + NUMBERS[73:]
    assert drain(queue) == []
    queue.log.close()


def test_a_checkpoint_saves_reading_the_log(tmp_path: Path, hot_bytes: int) -> None:
    queue = open_queue(tmp_path, hot_bytes=hot_bytes, segment_bytes=1 << 20)
    fill(queue)
    first, second = queue.take(20), queue.take(20)
    queue.commit(second)
    checkpoint = queue.settle()
    put(queue, b"late")
    queue.log.close()
    assert checkpoint is not None
    assert checkpoint.queued == 180
    again = open_queue(tmp_path, checkpoint, segment_bytes=1 << 20)
    assert again.available == 181
    assert drain(again) == bodies(first) + NUMBERS[40:] + [b"late"]
    again.log.close()


class ReadingDisk(WatchedDisk):
    """Counts the bytes that are read of each file."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[int, str] = {}
        self.read_bytes: Counter[str] = Counter()

    def open(self, path: Path, *, create: bool = False, read_only: bool = False) -> int:
        descriptor = super().open(path, create=create, read_only=read_only)
        self.names[descriptor] = path.name
        return descriptor

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        data = super().read(descriptor, size, offset)
        self.read_bytes[self.names[descriptor]] += len(data)
        return data


def test_with_a_fresh_checkpoint_only_the_header_is_read_of_a_segment_before_it(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    fill(queue)
    fill(queue)
    queue.commit(queue.take(10))
    checkpoint = queue.settle()
    first, *others = [segment.path.name for segment in queue.log.segments()]
    assert others
    queue.log.close()
    disk = ReadingDisk()
    again = open_queue(tmp_path, checkpoint, disk=disk)
    assert disk.read_bytes[first] == HEADER_BYTES
    assert drain(again) == NUMBERS[10:] + NUMBERS
    again.log.close()


@pytest.mark.parametrize(
    "change",
    [
        {"log_id": b"x" * 16},
        {"start": 100},
        {"start": 1 << 40},
        {"start": 3000},
        {"summary": 0},
    ],
    ids=str,
)
def test_a_checkpoint_that_does_not_fit_costs_nothing_but_time(tmp_path: Path, change: dict[str, int]) -> None:
    queue = open_queue(tmp_path)
    fill(queue)
    drain(queue, 150)
    checkpoint = queue.settle()
    queue.log.close()
    assert checkpoint is not None
    fields = {name: getattr(checkpoint, name) for name in Checkpoint.__slots__}
    wrong = Checkpoint(**{**fields, **change})
    queue = open_queue(tmp_path, wrong)
    assert drain(queue) == NUMBERS[150:]
    queue.log.close()


def test_a_log_that_was_released_beyond_the_checkpoint_is_read_from_its_beginning(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    fill(queue)
    checkpoint = queue.settle()
    drain(queue, 190)
    for _ in range(10):
        fill(queue)
        drain(queue, 200)
    assert checkpoint is not None
    assert queue.log.first_position > checkpoint.start
    queue.log.close()
    queue = open_queue(tmp_path, checkpoint)
    assert drain(queue) == NUMBERS[190:]
    queue.log.close()


def test_segments_are_released_as_takes_commit(tmp_path: Path, hot_bytes: int) -> None:
    queue = open_queue(tmp_path, hot_bytes=hot_bytes)
    most = 0
    for _ in range(20):
        fill(queue)
        drain(queue)
        most = max(most, len(queue.log.segments()))
    assert most <= 6
    queue.log.close()


def test_an_open_take_keeps_its_segment_and_all_behind_it(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    put(queue, b"first")
    held = queue.take(1)
    for _ in range(5):
        fill(queue)
        drain(queue)
    assert queue.log.first_position == 0
    queue.log.close()
    queue = open_queue(tmp_path)
    assert drain(queue) == bodies(held)
    queue.log.close()


def test_a_second_taker_is_told_empty_while_one_reads_the_disk(tmp_path: Path) -> None:
    disk = GatedDisk()
    queue = open_queue(tmp_path, disk=disk, hot_bytes=0)
    fill(queue)
    drain(queue, 7)  # what memory holds in any case
    disk.hold("read")
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.extend(drain(queue, 10)))
    thread.start()
    wait_until(lambda: disk.held == 1)
    assert queue.take(10) == []
    disk.free()
    thread.join(10)
    assert got == NUMBERS[7:17]
    queue.log.close()


def test_callers_of_other_threads_are_called_back(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    ended = threading.Event()
    errors: list[FlumeError | None] = []

    def done(error: FlumeError | None) -> None:
        errors.append(error)
        ended.set()

    queue.puts.enqueue(Put(EventBatch([b"1"]), None, 1.0, done))
    queue.puts.flush()
    assert ended.wait(10)
    assert (errors, drain(queue)) == ([None], [b"1"])
    queue.log.close()


def test_a_frame_that_cannot_be_decoded_stops_takes_unless_bad_records_are_skipped(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    put(queue, b"1", b"2")
    queue.log.append(Frame(PUT, 3, [b"not a batch"])).wait(Level.SYNCED)
    queue.log.close()
    queue = open_queue(tmp_path)
    put(queue, b"3")
    with pytest.raises(ChannelError, match="events 2 to 4 cannot be read"):
        queue.take(10)
    with pytest.raises(ChannelError, match="events 2 to 4 cannot be read"):
        queue.take(10)
    queue.log.close()
    lost: list[int] = []
    queue = open_queue(tmp_path, skips_bad=True, lost=lost.append)
    assert drain(queue) == [b"1", b"2", b"3"]
    assert (lost, queue.available) == ([3], 0)
    queue.log.close()


def test_damage_is_left_out_and_counted(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    fill(queue)
    queue.log.close()
    segment = min(tmp_path.glob("*.segment"))
    data = bytearray(segment.read_bytes())
    place = data.index(b"0017")
    data[place] ^= 0xFF
    segment.write_bytes(data)
    queue = open_queue(tmp_path)
    assert queue.available == 200 - 7
    assert drain(queue) == NUMBERS[:14] + NUMBERS[21:]
    assert queue.available == 0
    for _ in range(3):
        fill(queue)
        drain(queue)
    assert queue.log.first_position > 0, "the gap keeps nothing"
    queue.log.close()
