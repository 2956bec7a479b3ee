"""The file channel with others: several required channels, what a Java agent left, folders that are missing."""

import json
import logging
import tarfile
from pathlib import Path

import pytest

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import ChannelError
from flumepy.core.options import NoOptions
from flumepy.core.outlet import Outlet
from flumepy.testing.conformance.channel_tools import put, take
from flumepy.testing.conformance.component import running
from flumepy.testing.disks import FaultyDisk
from flumepy.testing.fakes import ToAll, build, wait_until
from tests.channels.file_tools import SmallFileChannel, numbered, settings_of, small_channel

FIXTURES = Path(__file__).parents[1] / "fixtures" / "flume-file-channel"


def outlet(*channels: SmallFileChannel | MemoryChannel) -> Outlet:
    return Outlet("r1", [], ToAll(Context("s"), NoOptions(), list(channels)))


def test_a_batch_goes_into_several_file_channels_without_blocking(tmp_path: Path) -> None:
    with running(small_channel(tmp_path / "1")) as first, running(small_channel(tmp_path / "2")) as second:
        second.name = "c2"
        out = outlet(first, second)
        commits = [out.submit(numbered(10 * turn, 10)) for turn in range(20)]
        for commit in commits:
            commit.wait()
        out.put(numbered(200, 10))
        for channel in (first, second):
            got = [body for _ in range(3) for body in take(channel, 100)]
            assert sorted(got) == numbered(0, 210).bodies


def test_a_disk_that_fails_under_one_of_several_channels_leaves_nothing_twice(tmp_path: Path) -> None:
    disk = FaultyDisk()
    memory = build(MemoryChannel, {"capacity": "1000"}, name="a-first")
    with running(small_channel(tmp_path, disk)) as file, running(memory):
        out, batch = outlet(file, memory), EventBatch([b"1"])
        put(file, b"0")
        disk.fail("sync")
        with pytest.raises(ChannelError) as caught:
            out.put(batch)
        assert caught.value.committed, "the memory channel has it"
        wait_until(lambda: file.counters.is_open, what="the reopening")
        out.put(batch)
        assert take(memory, 10) == [b"1"]
        assert set(take(file, 10)) == {b"0", b"1"}


def test_a_disk_that_fails_first_keeps_the_batch_out_of_the_others(tmp_path: Path) -> None:
    disk = FaultyDisk()
    memory = build(MemoryChannel, {"capacity": "1000"}, name="d-last")
    with running(small_channel(tmp_path, disk)) as file, running(memory):
        put(file, b"0")
        disk.fail("sync")
        commit = outlet(file, memory).submit(EventBatch([b"1"]))
        with pytest.raises(ChannelError) as caught:
            commit.wait()
        assert not caught.value.committed
        assert (memory.size, memory.room()) == (0, 1000)


@pytest.mark.parametrize("name", ["s1_cleanstop", "s2_crash_nockpt"])
def test_what_a_java_agent_left_is_delivered_first(name: str, tmp_path: Path) -> None:
    with tarfile.open(FIXTURES / f"{name}.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
        archive.extractall(tmp_path)
    folder = tmp_path / name
    settings = {**settings_of(tmp_path), "checkpointDir": str(folder / "cp"),
                "dataDirs": f"{folder / 'd1'},{folder / 'd2'}"}  # fmt: skip
    expected = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))[name]
    with running(build(SmallFileChannel, settings, name="c1")) as channel:
        assert channel.size == len(expected)
        put(channel, b"new")
        with channel.transaction() as transaction:
            batch = EventBatch.concat(transaction.take(1000))
    events = list(batch.events())
    assert [(event.body.decode(), event.headers) for event in events[:-1]] == [
        (event["body"], event["headers"]) for event in expected
    ]
    assert events[-1].body == b"new"


def fill_folders(tmp_path: Path) -> list[Path]:
    """Fill a log and return its segments in order."""
    with running(small_channel(tmp_path)) as channel:
        for start in range(0, 900, 60):
            put(channel, *numbered(start, 60).bodies)
        take(channel, 10)
    return sorted(tmp_path.glob("data*/*.segment"), key=lambda path: path.name)


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("has_checkpoint", [True, False])
def test_the_oldest_part_of_the_log_is_missed(
    tmp_path: Path, has_checkpoint: bool, caplog: pytest.LogCaptureFixture
) -> None:
    segments = fill_folders(tmp_path)
    segments[0].unlink()
    if not has_checkpoint:
        (tmp_path / "checkpoint" / "flumepy.checkpoint").unlink()
    with running(small_channel(tmp_path)) as channel:
        got = [body for _ in range(10) for body in take(channel, 100)]
        assert got == numbered(900 - len(got), len(got)).bodies
        assert 0 < len(got) < 890
        assert (channel.undelivered, channel.size) == (0, 0)
    assert len(errors_in(caplog)) == 1
    assert f"{890 - len(got)} events of the log in {tmp_path}/data1" in errors_in(caplog)[0]


def test_the_newest_part_of_the_log_is_missed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    segments = fill_folders(tmp_path)
    segments[-1].unlink()
    with running(small_channel(tmp_path)) as channel:
        got = [body for _ in range(10) for body in take(channel, 100)]
        assert got == numbered(10, len(got)).bodies or got == numbered(0, len(got)).bodies
    assert len(errors_in(caplog)) == 1
    assert "what was stored last is lost unless the folder that holds it comes back" in errors_in(caplog)[0]
