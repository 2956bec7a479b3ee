"""What is live: whatever was put, taken, rolled back and saved, the reader finds what Flume still owes, in order."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flumepy.core.batch import Event
from flumepy.core.errors import InputError
from flumepy.formats.flume_log import JavaDirectories, Replay
from tests.formats.flume_log.writer import JavaChannel


def directories(channel: JavaChannel, *, backup: bool = False, tolerant: bool = False) -> JavaDirectories:
    backup_dir = channel.backup_dir if backup else None
    return JavaDirectories(channel.checkpoint_dir, channel.data_dirs, backup_dir, tolerant=tolerant)


def bodies(replay: Replay) -> list[bytes]:
    found = [body for batch in replay.batches(3, 200) for body in batch.bodies]
    assert replay.live_count == len(found)
    return found


STEP = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 4)),
    st.tuples(st.just("put more"), st.integers(1, 2)),
    st.tuples(st.just("end put"), st.integers(0, 1)),
    st.tuples(st.just("take"), st.integers(0, 4)),
    st.tuples(st.just("end take"), st.integers(0, 5)),
    st.tuples(st.just("checkpoint"), st.just(0)),
    st.tuples(st.just("backup"), st.just(0)),
    st.tuples(st.just("roll"), st.just(0)),
)


class Story:
    """Carries out steps that make sense at their time."""

    def __init__(self, channel: JavaChannel) -> None:
        self.channel = channel
        self.made = 0

    def bodies(self, count: int) -> list[bytes]:
        self.made += count
        return [b"event %d" % number for number in range(self.made - count, self.made)]

    def step(self, what: str, number: int) -> None:
        channel = self.channel
        putting, taking = list(channel.open_puts), list(channel.open_takes)
        if what == "put" and not putting and len(channel.events) < channel.capacity - 4:
            channel.begin_put(*self.bodies(number))
        elif what == "put more" and putting and len(channel.events) < channel.capacity - 4:
            for body in self.bodies(number):
                channel.put_more(putting[0], body)
        elif what == "end put" and putting:
            (channel.commit if number else channel.rollback)(putting[0])
        elif what == "take":
            channel.begin_take(number)
        elif what == "end take" and taking:
            (channel.commit if number % 2 else channel.rollback)(taking[number % len(taking)])
        elif what in ("checkpoint", "roll"):
            getattr(channel, what)()
        elif what == "backup":
            channel.checkpoint(channel.backup_dir)
            (channel.backup_dir / "backupComplete").touch()


@settings(max_examples=150, deadline=None)
@given(folders=st.integers(1, 3), steps=st.lists(STEP, max_size=40))
def test_a_crash_at_any_time_leaves_what_was_committed_and_not_delivered(
    folders: int, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as root:
        channel = JavaChannel(Path(root), folders)
        story = Story(channel)
        for what, number in steps:
            story.step(what, number)
        channel.save()
        assert bodies(directories(channel).replay()) == channel.expected()
        shutil.rmtree(channel.checkpoint_dir)
        assert bodies(directories(channel, backup=True).replay()) == channel.expected()
        assert bodies(directories(channel).replay()) == channel.expected()


def test_a_take_that_is_rolled_back_after_the_checkpoint_and_taken_again_is_delivered_once(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(b"a", b"b")
    take = channel.begin_take(1)
    channel.checkpoint()
    channel.rollback(take)
    channel.take(1)
    channel.save()
    # Flume's own replay would deliver "a" again.
    assert bodies(directories(channel).replay()) == [b"b"]


def test_takes_in_flight_at_the_checkpoint_go_back_to_the_head_as_they_were_put(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path, folders=2)
    for number in range(6):
        channel.put(b"%d" % number)
    channel.begin_take(2)
    channel.begin_take(2)
    channel.checkpoint()
    channel.save()
    assert bodies(directories(channel).replay()) == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_a_take_in_flight_goes_behind_an_earlier_one_that_was_rolled_back(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(b"0", b"1", b"2")
    earlier = channel.begin_take(1)
    channel.begin_take(1)
    channel.rollback(earlier)
    channel.checkpoint()
    channel.save()
    assert bodies(directories(channel).replay()) == [b"0", b"1", b"2"]


def test_headers_come_back_and_a_null_value_is_empty_text(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(b"1", b"2", headers={"größe": "1 €", "none": None})
    channel.put(b"", headers={"big": "x" * 300})
    channel.save()
    (batch,) = directories(channel).replay().batches(10, 10_000)
    assert list(batch.events()) == [
        Event(b"1", {"größe": "1 €", "none": ""}), Event(b"2", {"größe": "1 €", "none": ""}),
        Event(b"", {"big": "x" * 300}),
    ]  # fmt: skip


def test_batches_keep_to_their_limits_but_carry_one_event_at_least(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(b"a" * 50, b"b" * 50, b"c" * 5000, b"d", b"e")
    channel.save()
    replay = directories(channel).replay()
    assert [len(batch) for batch in replay.batches(2, 1_000_000)] == [2, 2, 1]
    assert [len(batch) for batch in replay.batches(100, 1000)] == [2, 1, 2]


def test_an_event_larger_than_what_is_read_at_once_is_read_whole(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    body = bytes(range(256)) * 4096
    channel.put(b"before")
    channel.put(body)
    channel.put(b"after")
    channel.save()
    assert bodies(directories(channel).replay()) == [b"before", body, b"after"]


def test_many_files_are_not_all_open_at_once(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    for number in range(40):
        channel.put(b"%d" % number)
        channel.roll()
    channel.save()
    assert bodies(directories(channel).replay()) == [b"%d" % number for number in range(40)]


def test_a_missing_data_file_is_an_error_unless_damage_is_tolerated(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(b"lost", b"too")
    channel.roll()
    channel.put(b"kept")
    channel.checkpoint()
    channel.save()
    channel.files[0].path.unlink()
    with pytest.raises(InputError) as raised:
        directories(channel).replay()
    assert str(raised.value).startswith(
        "log-1 is missing, and 2 events in it were not delivered yet;"
        f" looked for in dataDirs ({channel.data_dirs[0]}). Nothing was imported;"
    )
    assert "fsyncPerTransaction = false" in str(raised.value)
    replay = directories(channel, tolerant=True).replay()
    assert bodies(replay) == [b"kept"]
    assert (replay.corrupt, replay.problems) == (
        2, ["log-1 is missing; 2 events that were not delivered yet are lost with it."],
    )  # fmt: skip


def test_a_copy_of_a_file_in_another_folder_is_refused(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path, folders=2)
    channel.put(b"a")
    channel.save()
    shutil.copy(channel.files[1].path, channel.data_dirs[0])
    with pytest.raises(InputError, match="have the same number; one of them is a copy"):
        directories(channel).replay()


def test_a_folder_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(b"a")
    channel.save()
    folder = channel.data_dirs[0]
    assert bodies(JavaDirectories(channel.checkpoint_dir, [folder, folder / ".." / folder.name]).replay()) == [b"a"]


def test_directories_without_java_files_hold_nothing(tmp_path: Path) -> None:
    java = JavaDirectories(tmp_path / "none", [tmp_path])
    assert (java.exists(), java.files()) == (False, [])
    (tmp_path / "in_use.lock").touch()
    (tmp_path / "log-x").touch()
    assert (java.exists(), java.files()) == (False, [])


def test_all_java_files_are_listed_to_be_moved_aside(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path, folders=2)
    channel.checkpoint()
    channel.checkpoint(channel.backup_dir)
    channel.save()
    names = [
        "checkpoint/checkpoint",
        "checkpoint/checkpoint.meta",
        "checkpoint/inflightputs",
        "checkpoint/inflighttakes",
    ]
    names += [name.replace("checkpoint/", "backup/", 1) for name in names]
    names += ["data0/log-1", "data0/log-1.meta", "data1/log-2", "data1/log-2.meta"]
    more = ["checkpoint/queueset", "backup/backupComplete", "backup/checkpoint.snappy"]
    more += [
        "data0/log-1.meta.tmp",
        "data0/log-1.meta.meta.old",
        "data0/log-1.meta.old",
        "data0/log-1.tmp",
        "data1/log-2.bak",
    ]
    for name in [*more, "data0/in_use.lock", "data0/notes.txt", "checkpoint/in_use.lock"]:
        (tmp_path / name).touch()
    java = directories(channel, backup=True)
    assert java.exists()
    assert sorted(java.files()) == sorted(tmp_path / name for name in [*names, *more])
