"""The spooling directory source: which files, in which order, what becomes of them, and what survives."""

import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flumepy.config.build import build as catalog
from flumepy.core.errors import ChannelFullError, ConfigurationError, StartError, StoppedError, UnsupportedError
from flumepy.core.problems import Problem, Severity
from flumepy.core.threads import start_thread
from flumepy.sources.spooldir import SpooldirSource
from flumepy.testing.conformance import PollableSourceConformance
from flumepy.testing.fakes import FakeClock, ListChannel, build, connect, wait_until

NOBODY = 65534
SETTINGS = {"pollDelay": "10"}
CLASS = "org.apache.flume.sink.solr.morphline.BlobDeserializer$Builder"


def write(path: Path, text: str | bytes = "x\n", time_s: float = 1_700_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    os.utime(path, (time_s, time_s))
    return path


def spool(directory: Path, **settings: str) -> SpooldirSource:
    return build(SpooldirSource, {"spoolDir": str(directory), **SETTINGS, **settings}, name="r1", builder=catalog)


class Polled:
    """A source that is polled by a thread until the end of the with-block."""

    def __init__(self, source: SpooldirSource, channel: ListChannel | None = None) -> None:
        self.source = source
        self.channel = channel or ListChannel()
        connect(source, self.channel)
        self.rounds = 0
        self._is_over = False

    def __enter__(self) -> "Polled":
        self.source.outlet.start()
        self.source.start()
        self._thread = start_thread("source-r1", self._poll)
        return self

    def _poll(self) -> None:
        while not self._is_over:
            self.source.process()
            self.rounds += 1

    def wait_for_rounds(self, count: int) -> None:
        """Let the source go on for so many more rounds."""
        before = self.rounds
        wait_until(lambda: self.rounds >= before + count)

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self.source.interrupt()
        self._thread.join()
        self.source.stop()
        self.source.outlet.stop()


def read(directory: Path, until: Callable[[ListChannel], object], **settings: str) -> ListChannel:
    """Run a source until the condition holds."""
    with Polled(spool(directory, **settings)) as polled:
        wait_until(lambda: until(polled.channel))
    return polled.channel


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))


def test_a_file_is_read_and_renamed(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "one\ntwo\n")
    channel = read(tmp_path, lambda _: names(tmp_path) == ["a.log.COMPLETED"])
    assert channel.bodies == [b"one", b"two"]
    assert channel.events[0].headers == {}
    assert not (tmp_path / ".flumespool" / ".flumespool-main.meta").exists()


def test_with_delete_policy_immediate_it_is_deleted(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "one\n")
    channel = read(tmp_path, lambda c: c.size and not names(tmp_path), deletePolicy="IMMEDIATE")
    assert channel.bodies == [b"one"]


def test_with_tracker_dir_it_stays_and_is_marked_and_not_read_again(tmp_path: Path) -> None:
    write(tmp_path / "spool/sub/a.log", "one\n")
    settings = {
        "trackingPolicy": "tracker_dir", "trackerDir": str(tmp_path / "tracker"), "recursiveDirectorySearch": "true"
    }  # fmt: skip
    marker = tmp_path / "tracker/sub/a.log.COMPLETED"
    assert read(tmp_path / "spool", lambda _: marker.exists(), **settings).bodies == [b"one"]
    write(tmp_path / "spool/b.log", "two\n")
    again = read(tmp_path / "spool", lambda _: (tmp_path / "tracker/b.log.COMPLETED").exists(), **settings)
    assert again.bodies == [b"two"]
    assert (tmp_path / "spool/sub/a.log").exists()


@pytest.mark.parametrize(("order", "expected"), [("oldest", [b"b", b"a", b"c"]), ("YOUNGEST", [b"a", b"c", b"b"])])
def test_files_come_by_time_and_then_by_name(tmp_path: Path, order: str, expected: list[bytes]) -> None:
    write(tmp_path / "c", "c\n", 2_000)
    write(tmp_path / "a", "a\n", 2_000)
    write(tmp_path / "b", "b\n", 1_000)
    assert read(tmp_path, lambda c: c.size == 3, consumeOrder=order).bodies == expected


def test_in_random_order_every_file_is_read(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path / str(number), f"{number}\n")
    channel = read(tmp_path, lambda c: c.size == 20, consumeOrder="random")
    assert sorted(channel.bodies, key=int) == [b"%d" % n for n in range(20)]


def test_names_decide_what_is_read(tmp_path: Path) -> None:
    for name in (".hidden", "a.tmp", "a.txt", "b.log", "old.log.DONE", "sub/c.log", ".dot/d.log", "skip.log/e.log"):
        write(tmp_path / name, f"{name}\n")
    settings = {"includePattern": r"^.*\.log.*$", "ignorePattern": r"skip\..*|.*\.tmp", "fileSuffix": ".DONE"}
    assert read(tmp_path, lambda c: c.size, **settings).bodies == [b"b.log"]
    write(tmp_path / "last.log", "last\n", 1_800_000_000)
    found = read(tmp_path, lambda c: b"last" in c.bodies, recursiveDirectorySearch="true", **settings)
    assert found.bodies == [b"sub/c.log", b"last"]


def test_headers_name_the_file(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "one\n")
    settings = {"fileHeader": "true", "basenameHeader": "true", "basenameHeaderKey": "base"}
    channel = read(tmp_path, lambda c: c.size, **settings)
    assert channel.events[0].headers == {"file": str(tmp_path / "a.log"), "base": "a.log"}


def test_an_empty_file_gives_one_empty_event_as_in_flume(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "")
    channel = read(tmp_path, lambda _: names(tmp_path) == ["a.log.COMPLETED"])
    assert channel.bodies == [b""]


def test_a_batch_never_spans_two_files_and_may_be_larger_than_batch_size(tmp_path: Path) -> None:
    write(tmp_path / "a", "a\n" * 300, 1000)
    write(tmp_path / "b", "b\n" * 50, 2000)
    channel = ListChannel(transaction_capacity=200)
    with Polled(spool(tmp_path, batchSize="10"), channel) as polled:
        wait_until(lambda: len(names(tmp_path)) == 2 and channel.size == 350)
    assert list(map(len, channel.put_batches)) == [200, 100, 50]
    assert polled.source.counters.event_accepted == polled.source.counters.event_received == 350
    assert polled.source.counters.append_batch_accepted == 3


def test_the_deserializer_is_chosen_by_alias_or_class(tmp_path: Path) -> None:
    write(tmp_path / "a", "one\ntwo\n")
    assert read(tmp_path, lambda c: c.size, deserializer=CLASS).bodies == [b"one\ntwo\n"]
    write(tmp_path / "b", "123456\n")
    assert read(tmp_path, lambda c: c.size == 2, **{"deserializer.maxLineLength": "4"}).bodies == [b"1234", b"56"]
    write(tmp_path / "c", "123456\n")
    both = {"bufferMaxLineLength": "5", "deserializer.maxLineLength": "4"}
    assert read(tmp_path, lambda c: c.size == 2, **both).bodies == [b"12345", b"6"]


def test_an_unknown_deserializer_is_diagnosed_and_refuses_at_the_start(tmp_path: Path) -> None:
    problems: list[Problem] = []
    source = build(
        SpooldirSource, {"spoolDir": str(tmp_path), "deserializer": "com.example.Mine$Builder"},
        builder=catalog, report=problems.append,
    )  # fmt: skip
    assert [(problem.severity, problem.key) for problem in problems] == [(Severity.ERROR, "deserializer")]
    with pytest.raises(UnsupportedError, match=r"com\.example\.Mine"):
        source.start()


def test_a_full_channel_gets_the_same_events_again(tmp_path: Path) -> None:
    write(tmp_path / "a", "one\ntwo\n")
    channel = ListChannel()
    channel.failures = [ChannelFullError("full")] * 2
    with Polled(spool(tmp_path, maxBackoff="1"), channel) as polled:
        wait_until(lambda: channel.size)
    assert channel.bodies == [b"one", b"two"]
    assert polled.source.counters.channel_write_fail == 2


def test_stop_while_the_channel_is_full_loses_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a", "one\ntwo\n")
    channel = ListChannel()
    channel.failures = [ChannelFullError("full")] * 1000
    source = spool(tmp_path, maxBackoff="60000")
    connect(source, channel).start()
    source.start()
    thread = start_thread("source-r1", lambda: _until_stopped(source))
    wait_until(lambda: len(channel.failures) < 1000)
    source.outlet.interrupt()
    source.interrupt()
    thread.join()
    source.stop()
    assert read(tmp_path, lambda c: c.size).bodies == [b"one", b"two"]


def _until_stopped(source: SpooldirSource) -> None:
    with contextlib.suppress(StoppedError):
        while True:
            source.process()


def test_a_half_read_file_goes_on_where_it_stood_even_if_another_is_older(tmp_path: Path) -> None:
    write(tmp_path / "young", "".join(f"{n}\n" for n in range(500)), 2000)
    channel = ListChannel(transaction_capacity=100, capacity=300)
    source = spool(tmp_path, maxBackoff="60000")
    connect(source, channel).start()
    source.start()
    for _ in range(3):
        source.process()
    source.stop()
    write(tmp_path / "old", "old\n", 1000)
    rest = read(tmp_path, lambda _: len([n for n in names(tmp_path) if n.endswith("D")]) == 2)
    assert rest.bodies == [b"%d" % n for n in range(300, 500)] + [b"old"]


def test_a_file_that_changes_is_set_aside_and_the_source_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(tmp_path / "a", "one\n", 1000)
    source = spool(tmp_path)
    channel = ListChannel()
    connect(source, channel).start()
    source.start()
    source.process()
    path.write_text("one\ntwo, which comes late\n")
    write(tmp_path / "b", "next\n", 2000)
    for _ in range(5):
        source.process()
    source.stop()
    assert names(tmp_path) == ["a", "b.COMPLETED"]
    assert "a is set aside: it changed its size" in caplog.text
    assert source.counters.generic_processing_fail == 1
    write(tmp_path / "c", "later\n", 3000)
    assert read(tmp_path, lambda c: c.size).bodies == [b"later"]
    path.rename(tmp_path / "d")
    assert b"one" in read(tmp_path, lambda c: c.size).bodies


def test_a_name_that_was_used_before_is_set_aside_and_nothing_is_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "a", "new\n", 1000)
    write(tmp_path / "a.COMPLETED", "old\n", 1000)
    write(tmp_path / "b", "next\n", 2000)
    assert read(tmp_path, lambda _: "b.COMPLETED" in names(tmp_path)).bodies == [b"new", b"next"]
    assert (tmp_path / "a.COMPLETED").read_text() == "old\n"


def test_undecodable_input_under_fail_is_set_aside_after_its_good_lines(tmp_path: Path) -> None:
    write(tmp_path / "a", b"good\nb\xffd\n", 1000)
    write(tmp_path / "b", "next\n", 2000)
    with Polled(spool(tmp_path)) as polled:
        wait_until(lambda: polled.channel.size == 2)
    assert polled.channel.bodies == [b"good", b"next"]
    assert polled.source.counters.event_read_fail == 1
    assert '"offset": 5' in (tmp_path / ".flumespool/.flumepy-set-aside.jsonl").read_text()


@pytest.mark.parametrize(("policy", "body"), [("replace", "b\ufffdd"), ("Ignore", "bd")])
def test_the_other_policies_go_on(tmp_path: Path, policy: str, body: str) -> None:
    write(tmp_path / "a", b"good\nb\xffd\n")
    assert read(tmp_path, lambda c: c.size == 2, decodeErrorPolicy=policy).bodies == [b"good", body.encode()]


def test_a_file_that_is_no_avro_container_is_set_aside(tmp_path: Path) -> None:
    write(tmp_path / "a", "plain\n")
    with Polled(spool(tmp_path, deserializer="avro")) as polled:
        wait_until(lambda: polled.source.counters.event_read_fail)
    assert names(tmp_path) == ["a"]


def test_a_directory_that_vanishes_is_reported_once_and_read_again_when_it_is_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "spool"
    write(directory / "a", "one\n")
    with caplog.at_level(logging.INFO), Polled(spool(directory)) as polled:
        wait_until(lambda: names(directory) == ["a.COMPLETED"])
        directory.rename(tmp_path / "elsewhere")
        wait_until(lambda: "cannot be read" in caplog.text)
        polled.wait_for_rounds(3)
        directory.mkdir()
        write(directory / "b", "two\n")
        wait_until(lambda: polled.channel.size == 2)
    assert caplog.text.count("cannot be read") == polled.source.counters.generic_processing_fail == 1


def test_what_cannot_be_opened_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a", "one\n", 5000)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    write(tmp_path / "z", "two\n", 4_000_000_000)
    assert read(tmp_path, lambda c: b"two" in c.bodies).bodies == [b"one", b"two"]


@pytest.fixture
def ordinary_directory() -> Iterator[Path]:
    """Return a directory of a user whom permissions bind: root gives up its rights for the test."""
    directory = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(directory, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield directory
    finally:
        if is_root:
            os.seteuid(0)
        shutil.rmtree(directory)


def test_a_file_without_permission_is_reported_once_and_read_when_it_has_it(
    ordinary_directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write(ordinary_directory / "a", "one\n", 1000)
    path.chmod(0)
    write(ordinary_directory / "b", "two\n", 2000)
    with Polled(spool(ordinary_directory)) as polled:
        wait_until(lambda: polled.channel.size == 1)
        polled.wait_for_rounds(3)
        path.chmod(0o600)
        wait_until(lambda: polled.channel.size == 2)
    assert polled.channel.bodies == [b"two", b"one"]
    assert caplog.text.count("cannot be opened") == polled.source.counters.event_read_fail == 1


def test_a_directory_that_must_not_be_changed_stops_the_start(ordinary_directory: Path) -> None:
    ordinary_directory.chmod(0o500)
    with pytest.raises(StartError, match="no permission"):
        spool(ordinary_directory).start()
    ordinary_directory.chmod(0o700)


def test_a_missing_directory_stops_the_start_and_nothing_is_made_before(tmp_path: Path) -> None:
    source = spool(tmp_path / "missing")
    with pytest.raises(StartError, match="does not exist"):
        source.start()
    source.stop()
    spool(tmp_path)
    assert list(tmp_path.iterdir()) == []


class ListingClock(FakeClock):
    """A clock that is asked when a directory has been listed."""

    is_asked = False

    def monotonic_s(self) -> float:
        self.is_asked = True
        return super().monotonic_s()


def test_a_new_file_wakes_the_source_before_the_poll_delay(tmp_path: Path) -> None:
    clock = ListingClock()
    settings = {"spoolDir": str(tmp_path), "pollDelay": "600000"}
    with Polled(build(SpooldirSource, settings, builder=catalog, clock=clock)) as polled:
        wait_until(lambda: clock.is_asked, what="the listing without the file")
        (tmp_path / "a").write_text("one\n")
        wait_until(lambda: polled.channel.size)


@pytest.mark.parametrize(
    ("key", "value"),
    [("deletePolicy", "delay"), ("consumeOrder", "newest"), ("decodeErrorPolicy", "x"), ("inputCharset", "nonsense"),
     ("includePattern", "(")],
)  # fmt: skip
def test_values_that_flume_refuses_are_refused(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(ConfigurationError):
        spool(tmp_path, **{key: value})


def test_stop_is_safe_twice_and_without_start(tmp_path: Path) -> None:
    source: Any = spool(tmp_path)
    source.stop()
    source.stop()


class TestLaw(PollableSourceConformance):
    """The conformance suite; each feed is a file that is moved in."""

    @pytest.fixture(autouse=True)
    def _directory(self, tmp_path: Path) -> None:
        self.directory = tmp_path / "spool"
        self.directory.mkdir()
        self.files = 0

    def make(self) -> SpooldirSource:
        return spool(self.directory, maxBackoff="10")

    def feed(self, source: SpooldirSource, bodies: list[bytes]) -> None:  # type: ignore[override]
        self.files += 1
        staged = write(self.directory.parent / "staged", b"".join(body + b"\n" for body in bodies), self.files)
        staged.rename(self.directory / str(self.files))
