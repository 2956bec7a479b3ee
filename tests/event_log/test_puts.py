"""Puts end when their frame has reached the level, and not before, whoever syncs."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError
from flumepy.core.offer import Line
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.recovery import recover
from flumepy.log.errors import LogFullError
from flumepy.testing.disks import GatedDisk
from flumepy.testing.fakes import wait_until
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.event_log.tools import drain, new_log, put

FOLDER = Path("/puts")


@contextmanager
def opened(disk: GatedDisk) -> Iterator[EventQueue]:
    queue = EventQueue(recover(new_log(FOLDER, disk, 1 << 20), None))
    try:
        yield queue
    finally:
        disk.free()
        queue.close()


def put_without_waiting(queue: EventQueue, body: bytes, ended: list[bytes]) -> None:
    def end(error: FlumeError | None) -> None:
        assert error is None
        ended.append(body)

    queue.puts.enqueue(Put(EventBatch([body]), None, 1.0, end))
    queue.puts.flush()


def test_what_is_written_and_not_synced_is_neither_answered_nor_seen() -> None:
    disk = GatedDisk(ForgetfulDisk())
    ended: list[bytes] = []
    with opened(disk) as queue:
        put(queue, b"0")
        disk.hold()
        put_without_waiting(queue, b"1", ended)
        wait_until(lambda: disk.held == 1)
        put_without_waiting(queue, b"2", ended)
        leader = threading.Thread(target=lambda: put(queue, b"3"))
        leader.start()
        wait_until(lambda: queue.log._commit._waiters, what="the thread that leads next")
        disk.let_pass()
        wait_until(lambda: disk.held == 2 and ended == [b"1"], what="the second sync, and the end of the first put")
        assert queue.log.written_end > queue.log.synced_end
        queue.puts.reached(None)  # whenever somebody looks
        assert (ended, queue.available) == ([b"1"], 2)
        disk.free()
        leader.join(10)
        wait_until(lambda: ended == [b"1", b"2"])
        assert drain(queue) == [b"0", b"1", b"2", b"3"]


def test_puts_that_nobody_waits_for_share_syncs_and_end_in_their_order() -> None:
    disk = GatedDisk(ForgetfulDisk())
    ended: list[bytes] = []
    names = [b"%d" % number for number in range(50)]
    with opened(disk) as queue:
        put(queue, b"first")  # makes the file
        disk.hold()
        for name in names:
            put_without_waiting(queue, name, ended)
        wait_until(lambda: disk.held == 1)
        assert ended == []
        disk.let_pass(2)
        wait_until(lambda: len(ended) == len(names))
        assert ended == names
        assert disk.held <= 2


def test_a_put_that_another_thread_appends_is_waited_for_by_its_leader() -> None:
    disk = GatedDisk(ForgetfulDisk())
    ended: list[bytes] = []
    with opened(disk) as queue:
        disk.hold("allocate")
        appender = threading.Thread(target=lambda: put_without_waiting(queue, b"0", ended))
        appender.start()
        wait_until(lambda: disk.held == 1, what="the file that the first put needs")
        leader = threading.Thread(target=lambda: put(queue, b"1"))
        leader.start()
        wait_until(lambda: queue.puts._arrivals, what="the second put in the line")
        disk.hold("sync")
        disk.let_pass()
        wait_until(lambda: disk.held == 2)
        assert queue.available == 0
        disk.free()
        leader.join(10)
        assert queue.available == 2
        wait_until(lambda: ended == [b"0"])
        assert drain(queue) == [b"0", b"1"]


class GatedDeque(deque[Put]):
    """Lets one append wait."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.may_go_on = threading.Event(), threading.Event()

    def append(self, put: Put, /) -> None:
        self.has_begun.set()
        assert self.may_go_on.wait(10)
        super().append(put)


def test_a_leader_goes_on_when_its_put_can_be_published_not_before() -> None:
    with opened(GatedDisk(ForgetfulDisk())) as queue:
        queue.puts._pending = pending = GatedDeque()
        one = Put(EventBatch([b"1"]), None, 1.0)
        one.lead()
        queue.puts.enqueue(one)
        appender = threading.Thread(target=queue.puts.flush)
        appender.start()
        assert pending.has_begun.wait(10)
        leader = threading.Thread(target=lambda: queue.puts.store(one))
        leader.start()
        leader.join(0.1)
        assert leader.is_alive()
        pending.may_go_on.set()
        appender.join(10)
        leader.join(10)
        assert drain(queue) == [b"1"]


def test_a_led_put_behind_one_of_its_line_that_failed_is_refused() -> None:
    line = Line()
    line.is_broken = True
    with opened(GatedDisk(ForgetfulDisk())) as queue:
        one = Put(EventBatch([b"1"]), None, 1.0, line=line)
        one.lead()
        queue.puts.enqueue(one)
        with pytest.raises(LogFullError, match="an earlier put"):
            queue.puts.store(one)
        assert queue.available == 0
