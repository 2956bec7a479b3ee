"""The spillable channel when the disk of its file part fails: memory goes on, nothing that was acknowledged is lost."""

from pathlib import Path
from typing import Any

import pytest

from flumepy.core.errors import ChannelError
from flumepy.core.offer import Line
from flumepy.core.threads import Wakeup
from flumepy.testing.conformance.channel_tools import bodies_of, put, take
from flumepy.testing.conformance.component import running
from flumepy.testing.disks import FaultyDisk
from flumepy.testing.fakes import wait_until
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.channels.spillable_cases import FailingStore, offer, spillable

FOLDER = Path("/nowhere-at-all")


def opened_again(channel: Any) -> None:
    """Wait until the file channel has recovered."""
    wait_until(lambda: channel.file.counters.is_open and channel.file.counters.is_healthy, what="the file channel")


def drained(channel: Any) -> list[bytes]:
    """Take everything, as a sink does: again after each error."""
    bodies: list[bytes] = []

    def is_empty() -> bool:
        try:
            got = take(channel, 100)
        except ChannelError:
            return False
        bodies.extend(got)
        return not got and not channel.size

    wait_until(is_empty, what="the end of the events")
    return bodies


def test_a_put_that_meets_a_failing_disk_is_refused_and_memory_goes_on() -> None:
    disk = FaultyDisk(ForgetfulDisk())
    with running(spillable("file", FOLDER, disk, memoryCapacity=2)) as channel:
        put(channel, b"1", b"2")
        put(channel, b"3")
        disk.fail("sync", times=1 << 30)
        with pytest.raises(
            ChannelError, match=r"^x1: no room in memory, and the file channel does not take the events: "
        ) as caught:
            put(channel, b"refused")
        assert "/nowhere-at-all/data" in str(caught.value) or "disk" in str(caught.value)
        assert take(channel, 1) == [b"1"]
        put(channel, b"4")
        assert take(channel, 9) == [b"2"]
        with pytest.raises(ChannelError, match="Channel closed"):
            take(channel, 9)
        assert channel.size == 2, "an event was forgotten with the disk"
        wakeup = Wakeup()
        channel.listen(wakeup)
        wakeup.is_armed = True
        disk.heal()
        opened_again(channel)
        assert wakeup.wait(10), "the sinks do not learn that the file is back"
        got = drained(channel)
        assert [body for body in got if body != b"refused"] == [b"3", b"4"]
        assert (channel.size, channel.file.size, channel._file_used, channel.undelivered) == (0, 0, 0, 0)
        put(channel, b"5", b"6", b"7")
        assert drained(channel) == [b"5", b"6", b"7"]


def test_a_take_whose_commit_meets_a_failing_disk_is_done_or_comes_again_at_its_place() -> None:
    disk = FaultyDisk(ForgetfulDisk())
    with running(spillable("file", FOLDER, disk, memoryCapacity=1)) as channel:
        put(channel, b"1", b"2", b"3")
        put(channel, b"4")

        def fail() -> None:
            with channel.transaction() as transaction:
                assert bodies_of(transaction.take(2)) == [b"1", b"2"]
                disk.fail("sync")

        with pytest.raises(ChannelError):
            fail()
        assert channel.size == 4
        opened_again(channel)
        assert drained(channel)[-2:] == [b"3", b"4"], "1 and 2 were delivered: their take may be in the log or not"
        assert (channel.file.size, channel._file_used, channel.undelivered) == (0, 0, 0)


def test_a_full_disk_refuses_puts_and_gives_what_is_there() -> None:
    disk = ForgetfulDisk()
    with running(spillable("file", FOLDER, disk, memoryCapacity=1)) as channel:
        put(channel, b"1")
        put(channel, b"2")
        disk.space_bytes = 0

        def fill() -> None:
            for _ in range(100):
                put(channel, b"x" * 500)

        with pytest.raises(ChannelError, match="no room in memory, and the file channel does not take the events"):
            fill()
        got = drained(channel)
        assert got[:2] == [b"1", b"2"]
        assert channel.counters.put_success == channel.counters.take_success == len(got)


def test_a_file_that_fails_stops_what_goes_there_and_memory_goes_on() -> None:
    with running(spillable("memory", FOLDER, memoryCapacity=2)) as channel:
        file = channel.file
        assert isinstance(file, FailingStore)
        put(channel, b"1", b"2")
        put(channel, b"3")
        file.failure = ChannelError("/data is broken")
        line = Line()
        ends = [offer(channel, b"lost", line=line), offer(channel, b"behind", line=line)]
        message = str(ends[0].wait(1)[0].error)
        assert message == "x1: no room in memory, and the file channel does not take the events: /data is broken"
        assert ends[1].offers[0].error is not None
        assert take(channel, 1) == [b"1"]
        put(channel, b"4")
        assert take(channel, 9) == [b"2"]
        with pytest.raises(ChannelError, match="/data is broken"):
            take(channel, 9)
        assert channel.size == 2
        file.failure = None
        assert drained(channel) == [b"3", b"4"]
        assert channel.room() == 2
