"""Commits of takes that do not wait: they share frames and syncs, and are stored soon, at a stop at the latest."""

import threading
from pathlib import Path

import pytest

from flumepy.core.errors import FlumeError
from flumepy.event_log import takes
from flumepy.event_log.appender import Appender
from flumepy.event_log.frames import TAKE
from flumepy.event_log.owner import NoOwner
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.recovery import recover
from flumepy.log.disk import Disk
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.frame import Frame, read_frame
from flumepy.log.log import Log
from flumepy.log.ticket import Ticket
from flumepy.testing.disks import FaultyDisk, GatedDisk
from flumepy.testing.fakes import wait_until
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.event_log.tools import bodies, drain, new_log, open_queue, put

FOLDER = Path("/takes")
SEGMENT_BYTES = 1 << 20


class FullAppender(Appender):
    def append(self, frame: Frame, *, uses_reserve: bool = False, rolls: bool = False) -> Ticket:
        raise LogFullError("no space")


def opened(disk: Disk, owner: NoOwner | None = None) -> EventQueue:
    return EventQueue(recover(new_log(FOLDER, disk, SEGMENT_BYTES), None), owner=owner)


def fill(queue: EventQueue, count: int) -> None:
    for number in range(count):
        put(queue, b"%d" % number)


def take_frames(log: Log[Frame]) -> int:
    cursor, frames = log.cursor(0), 0
    while (chunk := cursor.read(log.written_end)) is not None:
        frames += sum(read_frame(chunk.data, head[0] - chunk.position).kind == TAKE for head in chunk.heads)
    return frames


def test_those_that_come_while_the_log_commits_share_the_next_frame() -> None:
    disk = GatedDisk(ForgetfulDisk())
    queue = opened(disk)
    fill(queue, 20)
    disk.hold()
    for _ in range(10):
        queue.commit(queue.take(1), waits=False)
    disk.free()
    wait_until(lambda: queue.log.synced_end == queue.log.written_end and not queue._watch.is_on)
    assert take_frames(queue.log) == 2  # the first departed at once, nine rode
    queue.close()
    queue = opened(disk)
    assert drain(queue) == [b"%d" % number for number in range(10, 20)]
    queue.close()


def test_nothing_is_left_unstored_when_nobody_comes_any_more() -> None:
    disk = ForgetfulDisk()
    queue = opened(disk)
    fill(queue, 5)
    for _ in range(5):
        queue.commit(queue.take(1), waits=False)
    wait_until(lambda: queue._takes.ranges.watermark == 5)
    image = disk.crash(1)
    queue.close()
    queue = opened(image)
    assert (queue.available, queue.take(1)) == (0, [])
    queue.close()


def test_what_is_on_its_way_is_no_fact_yet() -> None:
    disk = GatedDisk(ForgetfulDisk())
    queue = opened(disk)
    fill(queue, 2)
    disk.hold()
    queue.commit(queue.take(1), waits=False)
    queue._takes.arrive()  # whenever somebody looks
    assert queue._takes.ranges.watermark == 0
    disk.free()
    wait_until(lambda: queue._takes.ranges.watermark == 1)
    queue.close()


def test_a_crash_brings_again_what_rode_and_nothing_else() -> None:
    inner = ForgetfulDisk()
    disk = GatedDisk(inner)
    queue = opened(disk)
    fill(queue, 6)
    queue.commit(queue.take(2))
    disk.hold()
    queue.commit(queue.take(1), waits=False)  # its sync is held
    queue.commit(queue.take(1), waits=False)
    image = inner.crash(7)
    disk.free()
    queue.close()
    queue = opened(image)
    assert drain(queue) in ([b"2", b"3", b"4", b"5"], [b"3", b"4", b"5"])
    queue.close()


def test_with_many_riding_a_commit_waits_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(takes, "MOST_RIDING_EVENTS", 3)
    disk = GatedDisk(ForgetfulDisk())
    queue = opened(disk)
    fill(queue, 6)
    disk.hold()
    for _ in range(4):  # one departs, three ride
        queue.commit(queue.take(1), waits=False)
    fifth = threading.Thread(target=lambda: queue.commit(queue.take(1), waits=False))
    fifth.start()
    fifth.join(0.05)
    assert fifth.is_alive()
    disk.free()
    fifth.join(10)
    assert not fifth.is_alive()
    queue.close()


def test_a_stop_stores_what_rides() -> None:
    disk = GatedDisk(ForgetfulDisk())
    queue = opened(disk)
    fill(queue, 3)
    disk.hold()
    for _ in range(2):
        queue.commit(queue.take(1), waits=False)
    closing = threading.Thread(target=queue.close)
    closing.start()
    disk.free()
    closing.join(10)
    queue = opened(disk)
    assert bodies(queue.take(10)) == [b"2"]
    queue.close()


def test_a_summary_counts_what_rides_as_taken() -> None:
    disk = GatedDisk(ForgetfulDisk())
    queue = opened(disk)
    fill(queue, 4)
    disk.hold()
    for _ in range(3):
        queue.commit(queue.take(1), waits=False)
    threading.Timer(0.01, disk.free).start()
    checkpoint = queue.settle()
    assert checkpoint is not None
    assert checkpoint.queued == 1
    queue.close()


def test_without_space_for_their_frame_they_ride_on_and_are_stored_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = GatedDisk(Disk())
    queue = open_queue(tmp_path, disk=disk, segment_bytes=SEGMENT_BYTES)
    fill(queue, 4)
    appender = queue._takes._appender

    disk.hold()
    queue.commit(queue.take(1), waits=False)
    queue.commit(queue.take(1), waits=False)  # rides
    monkeypatch.setattr(queue._takes, "_appender", FullAppender(queue.log, NoOwner()))
    disk.free()
    wait_until(lambda: not queue._watch.is_on)
    third = queue.take(1)
    with pytest.raises(LogFullError):
        queue.commit(third, waits=False)
    queue.give_back(third)
    monkeypatch.setattr(queue._takes, "_appender", appender)
    queue.close()
    queue = open_queue(tmp_path, segment_bytes=SEGMENT_BYTES)
    assert drain(queue) == [b"2", b"3"]
    queue.close()


def test_a_disk_that_fails_later_is_told_to_the_owner() -> None:
    class Owner(NoOwner):
        def disk_failed(self, queue: EventQueue, error: FlumeError) -> None:
            failures.append(error)

    failures: list[FlumeError] = []
    disk = FaultyDisk(ForgetfulDisk())
    queue = opened(disk, Owner())
    fill(queue, 2)
    disk.fail("sync")
    queue.commit(queue.take(1), waits=False)
    wait_until(lambda: failures, what="the failure")
    assert isinstance(failures[0], LogFailedError)
    with pytest.raises(LogFailedError):
        queue.commit(queue.take(1), waits=False)
    queue.close()
