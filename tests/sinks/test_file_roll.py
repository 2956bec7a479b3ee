"""The file_roll sink. Disks that fill are made with a limit on file sizes in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import fastavro
import pytest

from flumepy.config.build import build as build_by_type
from flumepy.core.batch import EventBatch
from flumepy.core.component import Status
from flumepy.core.errors import ChannelError, ConfigurationError, DeliveryError, StartError
from flumepy.sinks.file_roll import FileRollSink
from flumepy.testing.conformance import SinkConformance
from flumepy.testing.fakes import FakeClock, ListChannel, attach, build

NOW_MS = 1_700_000_000_000


def sink_on(channel: ListChannel, folder: Path, clock: FakeClock | None = None, **settings: str) -> FileRollSink:
    below = {f"sink.{key}": text for key, text in settings.items()}
    clock = clock or FakeClock(NOW_MS)
    sink = build(FileRollSink, {"sink.directory": str(folder), **below}, builder=build_by_type, clock=clock)
    attach(sink, channel)
    sink.start()
    return sink


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class TestLaw(SinkConformance):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder, self.away = tmp_path / "out", tmp_path / "away"
        self.folder.mkdir()

    def make(self) -> FileRollSink:
        return build(FileRollSink, {"sink.directory": str(self.folder)}, builder=build_by_type)

    def delivered(self) -> list[bytes]:
        files = sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [line for path in files for line in path.read_bytes().splitlines()]

    def break_target(self) -> bool:
        self.folder.rename(self.away)
        return True

    def mend_target(self) -> None:
        self.away.rename(self.folder)


def test_the_first_call_makes_a_file_even_without_events(tmp_path: Path) -> None:
    sink = sink_on(ListChannel(), tmp_path)
    assert contents(tmp_path) == {}
    assert sink.process() is Status.IDLE
    assert contents(tmp_path) == {f"{NOW_MS}-1": b""}
    sink.stop()


def test_events_are_in_the_file_once_process_returns(tmp_path: Path) -> None:
    channel = ListChannel()
    channel.add(b"a", b"b")
    channel.add(b"c", headers={"h": "1"})
    sink = sink_on(channel, tmp_path, batchSize="2")
    assert sink.process() is Status.READY
    assert contents(tmp_path) == {f"{NOW_MS}-1": b"a\nb\n"}
    assert sink.process() is Status.READY
    assert contents(tmp_path) == {f"{NOW_MS}-1": b"a\nb\nc\n"}
    counters = sink.counters
    assert (counters.drain_attempt, counters.drain_success, counters.connection_created) == (3, 3, 1)
    sink.stop()
    assert (counters.connection_closed, counters.event_write_fail, counters.channel_read_fail) == (1, 0, 0)


def test_files_roll_at_a_fixed_rate_and_idle_ones_are_empty(tmp_path: Path) -> None:
    channel, clock = ListChannel(), FakeClock(NOW_MS)
    sink = sink_on(channel, tmp_path, clock, rollInterval="2")
    channel.add(b"a")
    sink.process()
    for wait_ms in (1999, 1, 3500, 500):
        clock.advance_ms(wait_ms)
        sink.process()
    channel.add(b"b")
    sink.process()
    sink.stop()
    assert contents(tmp_path) == {
        f"{NOW_MS}-1": b"a\n", f"{NOW_MS}-2": b"", f"{NOW_MS}-3": b"", f"{NOW_MS}-4": b"b\n",
    }  # fmt: skip
    assert (sink.counters.connection_created, sink.counters.connection_closed) == (4, 4)


@pytest.mark.parametrize("interval", ["0", "-1"])
def test_no_interval_means_one_file(tmp_path: Path, interval: str) -> None:
    clock = FakeClock(NOW_MS)
    sink = sink_on(ListChannel(), tmp_path, clock, rollInterval=interval)
    sink.process()
    clock.advance_ms(10**9)
    sink.process()
    sink.stop()
    assert len(contents(tmp_path)) == 1


def test_path_manager_and_serializer_get_their_settings(tmp_path: Path) -> None:
    channel = ListChannel()
    channel.add(b"a", b"b", headers={"h": "1"})
    settings = {"serializer": "HEADER_AND_TEXT", "serializer.appendNewline": "false", "pathManager.prefix": "p-"}
    sink = sink_on(channel, tmp_path, **settings, **{"pathManager.extension": "log"})
    sink.process()
    sink.stop()
    assert contents(tmp_path) == {f"p-{NOW_MS}-1.log": b"{h=1} a{h=1} b"}


def test_each_avro_file_can_be_read_at_any_time_and_alone(tmp_path: Path) -> None:
    channel, clock = ListChannel(), FakeClock(NOW_MS)
    sink = sink_on(channel, tmp_path, clock, serializer="avro_event", rollInterval="2")
    for body in (b"a", b"b", b"c"):
        channel.add(body, headers={"h": "1"})
        sink.process()
        clock.advance_ms(1000)
    read = {}
    for path in tmp_path.iterdir():
        with path.open("rb") as file:
            read[path.name] = list(fastavro.reader(file))
    sink.stop()
    assert read == {
        f"{NOW_MS}-1": [{"headers": {"h": "1"}, "body": b"a"}, {"headers": {"h": "1"}, "body": b"b"}],
        f"{NOW_MS}-2": [{"headers": {"h": "1"}, "body": b"c"}],
    }


def test_a_batch_whose_commit_fails_is_cut_off_again(tmp_path: Path) -> None:
    channel = ListChannel()
    sink = sink_on(channel, tmp_path)
    channel.add(b"first")
    sink.process()
    channel.add(b"second", b"third")
    channel.commit_failures = [ChannelError("the commit failed")]
    with pytest.raises(ChannelError):
        sink.process()
    assert contents(tmp_path) == {f"{NOW_MS}-1": b"first\n"}
    sink.process()
    sink.stop()
    assert contents(tmp_path) == {f"{NOW_MS}-1": b"first\nsecond\nthird\n"}
    counters = sink.counters
    assert (counters.channel_read_fail, counters.event_write_fail) == (1, 0)
    assert (counters.drain_attempt, counters.drain_success) == (5, 3)


LIMITED = """
import json, resource, sys
from pathlib import Path
from flumepy.config.build import build as build_by_type
from flumepy.core.errors import DeliveryError
from flumepy.sinks.file_roll import FileRollSink
from flumepy.testing.fakes import ListChannel, attach, build

folder, serializer = Path(sys.argv[1]), sys.argv[2]

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def size():
    return [path.stat().st_size for path in folder.iterdir()]

settings = {"sink.directory": str(folder), "sink.serializer": serializer}
sink = build(FileRollSink, settings, builder=build_by_type)
channel = ListChannel()
attach(sink, channel)
sink.start()
story = []
for room in (0 if serializer == "avro_event" else 3500, 3500, 3500, resource.RLIM_INFINITY):
    limit(room)
    try:
        for _ in range(2):
            if not channel.size:
                channel.add(*[b"%0999d" % number for number in range(2)])
            sink.process()
        story.append(None)
    except DeliveryError as error:
        story.append(str(error))
    story.append(size())
limit(resource.RLIM_INFINITY)
sink.stop()
counters = sink.counters
json.dump([story, counters.event_write_fail, counters.connection_failed, counters.drain_success], sys.stdout)
"""


def run_limited(folder: Path, serializer: str) -> tuple[list[object], int, int, int]:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder), serializer], check=True, capture_output=True, text=True, timeout=60
    )
    story, event_write_fail, connection_failed, drained = json.loads(done.stdout)
    return story, event_write_fail, connection_failed, drained


def test_a_full_disk_leaves_whole_batches_and_the_sink_goes_on_when_there_is_room(tmp_path: Path) -> None:
    story, failures, _, drained = run_limited(tmp_path, "text")
    assert story[1::2] == [[2000], [2000], [2000], [6000]]
    message = str(story[0])
    assert message.startswith(f"Failed to write to {tmp_path}/")
    assert f"bytes are free in {tmp_path}" in message
    assert "stays in the channel" in message
    assert (story[6], failures, drained) == (None, 3, 6)
    whole = b"".join(b"%0999d\n" % number for number in range(2))
    assert list(contents(tmp_path).values()) == [whole * 3]


def test_a_file_that_cannot_get_its_header_does_not_stay(tmp_path: Path) -> None:
    story, _, failures, drained = run_limited(tmp_path, "avro_event")
    assert str(story[0]).startswith(f"Failed to open file {tmp_path}/")
    assert (story[1], failures, drained) == ([], 1, 6)
    (path,) = tmp_path.iterdir()
    with path.open("rb") as file:
        assert [record["body"][-1:] for record in fastavro.reader(file)] == [b"0", b"1"] * 3


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / f"{NOW_MS}-1").write_bytes(b"precious")
    channel = ListChannel()
    channel.add(b"a")
    sink = sink_on(channel, tmp_path)
    sink.process()
    sink.stop()
    assert contents(tmp_path) == {f"{NOW_MS}-1": b"precious", f"{NOW_MS}-2": b"a\n"}


def test_a_file_that_was_removed_is_replaced_before_the_next_write(tmp_path: Path) -> None:
    channel = ListChannel()
    sink = sink_on(channel, tmp_path)
    channel.add(b"a")
    sink.process()
    (tmp_path / f"{NOW_MS}-1").unlink()
    channel.add(b"b")
    sink.process()
    sink.stop()
    assert contents(tmp_path) == {f"{NOW_MS}-2": b"b\n"}


def test_a_directory_that_vanishes_keeps_the_events_until_it_is_back(tmp_path: Path) -> None:
    folder, moved = tmp_path / "out", tmp_path / "moved"
    folder.mkdir()
    channel = ListChannel()
    sink = sink_on(channel, folder)
    folder.rename(moved)
    channel.add(b"a")
    with pytest.raises(DeliveryError, match=str(folder)):
        sink.process()
    assert (channel.size, sink.counters.connection_failed) == (1, 1)
    moved.rename(folder)
    sink.process()
    sink.stop()
    assert contents(folder) == {f"{NOW_MS}-1": b"a\n"}


def test_more_parts_than_one_call_takes_are_all_written(tmp_path: Path) -> None:
    channel = ListChannel()
    for number in range(1000):
        channel.queue.append(EventBatch([b"x"], {"n": str(number)}))
    sink = sink_on(channel, tmp_path, serializer="header_and_text", batchSize="1000")
    sink.process()
    sink.stop()
    assert list(contents(tmp_path).values()) == [b"".join(b"{n=%d} x\n" % number for number in range(1000))]


def test_start_names_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="nowhere"):
        sink_on(ListChannel(), tmp_path / "nowhere")


UNPRIVILEGED = """
import os, sys
from flumepy.config.build import build as build_by_type
from flumepy.core.errors import StartError
from flumepy.sinks.file_roll import FileRollSink
from flumepy.testing.fakes import build

os.chdir(sys.argv[1])
sink = build(FileRollSink, {"sink.directory": "."}, builder=build_by_type)
if os.geteuid() == 0:
    os.setuid(65534)  # root may write anywhere
try:
    sink.start()
except StartError as error:
    print(error)
"""


def test_start_names_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(folder)], check=True, capture_output=True, timeout=60
    )
    assert done.stdout == b"sink.directory . cannot be written by this user\n"


def test_start_names_a_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StartError, match="is not a directory"):
        sink_on(ListChannel(), tmp_path / "file")


def test_stop_is_safe_twice_and_without_start_and_a_new_start_opens_a_new_file(tmp_path: Path) -> None:
    sink = build(FileRollSink, {"sink.directory": str(tmp_path)}, builder=build_by_type, clock=FakeClock(NOW_MS))
    sink.stop()
    attach(sink, ListChannel())
    for _ in range(2):
        sink.start()
        sink.process()
        sink.stop()
        sink.stop()
    assert sorted(contents(tmp_path)) == [f"{NOW_MS}-1", f"{NOW_MS}-2"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({}, "sink.directory"),
        ({"sink.directory": "/tmp", "sink.batchSize": "0"}, "sink.batchSize"),
        ({"sink.directory": "/tmp", "sink.rollInterval": "soon"}, "sink.rollInterval"),
        ({"sink.directory": "/tmp", "sink.serializer": "nosuch"}, "sink.serializer"),
        ({"sink.directory": "/tmp", "sink.pathManager": "nosuch"}, "sink.pathManager"),
        (
            {"sink.directory": "/tmp", "sink.serializer": "avro_event", "sink.serializer.syncIntervalBytes": "1"},
            "sink.serializer.syncIntervalBytes",
        ),
    ],
)
def test_a_bad_setting_is_refused_by_its_key(settings: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(FileRollSink, settings, builder=build_by_type)
    assert caught.value.key == key


def test_the_batch_size_is_declared(tmp_path: Path) -> None:
    assert sink_on(ListChannel(), tmp_path, batchSize="7").declared_batch_size == 7
