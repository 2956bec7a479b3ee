"""Event files: whatever an event holds comes back as it was, in every form that holds all of it."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flumepy.core.batch import Event, EventBatch
from flumepy.core.errors import InputError
from flumepy.log_tools import event_files
from flumepy.log_tools.event_files import EventWriter, new_file, read_batches

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EVENTS = st.lists(st.builds(Event, st.binary(max_size=40), st.dictionaries(TEXT, TEXT, max_size=3)), max_size=30)


def written(path: Path, form: str, batches: list[EventBatch]) -> Path:
    writer = EventWriter(form)
    with new_file(path, force=True) as file:
        file.write(writer.begin())
        for batch in batches:
            file.write(writer.encode(batch))
        file.write(writer.end())
    return path


@pytest.mark.parametrize("form", ["jsonl", "avro"])
@settings(max_examples=80, deadline=None)
@given(events=EVENTS)
def test_events_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, form: str, events: list[Event]
) -> None:
    path = written(tmp_path_factory.mktemp("f") / "f", form, [EventBatch.from_events(events)])
    found = [event for batch in read_batches([path], None) for event in batch.events()]
    assert found == events


@pytest.mark.parametrize("form", ["jsonl", "avro", "lines"])
def test_files_are_read_in_the_same_small_batches_each_time(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_files, "BATCH_BYTES", 1000)
    batches = [EventBatch([b"%0300d" % number for number in range(10)])]
    paths = [written(tmp_path / name, form, batches) for name in "ab"]
    sizes = [len(batch) for batch in read_batches(paths, form)]
    assert sizes == [3, 3, 3, 1] * 2
    done: list[int] = []
    assert sum(map(len, read_batches(paths, form, done.append))) == 20
    assert sum(done) <= sum(path.stat().st_size for path in paths)


@pytest.mark.parametrize("cut", [1, 30, 60])
def test_an_avro_file_that_is_cut_off_is_named(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "f", "avro", [EventBatch([b"x" * 50] * 100)])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(InputError, match=f"{path}: .*cut off"):
        list(read_batches([path], None))


def test_a_block_that_ends_in_a_failure_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with new_file(tmp_path / "f", force=False) as file:
            file.write(b"half")
            raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"), new_file(tmp_path / "no" / "f", force=False):
        pass


def put(path: Path, *, force: bool = False) -> None:
    with new_file(path, force=force) as file:
        file.write(b"new")


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for force in (False, True):
            put(pipe, force=force)
            assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_device_behind_a_link_is_written_into_and_both_stay(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    for force in (False, True):
        put(link, force=force)
    assert link.is_symlink()
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_an_open_descriptor_is_written_into_where_it_stands(tmp_path: Path, name: str) -> None:
    with (tmp_path / "f").open("wb", buffering=0) as file:
        file.write(b"old ")
        put(Path(name.format(file.fileno())))
    assert (tmp_path / "f").read_bytes() == b"old new"


def test_whoever_reads_a_pipe_may_stop(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        put(Path(f"/dev/fd/{writer}"))
    os.close(writer)


def test_a_full_device_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"^/dev/full cannot be written: No space left on device$"):
        put(Path("/dev/full"))


def test_behind_a_link_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "f", tmp_path / "link"
    link.symlink_to("there/f")
    put(link)  # the target does not exist yet
    assert target.read_bytes() == b"new"
    target.write_bytes(b"mine")
    with pytest.raises(InputError, match=f"^{link} exists; --force overwrites it$"):
        put(link)
    before = target.stat().st_ino
    put(link, force=True)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert target.stat().st_ino != before
    assert [path.name for path in target.parent.iterdir()] == ["f"]


@pytest.mark.parametrize("force", [False, True])
def test_a_directory_is_not_overwritten(tmp_path: Path, force: bool) -> None:
    with pytest.raises(InputError, match=f"^{tmp_path} is a directory; name a file$"):
        put(tmp_path, force=force)


def test_errors_name_the_file_that_was_named_and_the_reason_alone(tmp_path: Path) -> None:
    path = tmp_path / "no" / "f"
    with pytest.raises(InputError, match=f"^{path} cannot be written: No such file or directory$"):
        put(path)
    for form in (None, "lines"):
        with pytest.raises(InputError, match=f"^{path} cannot be read: No such file or directory$"):
            list(read_batches([path], form))
