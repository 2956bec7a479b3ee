"""The file channel: the law of channels, its limits, full and failing disks, restarts, reports."""

import errno
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from flumepy.channels.file import FileChannel
from flumepy.core.batch import EventBatch
from flumepy.core.errors import BatchTooLargeError, ChannelError, ChannelFullError, StartError, StoppedError
from flumepy.core.offer import Line
from flumepy.event_log.checkpoint import NAME as CHECKPOINT
from flumepy.event_log.put import Put
from flumepy.event_log.store import StoreSettings
from flumepy.log.disk import Disk
from flumepy.testing.conformance import ChannelConformance
from flumepy.testing.conformance.channel_tools import Ends, batch_of, bodies_of, put, take
from flumepy.testing.conformance.component import running
from flumepy.testing.disks import FaultyDisk, GatedDisk, WatchedDisk
from flumepy.testing.fakes import build, wait_until
from flumepy.testing.forgetful_disk import ForgetfulDisk
from tests.channels.file_tools import SmallFileChannel, numbered, settings_of, small_channel


class _Law(ChannelConformance):
    """The suite, on a new folder for each channel."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        self.made = 0

    def channel(self, **more: str) -> SmallFileChannel:
        self.made += 1
        return small_channel(self.folder / str(self.made), **more)

    def make(self) -> SmallFileChannel:
        return self.channel()

    def make_small(self) -> SmallFileChannel:
        return self.channel(**{"capacity": "4", "transactionCapacity": "4", "keep-alive": "0"})

    def make_waiting(self) -> SmallFileChannel:
        return self.channel(**{"capacity": "4", "transactionCapacity": "4", "keep-alive": "60"})


class TestLaw(_Law):
    """Everything spills to disk soon."""


class TestLawInMemory(_Law):
    """Nothing spills."""

    def channel(self, **more: str) -> SmallFileChannel:
        made = super().channel(**more)
        made.hot_bytes = made.segment_bytes = 1 << 20
        return made


class TestLawWithoutSync(_Law):
    """Commits are written, and synced by timer."""

    def channel(self, **more: str) -> SmallFileChannel:
        return super().channel(**{"fsyncPerTransaction": "false", "fsyncInterval": "1", **more})


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[SmallFileChannel]:
    made = small_channel(tmp_path)
    with running(made):
        yield made


def again(tmp_path: Path, **more: str) -> list[bytes]:
    """Return what a new channel finds."""
    with running(small_channel(tmp_path, **more)) as found:
        return take(found, 1000)


def test_events_and_takes_survive_the_end_of_the_process(tmp_path: Path) -> None:
    first = small_channel(tmp_path, transactionCapacity="1000")
    with running(first):
        for start in range(0, 400, 40):
            with first.transaction() as transaction:
                transaction.put(numbered(start, 40))
        assert take(first, 150) == numbered(0, 150).bodies
        with first.transaction() as transaction:
            transaction.take(50)
            transaction.commit(taken=20)
    assert again(tmp_path, transactionCapacity="1000") == numbered(170, 230).bodies


def test_a_full_channel_says_so_in_the_words_of_flume(tmp_path: Path) -> None:
    with running(small_channel(tmp_path, **{"capacity": "3", "transactionCapacity": "3", "keep-alive": "0"})) as full:
        put(full, b"1", b"2", b"3")
        with pytest.raises(ChannelFullError, match=r"The channel has reached it's capacity\..* \[channel=c1\]"):
            put(full, b"4")
        with pytest.raises(BatchTooLargeError, match="Put queue for FileBackedTransaction of capacity 3 full"):
            put(full, b"4", b"5", b"6", b"7")


def test_a_smaller_capacity_than_what_is_queued_lets_takes_go_on(tmp_path: Path) -> None:
    with running(small_channel(tmp_path)) as first:
        put(first, *numbered(0, 10).bodies)
    with running(small_channel(tmp_path, **{"capacity": "4", "transactionCapacity": "4", "keep-alive": "0"})) as second:
        assert second.room() == 0
        with pytest.raises(ChannelFullError):
            put(second, b"more")
        assert [len(take(second, 4)), len(take(second, 4))] == [4, 4]
        put(second, b"more")
        assert take(second, 4) == [*numbered(8, 2).bodies, b"more"]


def test_counters_know_the_state_and_count_open_takes(channel: SmallFileChannel) -> None:
    put(channel, b"1", b"2", b"3")
    with channel.transaction() as transaction:
        transaction.take(2)
        assert (channel.size, channel.undelivered, channel.counters.channel_size) == (1, 3, 3)
        transaction.rollback()
    shown = channel.counters.snapshot()
    assert (shown["Open"], shown["Closed"], shown["Unhealthy"]) == (True, 0, 0)
    assert {"EventPutErrorCount", "EventTakeErrorCount", "CheckpointWriteErrorCount",
            "CheckpointBackupWriteErrorCount"} <= set(shown)  # fmt: skip
    channel.stop()
    shown = channel.counters.snapshot()
    assert (shown["Open"], shown["Closed"], shown["Unhealthy"]) == (False, 1, 0)


def test_the_age_is_that_of_the_put_even_after_a_restart(tmp_path: Path) -> None:
    with running(small_channel(tmp_path)) as first:
        put(first, b"1")
    with running(small_channel(tmp_path)) as second:
        age_s = second.oldest_event_age_s
        assert age_s is not None
        assert 0 <= age_s < 60
        assert second.bytes_queued > 0
        take(second, 1)
        assert second.oldest_event_age_s == 0


def test_two_channels_on_one_directory_are_refused_until_the_first_stops(tmp_path: Path) -> None:
    first = small_channel(tmp_path)
    with running(first):
        for shared in ("checkpointDir", "dataDirs"):
            folders = {"checkpointDir": str(tmp_path / "cp2"), "dataDirs": str(tmp_path / "d2")}
            folders[shared] = settings_of(tmp_path)[shared]
            second = build(SmallFileChannel, {**settings_of(tmp_path), **folders}, name="c2")
            with pytest.raises(StartError, match=r"Cannot lock .* The directory is already locked\."):
                second.start()
            assert second.counters.snapshot()["Unhealthy"] == 1
            second.stop()
    with running(small_channel(tmp_path)) as third:
        put(third, b"1")


def test_one_folder_may_serve_for_everything(tmp_path: Path) -> None:
    folder = str(tmp_path / "all")
    for expected in ([], [b"1"]):
        with running(build(FileChannel, {"checkpointDir": folder, "dataDirs": folder}, name="c1")) as one:
            assert take(one, 10) == expected
            put(one, b"1")


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    made = build(FileChannel, {**settings_of(tmp_path), "dataDirs": str(tmp_path / "file" / "data")}, name="c1")
    with pytest.raises(StartError, match=r"file/data"):
        made.start()
    with pytest.raises(ChannelError, match=r"Channel closed \[channel=c1\]\. Due to .*file/data"):
        put(made, b"1")
    made.stop()
    (tmp_path / "file").unlink()
    with running(made):
        put(made, b"1")


class _FullDisk(Disk):
    """A disk whose space the test sets; files cannot be made beyond it."""

    free = 1 << 40

    def free_bytes(self, folder: Path) -> int:
        return self.free


class _Spacious(SmallFileChannel):
    """Keeps the real minimumRequiredSpace."""

    def store_settings(self) -> StoreSettings:
        return replace(super().store_settings(), minimum_free_bytes=1 << 20)


def fill_up(channel: FileChannel, count: int) -> tuple[int, str]:
    """Put until there is no space; return how many events were put then, `count` before, and the error."""
    for start in range(count, 10_000, 100):
        try:
            put(channel, *numbered(start, 100).bodies)
        except ChannelFullError as error:
            return start, str(error)
    raise AssertionError("the disk was never full")


def test_a_disk_that_is_full_stops_puts_but_never_takes_and_goes_on_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    disk = _FullDisk()
    made = build(_Spacious, settings_of(tmp_path, capacity="100000"), name="c1")
    made.disk = disk
    with running(made):
        put(made, *numbered(0, 100).bodies)
        disk.free = 1 << 19
        count, error = fill_up(made, 100)
        assert "c1: Usable space exhausted, only 524288 bytes remaining, required" in error
        assert made.undelivered == count
        assert made.counters.put_error == 100
        for start in range(0, count, 50):
            assert take(made, 50) == numbered(start, 50).bodies
        put(made, b"room again")
        disk.free = 1 << 40
        for _ in range(20):
            put(made, *numbered(0, 100).bodies)
    assert caplog.text.count("Usable space exhausted") == 1
    assert caplog.text.count("There is space again; puts go on.") == 1


def test_an_empty_channel_on_a_full_disk_uses_its_own_files_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    disk = ForgetfulDisk(space_bytes=12_000)
    made = small_channel(Path("/tight"), disk, capacity="100000", fsyncPerTransaction="true")
    made._caretaker.space_wait_s = 0
    given, got = 0, list[bytes]()

    def is_put() -> bool:
        try:
            put(made, *numbered(given, 50).bodies)
        except ChannelFullError:
            return False
        return True

    with running(made):
        for _ in range(6):
            while is_put():
                given += 50
            while some := take(made, 100):
                got += some
            wait_until(is_put, what="space in the files that nobody needs")
            given += 50
        got += take(made, 100)
        assert got == numbered(0, given).bodies
        created = [name for folder in ("data1", "data2") for name in disk.list(Path("/tight") / folder)]
        assert not [name for name in created if name.endswith(".spare") and int(name[:-6]) > 40], (
            "it does not roll idly"
        )
        left = disk.kill()
    with running(small_channel(Path("/tight"), left, capacity="100000")) as made:
        assert made.size == 0


def test_one_look_for_space_is_enough_however_much_is_left_in_the_last_file() -> None:
    large = b"x" * 1500
    made = small_channel(Path("/one-look"), ForgetfulDisk(space_bytes=12_000))
    with running(made):
        put(made, large)
        put(made, large)
        with pytest.raises(ChannelFullError):
            put(made, large)
        assert take(made, 10) == [large, large]
        made.make_space()
        put(made, large)
        assert take(made, 10) == [large]


def test_takes_one_by_one_go_on_in_the_reserve_when_the_last_file_is_full() -> None:
    made = small_channel(Path("/reserve"), ForgetfulDisk(space_bytes=12_000), capacity="100000")
    with running(made):
        with suppress(ChannelFullError):
            for number in range(10_000):
                put(made, b"%040d" % number)
        count = made.size
        assert 30 < count < 10_000
        for number in range(count):
            assert take(made, 1) == [b"%040d" % number]


def test_that_there_is_space_again_is_said_once_a_later_put_of_that_size_was_stored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    made = small_channel(tmp_path)
    with running(made):
        events = made._ledger.events
        early, refused, late = (Put(numbered(0, 10), None, put_s) for put_s in (1.0, 2.0, 3.0))
        made.tell_full(refused, ChannelFullError("no space"))
        made._ledger.stored(events, 0, early)
        made._ledger.stored(events, 0, Put(numbered(0, 1), None, 3.0))
        assert "There is space again" not in caplog.text
        made._ledger.stored(events, 0, late)
        made._ledger.stored(events, 0, late)
        assert caplog.text.count("There is space again") == 1


class _AllocatingThreads(WatchedDisk):
    """Notes which threads make files."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def before(self, call: str) -> None:
        if call == "allocate":
            self.names.append(threading.current_thread().name)


def test_files_are_made_ahead_and_never_by_the_one_who_puts(tmp_path: Path) -> None:
    disk = _AllocatingThreads()
    made = small_channel(tmp_path, disk)
    made._caretaker.space_wait_s = 0
    with running(made):
        at_start = list(disk.names)
        assert len(at_start) == 2, "one to use and one in reserve"
        for start in range(0, 900, 100):
            files = len(disk.names)
            segments = len(list(tmp_path.glob("data*/*.segment")))
            put(made, *numbered(start, 100).bodies)
            if len(list(tmp_path.glob("data*/*.segment"))) > segments:
                wait_until(lambda files=files: len(disk.names) > files, what="another file")  # type: ignore[misc]
        assert set(disk.names[2:]) == {"channel-c1-space"}


def test_those_behind_a_put_that_found_no_space_fail_with_it(tmp_path: Path) -> None:
    disk = _FullDisk()
    made = build(_Spacious, settings_of(tmp_path, capacity="150"), name="c1")
    made.disk = disk
    with running(made):
        put(made, *numbered(0, 100).bodies)
        put(made, *numbered(100, 40).bodies)
        line, ends = Line(), Ends()
        disk.free = 0
        big = EventBatch([b"x" * 100] * 100)
        made.offer(big, ends, line=line)
        made.offer(batch_of(b"behind"), ends, line=line)
        assert ends.offers == []
        take(made, 100)
        assert [type(offer.error) for offer in ends.wait(2)] == [ChannelFullError, ChannelFullError]
        assert made.undelivered == 40
        assert take(made, 100) == numbered(100, 40).bodies


@pytest.mark.parametrize("call", ["write", "sync"])
def test_a_failing_disk_fails_what_is_open_and_the_channel_opens_again(
    tmp_path: Path, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FaultyDisk()
    made = small_channel(tmp_path, disk)
    with running(made):
        put(made, b"1", b"2", b"3")
        opened = made.transaction()
        opened.__enter__()
        assert bodies_of(opened.take(1)) == [b"1"]
        disk.fail(call)
        with pytest.raises(ChannelError):
            put(made, b"4")
        assert [r.levelname for r in caplog.records if "the disk failed" in r.message] == ["ERROR"]
        wait_until(lambda: made.counters.is_open, what="the reopening")
        assert made.counters.is_healthy
        with pytest.raises(ChannelError, match="they come again"):
            opened.commit()
        opened.rollback()
        got = take(made, 10)
        assert got in ([b"1", b"2", b"3"], [b"1", b"2", b"3", b"4"]), "an unacknowledged put may be there or not"
        assert made.undelivered == 0
        put(made, b"5")
        assert take(made, 10) == [b"5"]
    assert "The channel is open again" in caplog.text


def test_a_take_whose_commit_meets_a_failing_disk_comes_again(tmp_path: Path) -> None:
    disk = FaultyDisk()
    made = small_channel(tmp_path, disk)
    with running(made):
        put(made, b"1", b"2")
        disk.fail("sync")
        with pytest.raises(ChannelError):
            take(made, 1)
        assert made.counters.take_error == 1
        wait_until(lambda: made.counters.is_open, what="the reopening")
        assert take(made, 10) in ([b"1", b"2"], [b"2"])


def test_a_disk_that_stays_broken_is_tried_again_until_it_works_or_the_channel_stops(tmp_path: Path) -> None:
    disk = FaultyDisk()
    made = small_channel(tmp_path, disk)
    with running(made):
        put(made, b"1")
        disk.fail("sync", times=1 << 30)
        disk.fail("read", times=1 << 30)
        with pytest.raises(ChannelError):
            put(made, b"2")
        wait_until(lambda: disk.calls.get("read", 0) >= 2, what="several tries")
        with pytest.raises(ChannelError, match="Channel closed"):
            put(made, b"2")
        disk.heal()
        wait_until(lambda: made.counters.is_open, what="the reopening")
        assert take(made, 1) == [b"1"]
        disk.fail("sync", times=1 << 30)
        with pytest.raises(ChannelError):
            put(made, b"3")
    with pytest.raises(StoppedError):
        put(made, b"4")


@pytest.mark.parametrize("call", ["rename", "sync_folder"])
def test_a_failure_while_files_are_given_back_does_not_undo_the_commit(tmp_path: Path, call: str) -> None:
    disk = FaultyDisk()
    made = small_channel(tmp_path, disk)
    with running(made):
        for start in range(0, 600, 60):
            put(made, *numbered(start, 60).bodies)
        disk.fail(call)
        got: list[bytes] = []
        while len(got) < 600:
            try:
                got += take(made, 50)
            except ChannelError:
                wait_until(lambda: made.counters.is_open, what="the reopening")
        assert got == numbered(0, 600).bodies
        wait_until(lambda: made.counters.is_open, what="the reopening")
        assert made.undelivered == 0


def test_held_room_survives_a_failure_of_the_disk(tmp_path: Path) -> None:
    disk = FaultyDisk()
    made = small_channel(tmp_path, disk, capacity="100")
    with running(made):
        held = made.offer(numbered(0, 60), Ends(), hold=True)
        given_up = made.offer(numbered(0, 10), Ends(), hold=True)
        disk.fail("sync")
        with pytest.raises(ChannelError):
            put(made, b"1")
        wait_until(lambda: made.counters.is_open, what="the reopening")
        take(made, 100)
        assert made.room() == 30
        given_up.withdraw()
        held.commit()
        assert (made.room(), made.size) == (40, 60)


def test_many_offers_share_a_commit_and_end_in_order(channel: SmallFileChannel) -> None:
    ends = Ends()
    offers = [channel.offer(numbered(10 * turn, 10), ends) for turn in range(50)]
    assert ends.wait(50) == offers
    assert [take(channel, 100)[:1] for _ in range(5)] == [numbered(start, 1).bodies for start in range(0, 500, 100)]


def test_the_checkpoint_is_written_by_timer_and_at_the_stop(tmp_path: Path) -> None:
    made = small_channel(tmp_path, checkpointInterval="1", useDualCheckpoints="true",
                         backupCheckpointDir=str(tmp_path / "backup"))  # fmt: skip
    files = [tmp_path / "checkpoint" / CHECKPOINT, tmp_path / "backup" / CHECKPOINT]
    with running(made):
        assert not any(file.exists() for file in files)
        put(made, b"1")
        wait_until(lambda: all(file.exists() for file in files), what="the checkpoints")
        before = [file.read_bytes() for file in files]
        put(made, b"2")
    assert all(file.read_bytes() != old for file, old in zip(files, before, strict=True))


def test_without_checkpoint_on_close_there_is_none(tmp_path: Path) -> None:
    made = small_channel(tmp_path, checkpointOnClose="false")
    made._caretaker.first_save_s = 30
    with running(made):
        put(made, b"1")
    assert not (tmp_path / "checkpoint" / CHECKPOINT).exists()
    assert again(tmp_path) == [b"1"]


@pytest.mark.parametrize("damage", ["checkpoint lost", "checkpoint damaged", "both lost", "both damaged"])
def test_a_lost_or_damaged_checkpoint_loses_nothing(tmp_path: Path, damage: str) -> None:
    dual = {"useDualCheckpoints": "true", "backupCheckpointDir": str(tmp_path / "backup")}
    with running(small_channel(tmp_path, **dual)) as made:
        put(made, *numbered(0, 90).bodies)
        take(made, 30)
    for folder in ("checkpoint", "backup")[: 2 if "both" in damage else 1]:
        path = tmp_path / folder / CHECKPOINT
        if "lost" in damage:
            path.unlink()
        else:
            path.write_bytes(b"x" * 8192)
    assert again(tmp_path, **dual) == numbered(30, 60).bodies


def test_a_log_without_a_checkpoint_and_the_reverse_are_explained(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with running(small_channel(tmp_path)) as made:
        put(made, *numbered(0, 10).bodies)
    (tmp_path / "checkpoint" / CHECKPOINT).rename(tmp_path / "kept")
    assert again(tmp_path) == numbered(0, 10).bodies
    assert f"there is no checkpoint in {tmp_path}/checkpoint, so the whole log in {tmp_path}/data1" in caplog.text
    (tmp_path / "kept").rename(tmp_path / "checkpoint" / CHECKPOINT)
    for segment in tmp_path.glob("data*/*.segment"):
        segment.unlink()
    caplog.clear()
    assert again(tmp_path) == []
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "knows of 10 events, but there is no log in dataDirs" in errors[0]
    caplog.clear()
    assert again(tmp_path) == []


def test_a_checkpoint_that_cannot_be_written_is_counted_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FaultyDisk()
    made = small_channel(tmp_path, disk, useDualCheckpoints="true", backupCheckpointDir=str(tmp_path / "backup"))
    with running(made):
        for body in (b"1", b"2"):
            put(made, body)
            disk.fail("create", errno.EACCES, times=2)
            made.save()
        assert (made.counters.checkpoint_error, made.counters.backup_error) == (2, 2)
        assert caplog.text.count("cannot be written") == 1
        assert take(made, 10) == [b"1", b"2"]


def test_commits_that_do_not_sync_are_synced_by_timer(tmp_path: Path) -> None:
    disk = FaultyDisk()
    made = small_channel(tmp_path, disk, fsyncPerTransaction="false", fsyncInterval="1")
    assert made.durability == "crash-safe"
    with running(made):
        put(made, b"1")
        before = disk.calls["sync"]
        put(made, b"2")
        assert disk.calls["sync"] == before
        wait_until(lambda: disk.calls["sync"] > before, what="the sync")
    assert again(tmp_path) == [b"1", b"2"]


def test_what_a_failed_sync_has_dropped_stays_readable_and_survives_the_next_power_cut() -> None:
    disk = ForgetfulDisk(block_bytes=512)
    folder = Path("/dropped")
    made = small_channel(folder, disk, fsyncPerTransaction="false", fsyncInterval="3600")
    made.hot_bytes = 0  # events are read back
    with running(made):
        put(made, *numbered(0, 60).bodies)
        disk.fail_sync(seed=1)
        made.sync()
        wait_until(lambda: not made.counters.is_healthy, what="the failure")
        wait_until(lambda: made.counters.is_healthy, what="the reopening")
        disk.evict()
        assert take(made, 20) == numbered(0, 20).bodies
        left = disk.crash(0)
    with running(small_channel(folder, left)) as made:
        assert take(made, 100)[-40:] == numbered(20, 40).bodies


def test_a_reload_makes_a_new_channel_that_finds_everything(tmp_path: Path) -> None:
    old = small_channel(tmp_path)
    old.start()
    put(old, b"1", b"2")
    new = small_channel(tmp_path, capacity="500")
    assert not new.is_reusable
    old.stop()
    with running(new):
        assert take(new, 10) == [b"1", b"2"]


def test_puts_of_many_threads_lead_and_follow(channel: SmallFileChannel) -> None:
    def fill(name: int) -> None:
        for turn in range(20):
            put(channel, f"{name}-{turn}".encode())

    threads = [threading.Thread(target=fill, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    got = take(channel, 100) + take(channel, 100)
    for name in range(8):
        assert [body for body in got if body.startswith(b"%d-" % name)] == [b"%d-%d" % (name, n) for n in range(20)]


def test_an_offer_that_waits_behind_one_that_fails_ends_with_it(tmp_path: Path) -> None:
    faulty = FaultyDisk()
    disk = GatedDisk(faulty)
    with running(
        small_channel(tmp_path, disk, capacity="3", transactionCapacity="3", **{"keep-alive": "60"})
    ) as channel:
        put(channel, b"1")
        line, ends = Line(), Ends()
        disk.hold()
        first = channel.offer(batch_of(b"2", b"3"), ends, line=line)
        behind = channel.offer(batch_of(b"4"), ends, line=line)
        assert (first.is_done, behind.is_done) == (False, False)
        faulty.fail("sync")
        disk.free()
        ends.wait(2)
        assert ends.offers == [first, behind]
        assert isinstance(first.error, ChannelError)
        assert behind.error is first.error  # at once, not when the log is open again


def test_a_small_put_does_not_overtake_a_large_one_that_waits_for_room(tmp_path: Path) -> None:
    more = {"capacity": "10", "transactionCapacity": "10", "keep-alive": "60"}
    large = [b"l1", b"l2", b"l3", b"l4", b"l5"]
    with running(small_channel(tmp_path, **more)) as channel:
        put(channel, *[b"%d" % number for number in range(8)])
        channel.offer(batch_of(*large), Ends())
        small = threading.Thread(target=lambda: put(channel, b"small"))
        small.start()
        wait_until(lambda: len(channel._waiting) == 2, what="both puts in the line")
        assert len(take(channel, 8)) == 8
        small.join(10)
        wait_until(lambda: channel.size == 6)
        assert take(channel, 10) == [*large, b"small"]
