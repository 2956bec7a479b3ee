"""`flumepy channel repair`: what it says, and that the next start of a real agent says nothing."""

import json
from pathlib import Path

import pytest

from flumepy.event_log.checkpoint import Checkpoint, CheckpointFile
from flumepy.event_log.frames import take_frame
from flumepy.event_log.recovery import recover
from flumepy.log.disk import Disk
from flumepy.log.frame import NativeFormat
from flumepy.log.log import Log
from flumepy.log.segment import HEADER_BYTES
from flumepy.log.shelf import ShelfSettings
from flumepy.log_tools.folders import read_checkpoint
from flumepy.log_tools.survey import survey
from tests.cli.channels import channel, java_folders
from tests.cli.running import running
from tests.cli.test_channel_read import SEQUENCE, wait_for_the_sequence
from tests.log_tools.stored import SEGMENT_BYTES, stored, write_log


def broken(folder: Path, *offsets: int) -> Path:
    write_log([folder], 90)
    path = folder / f"{0:020d}.segment"
    data = bytearray(path.read_bytes())
    for offset in offsets:
        data[offset] ^= 1
    path.write_bytes(data)
    return path


def test_a_dry_run_says_what_would_be_done_and_the_repair_what_was(tmp_path: Path) -> None:
    path = broken(tmp_path, 3, HEADER_BYTES + 70)
    before = path.read_bytes()
    result = channel("repair", tmp_path, "--dry-run")
    assert result.exit_code == 0
    assert f"{path}: 512 bytes at offset 0: the header is damaged" in result.output
    assert result.output.splitlines()[-1] == ("Places to repair: 2; events lost in them: 3. Nothing was changed")
    assert path.read_bytes() == before
    result = channel("repair", tmp_path)
    assert f"set aside as {tmp_path}/damaged/{path.name}.offset-512" in result.output
    assert "Places repaired: 2; events lost: 3; bytes set aside: 627\n" in result.output
    assert channel("repair", tmp_path).output == "Nothing to repair\n"
    assert channel("verify", tmp_path).exit_code == 0
    assert "what repairs have set aside" in channel("ls", tmp_path).output


def test_damaged_bytes_go_to_the_folder_that_is_named(tmp_path: Path) -> None:
    path = broken(tmp_path / "log", HEADER_BYTES + 70)
    channel("repair", tmp_path / "log", "--aside", tmp_path / "aside")
    assert [file.name for file in (tmp_path / "aside").iterdir()] == [f"{path.name}.offset-512"]


def test_a_missing_segment_is_left_until_it_is_given_up(tmp_path: Path) -> None:
    write_log([tmp_path], 200)
    stored(tmp_path).segments[1][1].unlink()
    result = channel("repair", tmp_path)
    assert result.exit_code == 1
    assert "name all data directories, or give it up with --give-up-missing" in result.output
    assert channel("repair", tmp_path, "--give-up-missing").exit_code == 0
    assert channel("verify", tmp_path).exit_code == 0


def test_a_checkpoint_goes_where_damage_may_have_cost_queued_events(tmp_path: Path) -> None:
    for name, start, stays in (("behind", 632, True), ("before", 512, False), ("at", 0, False)):
        data, checkpoint = tmp_path / name / "log", tmp_path / name / "cp"
        broken(data, HEADER_BYTES + 520)
        checkpoint.mkdir()
        identity = stored(data).log_id
        assert identity is not None
        found = Checkpoint(identity, start, start, start, 0)
        CheckpointFile(checkpoint, Disk()).write(found)
        channel("repair", data, checkpoint)
        assert (read_checkpoint(checkpoint) == found) is stays


def cut_short(tmp_path: Path, size: int, *, taken: int = 0) -> tuple[Path, Path, int]:
    """Leave a log of 220 puts of 3 events with a checkpoint behind them, its last segment cut off; return its folders
    and how many events its segments still hold."""
    data, checkpoint = tmp_path / "log", tmp_path / "cp"
    write_log([data], 220)
    log = Log(ShelfSettings((data,), segment_bytes=SEGMENT_BYTES), NativeFormat(), name="c1")
    log.open()
    ticket = log.append(take_frame(taken, []))
    ticket.wait()
    position, identity = ticket.position, log.identity
    log.close()
    checkpoint.mkdir()
    CheckpointFile(checkpoint, Disk()).write(Checkpoint(identity, position, position, 0, 660 - taken))
    path = stored(data).segments[-1][1]
    with path.open("r+b") as file:
        file.truncate(size)
    return data, checkpoint, survey(stored(data)).puts


@pytest.mark.parametrize("size", [0, 100, HEADER_BYTES, HEADER_BYTES + 10, HEADER_BYTES + 200])
@pytest.mark.parametrize("taken", [0, 20])
def test_the_witness_of_a_missing_end_stays_until_it_is_given_up(tmp_path: Path, size: int, taken: int) -> None:
    data, checkpoint, left = cut_short(tmp_path, size, taken=taken)
    # The TAKE frame of the checkpoint is lost too, so that less is known than was.
    known = 660 - taken - left
    assert known > 0
    seen = read_checkpoint(checkpoint)
    assert seen is not None
    result = channel("verify", data, checkpoint)
    assert f"events lost: at least {known}" in result.output
    assert f"at least {known} events are lost" in result.output
    figures = json.loads(channel("stats", data, checkpoint, "--format", "json").output)
    assert figures["figures_are_least"]
    assert (figures["put_since_ever"], figures["lost_events"]) == (660 - taken, known)
    result = channel("repair", data, checkpoint)
    assert result.exit_code == 1
    assert "Left as it is" in result.output
    kept = read_checkpoint(checkpoint)
    assert kept is not None
    assert (kept.log_id, kept.summary, kept.queued) == (seen.log_id, seen.summary, seen.queued)
    again = channel("verify", data, checkpoint)
    assert again.exit_code == 1
    assert "the checkpoint has seen the log reach" in again.output
    assert channel("repair", data, checkpoint, "--give-up-missing").exit_code == 0
    assert read_checkpoint(checkpoint) is None
    last = channel("verify", data, checkpoint)
    assert (last.exit_code, last.output.splitlines()[-1]) == (0, "No damage")


def test_a_repair_beside_a_missing_end_keeps_the_witness_for_a_start_that_reads_everything(tmp_path: Path) -> None:
    data, checkpoint, _ = cut_short(tmp_path, 100_000)
    path = data / f"{0:020d}.segment"
    damaged = bytearray(path.read_bytes())
    damaged[HEADER_BYTES + 70] ^= 1
    path.write_bytes(damaged)
    last = stored(data).segments[-1][1]
    elsewhere = last.rename(tmp_path / last.name)
    result = channel("repair", data, checkpoint)
    assert "The checkpoint is kept, since it knows what is missing" in result.output
    result = channel("verify", data, checkpoint)
    assert result.exit_code == 1
    assert "the checkpoint has seen the log reach" in result.output
    elsewhere.rename(last)
    assert channel("verify", data, checkpoint).exit_code == 0
    recovered = recover(
        lambda: Log(ShelfSettings((data,), segment_bytes=SEGMENT_BYTES), NativeFormat(), name="c1"),
        read_checkpoint(checkpoint),
    )
    recovered.log.close()
    assert (recovered.queued, recovered.lost) == (657, 0)


def test_a_checkpoint_whose_whole_log_is_missing_stays_until_it_is_given_up(tmp_path: Path) -> None:
    data, checkpoint, _ = cut_short(tmp_path, 0)
    for path in data.glob("*.segment"):
        path.unlink()
    result = channel("repair", data, checkpoint)
    assert result.exit_code == 2
    assert "there is no segment; name all data directories, or give them up with --give-up-missing" in result.stderr
    assert "events lost: unknown" in channel("verify", data, checkpoint).output
    assert channel("repair", data, checkpoint, "--give-up-missing").exit_code == 0
    assert read_checkpoint(checkpoint) is None


def test_the_checkpoint_of_another_channel_is_left_alone(tmp_path: Path) -> None:
    data, checkpoint = tmp_path / "log", tmp_path / "cp"
    broken(data, HEADER_BYTES + 520)
    checkpoint.mkdir()
    found = Checkpoint(b"i" * 16, 0, 9000, 0, 7)
    CheckpointFile(checkpoint, Disk()).write(found)
    assert channel("repair", data, checkpoint).exit_code == 0
    assert read_checkpoint(checkpoint) == found


def test_a_damaged_checkpoint_goes_too(tmp_path: Path) -> None:
    data, checkpoint = tmp_path / "log", tmp_path / "cp"
    write_log([data], 3)
    checkpoint.mkdir()
    (checkpoint / "flumepy.checkpoint").write_bytes(b"x" * 8192)
    assert channel("repair", data, checkpoint).exit_code == 0
    assert channel("verify", data, checkpoint).exit_code == 0


def test_a_java_agents_directories_are_for_the_integrity_tool(tmp_path: Path) -> None:
    folders = java_folders("live", tmp_path)
    result = channel("repair", *folders)
    assert result.exit_code == 2
    assert f"`flumepy tool FCINTEGRITYTOOL -l {folders[0]},{folders[1]}`" in result.stderr


def test_an_agent_that_starts_on_a_repaired_log_says_nothing_about_damage(tmp_path: Path) -> None:
    conf = tmp_path / "agent.conf"
    conf.write_text(SEQUENCE.format(folder=tmp_path))
    arguments = ("--conf-file", str(conf), "--name", "a1")
    with running(tmp_path, *arguments) as agent:
        wait_for_the_sequence(agent, tmp_path)
        agent.end()
    [path] = (tmp_path / "d1").glob("*.segment")
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 100] ^= 1
    path.write_bytes(data)
    named = ("-f", conf, "-n", "a1", "--channel", "c1")
    output = channel("repair", *named).output
    lost = int(output.split("events lost: ")[1].split(";")[0])
    assert lost > 0
    with running(tmp_path, *arguments) as agent:
        agent.wait_for(f"Queue Size after replay: {1000 - lost} ")
        agent.wait_for("Component type: SOURCE, name: r1 started")
        agent.end()
    assert "ERROR" not in agent.log
    assert "damage" not in agent.log
