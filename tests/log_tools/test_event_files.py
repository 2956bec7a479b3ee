"""Event files: whatever an event holds comes back as it was, in every form that holds all of it."""

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
