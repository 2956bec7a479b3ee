"""`flumepy channel import`: what it refuses, what it says, and how an import that failed is brought to its end."""

from pathlib import Path

import pytest

from flumepy.event_log.checkpoint import Checkpoint, CheckpointFile
from flumepy.log.disk import Disk
from tests.cli.channels import channel, events_of
from tests.log_tools.stored import stored, write_log

CONFIGURATION = """
a1.channels = c1
a1.sources = r1
a1.sources.r1.type = seq
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.channels.c1.checkpointDir = {folder}/cp
a1.channels.c1.dataDirs = {folder}/log
a1.channels.c1.capacity = {capacity}
a1.channels.c1.transactionCapacity = 2
a1.channels.c1.maxFileSize = 1048576
a1.channels.c1.minimumRequiredSpace = 1048576
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The directory of a log with three events."""
    write_log([tmp_path / "log"], 1)
    return tmp_path / "log"


def lines(path: Path, *numbers: int, bad: int = -1) -> Path:
    path.write_text("".join("bad\n" if number == bad else f'{{"body":"{number}"}}\n' for number in range(*numbers)))
    return path


def bodies(log: Path) -> list[str]:
    out = log.with_name("out.jsonl")
    assert channel("export", log, "-o", out, "--force").exit_code == 0
    return [event["body"] for event in events_of(out)][3:]


def markers(log: Path) -> list[Path]:
    return list(log.glob("flumepy.import*"))


def test_directories_that_are_not_there_are_named(log: Path, tmp_path: Path) -> None:
    source = lines(tmp_path / "e.jsonl", 1)
    missing = tmp_path / "new" / "cp"
    for folders in ([missing, tmp_path / "new" / "d"], [missing, log]):
        result = channel("import", *folders, source)
        assert (result.exit_code, result.stderr) == (2, f"Error: {missing} is no directory\n")
    assert not missing.parent.exists()
    assert "Name the directories of a channel" in channel("import", source).stderr


def test_a_file_that_is_not_there_is_named_with_the_reason_alone(log: Path, tmp_path: Path) -> None:
    missing = tmp_path / "nofile"
    result = channel("import", log, missing)
    assert (result.exit_code, result.stderr) == (2, f"Error: {missing} cannot be read: No such file or directory\n")
    assert markers(log) == []


@pytest.mark.parametrize("left", [(), ("in_use.lock",), ("java-20260101-120000", "lost+found", "damaged")])
def test_an_empty_data_directory_does_not_hinder(log: Path, tmp_path: Path, left: tuple[str, ...]) -> None:
    checkpoint, other = tmp_path / "cp", tmp_path / "d2"
    checkpoint.mkdir()
    other.mkdir()
    for name in left:
        if name.endswith("lock"):
            (other / name).touch()
        else:
            (other / name).mkdir()
    identity = stored(log).log_id
    assert identity is not None
    CheckpointFile(checkpoint, Disk()).write(Checkpoint(identity, 0, 0, 0, 0))
    result = channel("import", checkpoint, other, log, lines(tmp_path / "e.jsonl", 2))
    assert (result.exit_code, result.output) == (0, "2 events imported\n")
    assert bodies(log) == ["0", "1"]
    assert {path.name for path in other.iterdir()} == {*left, "in_use.lock"}


def test_an_interrupted_import_with_its_marker_in_the_empty_directory_goes_on(log: Path, tmp_path: Path) -> None:
    other, source = tmp_path / "d2", lines(tmp_path / "e.jsonl", 1500, bad=1400)
    other.mkdir()
    channel("import", log, source)
    (marker,) = markers(log)
    marker.rename(other / marker.name)
    result = channel("import", other, log, source)
    assert result.stderr.splitlines()[1] == "1000 events had been imported before the interruption"
    lines(source, 1500)
    assert channel("import", other, log, source, "--anew", "--skip", "1000").output == "500 events imported\n"
    assert bodies(log) == [str(number) for number in range(1500)]
    assert markers(other) == []


def test_a_directory_with_files_of_something_else_is_refused(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "home"
    other.mkdir()
    (other / "letter").touch()
    result = channel("import", log, other, lines(tmp_path / "e.jsonl", 1))
    assert result.exit_code == 2
    assert f"{other} holds no segment" in result.stderr


def test_a_file_of_which_nothing_went_in_stands_in_nobodys_way(log: Path, tmp_path: Path) -> None:
    bad = lines(tmp_path / "e.lines", 3, bad=0)
    result = channel("import", log, bad)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert markers(log) == []
    assert channel("import", log, lines(tmp_path / "e.jsonl", 2)).output == "2 events imported\n"
    assert channel("import", log, bad, "--format", "lines").output == "3 events imported\n"


def test_a_marker_without_events_does_not_hinder_either(log: Path, tmp_path: Path) -> None:
    bad = lines(tmp_path / "bad.jsonl", 1500, bad=1400)
    channel("import", log, bad)
    (marker,) = markers(log)
    left = marker.read_bytes()
    write_log([tmp_path / "other"], 1)
    (tmp_path / "other" / marker.name).write_bytes(left)  # the other log ends where this import began
    assert channel("import", tmp_path / "other", lines(tmp_path / "e.jsonl", 2)).output == "2 events imported\n"
    assert markers(tmp_path / "other") == []


@pytest.mark.parametrize("options", [(), ("--skip", "100")])
def test_the_rest_of_a_file_with_a_bad_line_goes_in_as_the_message_says(
    log: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    source = lines(tmp_path / "e.jsonl", 3000, bad=2500)
    skip = int(options[1]) if options else 0
    first = channel("import", log, source, *options)
    again = channel("import", log, source, *options)
    assert (first.exit_code, again.exit_code) == (2, 2)
    advice = "correct the file, then import the rest with --anew --skip 2000"
    assert f"\n{2000 - skip} events went in; {advice}\n" in first.stderr
    assert f"\n0 events went in; {advice}\n" in again.stderr
    lines(source, 3000)
    changed = channel("import", log, source, *options)
    assert "what it reads has changed, so import the rest with --anew --skip 2000" in changed.stderr
    assert channel("import", log, source, "--anew", "--skip", "2000").output == "1000 events imported\n"
    assert bodies(log) == [str(number) for number in range(skip, 3000)]
    assert markers(log) == []


@pytest.mark.parametrize(("capacity", "warns"), [(5, True), (6, False)])
def test_a_channel_that_is_filled_beyond_its_capacity_is_said(
    log: Path, tmp_path: Path, capacity: int, warns: bool
) -> None:
    configuration = tmp_path / "agent.conf"
    configuration.write_text(CONFIGURATION.format(folder=tmp_path, capacity=capacity))
    source = lines(tmp_path / "e.jsonl", 3)
    result = channel("import", "-f", configuration, "-n", "a1", "--channel", "c1", source)
    assert (result.exit_code, result.stdout) == (0, "3 events imported\n")
    said = "Warning: the channel holds 6 events now, its capacity is 5; the agent delivers them all, and puts wait"
    assert result.stderr.startswith(said) == warns
    assert bool(result.stderr) == warns
