"""Puts end when their frame has reached the level, and not before, whoever syncs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.recovery import recover
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
