"""Recovery reads each byte a few times at most, however much is damaged, and never much at once."""

from pathlib import Path

import pytest

from flumepy.core.errors import StartError
from flumepy.log.errors import LogFailedError
from flumepy.log.recovery import CHUNK_BYTES
from flumepy.log.segment import HEADER_BYTES
from flumepy.log.ticket import Level
from flumepy.testing.disks import WatchedDisk
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.log.logs import fill, frame, new_log, opened, read_texts, texts

SEGMENT_BYTES = 4 * 1024 * 1024


class CountingDisk(WatchedDisk):
    """Counts the bytes that are read, and remembers the largest read."""

    def __init__(self, inner: ForgetfulDisk) -> None:
        super().__init__(inner)
        self.read_bytes = 0
        self.largest_read = 0

    def read(self, descriptor: int, size: int, offset: int) -> bytes:
        data = super().read(descriptor, size, offset)
        self.read_bytes += len(data)
        self.largest_read = max(self.largest_read, size)
        return data


@pytest.mark.parametrize("segments", [1, 2])
def test_many_damaged_places_cost_no_more_reading_than_one(segments: int) -> None:
    folder = Path(f"/damaged-{segments}")
    disk = ForgetfulDisk()
    with opened(folder, disk=disk, segment_bytes=SEGMENT_BYTES, reserve=0) as log:
        fill(log, texts(0, 7000 * segments))
        info = log.segments()[0]
    for number in range(0, 6999, 3):
        disk.flip(info.path, HEADER_BYTES + number * 544 + 20)
    counting = CountingDisk(disk)
    log = new_log(folder, disk=counting, segment_bytes=SEGMENT_BYTES, reserve=0)
    recovery = log.open()
    assert len(recovery.damages) == len(range(0, 6999, 3))
    assert counting.read_bytes < 3 * SEGMENT_BYTES * segments
    assert counting.largest_read <= CHUNK_BYTES
    log.close()


def test_a_file_that_is_too_short_does_not_make_recovery_read_what_is_not_there() -> None:
    disk = ForgetfulDisk()
    folder = Path("/short")
    with opened(folder, disk=disk) as log:
        fill(log, texts(0, 60))
        infos = log.segments()
    for info in infos[1:-1]:
        disk.unlink(info.path)
    counting = CountingDisk(disk)
    with opened(folder, disk=counting) as log:
        assert log.damages == 1
        assert read_texts(log) == texts(0, 7) + texts(7 * (len(infos) - 1), 60)
    assert counting.largest_read <= CHUNK_BYTES


@pytest.mark.parametrize("left", [1, 20, 43])
def test_a_file_that_ends_within_a_head_does_not_keep_a_reader_for_ever(left: int) -> None:
    disk = ForgetfulDisk()
    folder = Path("/within")
    contents = texts(0, 3, 1000 - 44) + texts(3, 4, 4096 - 3000 - 44 - left) + texts(4, 12, 1000 - 44)
    with opened(folder, disk=disk) as log:
        fill(log, contents)
        infos = log.segments()
    disk.unlink(infos[1].path)
    with opened(folder, disk=disk) as log:
        assert log.damages == 1
        assert read_texts(log) == contents[:4] + contents[8:]


def test_remains_behind_the_last_frame_are_cleared_and_counted() -> None:
    disk = ForgetfulDisk()
    folder = Path("/remains")
    with opened(folder, disk=disk) as log:
        fill(log, ["a", "b"])
        path = log.segments()[0].path
    disk.flip(path, HEADER_BYTES + 50)
    disk.flip(path, HEADER_BYTES + 2000)
    log = new_log(folder, disk=disk)
    recovery = log.open()
    assert (recovery.cut_bytes, recovery.frames, recovery.damages) == (2001 - 45, 1, [])
    assert not disk.content(path)[HEADER_BYTES + 45 :].strip(b"\0")
    assert log.append(frame("c")).position == 45
    log.close()


@pytest.mark.parametrize("seed", range(8))
def test_zeros_that_a_failed_sync_has_dropped_are_written_again(seed: int) -> None:
    disk = ForgetfulDisk(block_bytes=512)
    folder = Path("/dropped-zeros")
    with opened(folder, disk=disk) as log:
        fill(log, ["a"])
        path = log.segments()[0].path
    disk.flip(path, HEADER_BYTES + 2000)
    disk.fail_sync(seed)
    with pytest.raises(StartError):
        new_log(folder, disk=disk).open()
    with opened(folder, disk=disk):
        pass
    assert not disk.crash(0).content(path)[HEADER_BYTES + 45 :].strip(b"\0")


@pytest.mark.parametrize("seed", range(8))
def test_frames_that_a_failed_sync_has_dropped_are_written_again_before_they_count_as_synced(seed: int) -> None:
    disk = ForgetfulDisk(block_bytes=512)
    folder = Path("/dropped-frames")
    log = new_log(folder, disk=disk)
    log.open()
    fill(log, ["a" * 300])
    log.append(frame("b" * 1500)).wait(Level.WRITTEN)
    disk.fail_sync(seed)
    with pytest.raises(LogFailedError):
        log.sync()
    log.close()
    with opened(folder, disk=disk) as log:
        assert log.synced_end == log.written_end
        fill(log, ["c"])
    with opened(folder, disk=disk.crash(seed)) as log:
        assert read_texts(log) == ["a" * 300, "b" * 1500, "c"]
        assert log.damages == 0


def test_frames_are_visited_once_in_order_and_can_be_read_while_it_goes_on() -> None:
    disk = ForgetfulDisk()
    folder = Path("/visit")
    with opened(folder, disk=disk) as log:
        fill(log, ["x" * 9000, *texts(0, 30)])
    seen: list[bytes] = []
    log = new_log(folder, disk=disk)
    recovery = log.open(None, lambda heads, read: seen.extend(read(head)[44:] for head in heads))
    assert seen == [text.encode() for text in ["x" * 9000, *texts(0, 30)]]
    assert recovery.frames == 31
    log.close()
