"""`flumepy channel repair`: what it says, and that the next start of a real agent says nothing."""

from pathlib import Path

from flumepy.event_log.checkpoint import Checkpoint, CheckpointFile
from flumepy.log.disk import Disk
from flumepy.log.segment import HEADER_BYTES
from flumepy.log_tools.folders import read_checkpoint
from tests.cli.channels import channel, java_folders
from tests.cli.running import running
from tests.cli.test_channel_read import SEQUENCE, wait_for_the_sequence
from tests.log_tools.stored import stored, write_log


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
        found = Checkpoint(b"i" * 16, start, start, start, 0)
        CheckpointFile(checkpoint, Disk()).write(found)
        channel("repair", data, checkpoint)
        assert (read_checkpoint(checkpoint) == found) is stays


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
