"""`flumepy channel ls`, `stats` and `verify`: on our logs, on Java's directories, on broken ones and on those in use."""

import json
import os
from pathlib import Path

import pytest
from crc32c import crc32c

from flumepy.event_log.checkpoint import Checkpoint, CheckpointFile
from flumepy.log.codec import Codec
from flumepy.log.disk import Disk
from flumepy.log.encryption import KeyRing
from flumepy.log.segment import HEADER_BYTES
from flumepy.testing.fakes import wait_until
from tests.cli.channels import EXPECTED, channel, java_folders
from tests.cli.running import RunningAgent, running
from tests.event_log.tools import open_queue
from tests.log_tools.stored import stored, write_log

SEQUENCE = """
a1.sources = r1
a1.channels = c1
a1.sources.r1.type = seq
a1.sources.r1.totalEvents = 1000
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.channels.c1.checkpointDir = {folder}/cp
a1.channels.c1.dataDirs = {folder}/d1
a1.channels.c1.maxFileSize = 1048576
a1.channels.c1.minimumRequiredSpace = 1048576
"""


def wait_for_the_sequence(agent: RunningAgent, folder: Path) -> None:
    """Wait until the agent of SEQUENCE has stored its thousand events."""
    agent.wait_for("Component type: SOURCE, name: r1 started")
    stats = ("stats", folder / "cp", folder / "d1", "--format", "json")
    wait_until(lambda: json.loads(channel(*stats).output)["queued_events"] == 1000, what="a thousand events")


def test_ls_shows_segments_with_positions_and_events_spares_and_the_checkpoint(tmp_path: Path) -> None:
    data, checkpoint = tmp_path / "data", tmp_path / "cp"
    write_log([data], 90)
    checkpoint.mkdir()
    result = channel("ls", checkpoint, data)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert f"{checkpoint}  empty, not in use" in lines
    assert f"{data}  data, not in use" in lines
    assert any("positions 0 to " in line and " events from 0 on" in line for line in lines)
    assert sum("spare, for the next segment" in line for line in lines) >= 1
    counted = [int(line.split(", ")[1].split()[0]) for line in lines if "positions" in line]
    assert sum(counted) == 270


def test_stats_count_what_is_queued_taken_and_since_when(tmp_path: Path) -> None:
    write_log([tmp_path], 100, taken=50)
    found = json.loads(channel("stats", tmp_path, "--format", "json").output)
    assert (found["queued_events"], found["taken_events"], found["stored_events"]) == (250, 50, 300)
    assert (found["put_frames"], found["take_frames"], found["damages"]) == (100, 1, [])
    assert found["codings"] == {"none": 100}
    assert found["queued_bytes"] > 250 * len("event 000000")
    text = channel("stats", tmp_path).output
    assert "queued           250 events" in text
    assert "damage           none" in text


@pytest.mark.parametrize(
    ("codec", "word"),
    [(Codec("zstd"), "zstd"), (Codec("lz4"), "lz4"), (Codec(keys=KeyRing("k", {"k": b"x" * 16})), "none, encrypted")],
)
def test_stats_name_compression_and_encryption(tmp_path: Path, codec: Codec, word: str) -> None:
    write_log([tmp_path], 2, codec=codec, per_put=50)
    found = json.loads(channel("stats", tmp_path, "--format", "json").output)
    assert (found["codings"], found["queued_events"]) == ({word: 2}, 100)


def test_verify_ends_with_0_for_a_sound_log_and_1_with_file_and_offset_for_damage(tmp_path: Path) -> None:
    write_log([tmp_path], 90)
    result = channel("verify", tmp_path)
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "No damage")
    path = tmp_path / f"{0:020d}.segment"
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 70] ^= 1
    path.write_bytes(data)
    result = channel("verify", tmp_path)
    assert result.exit_code == 1
    assert (
        f"{path}: 115 bytes at offset 512: a frame of 3 events has a wrong checksum; 3 events are lost" in result.output
    )
    assert result.output.splitlines()[-1] == "Damaged places: 1; events lost: 3"


def test_verify_says_which_events_it_could_not_decode_without_their_key(tmp_path: Path) -> None:
    write_log([tmp_path], 3, codec=Codec(keys=KeyRing("k1", {"k1": b"x" * 16})))
    result = channel("verify", tmp_path)
    assert result.exit_code == 2
    lines = result.output.splitlines()
    reason = "a stored frame is encrypted with the key k1"
    assert lines[0].startswith(f"9 events could not be decoded, so only checksums are verified: {reason}")
    assert lines[1:] == ["3 frames with 0 of 9 events verified", "No damage found, but not everything could be read"]


def test_verify_of_a_damaged_checkpoint_names_it(tmp_path: Path) -> None:
    data, checkpoint = tmp_path / "data", tmp_path / "cp"
    write_log([data], 3)
    checkpoint.mkdir()
    (checkpoint / "flumepy.checkpoint").write_bytes(b"x" * 8192)
    result = channel("verify", data, checkpoint)
    assert result.exit_code == 1
    assert f"{checkpoint}/flumepy.checkpoint: no slot has a right checksum" in result.output


def test_a_log_that_ends_before_its_checkpoint_is_damaged_and_a_foreign_checkpoint_says_nothing(tmp_path: Path) -> None:
    data, checkpoint, empty = tmp_path / "data", tmp_path / "cp", tmp_path / "empty"
    write_log([data], 3)
    checkpoint.mkdir()
    empty.mkdir()
    identity = stored(data).log_id
    assert identity is not None
    for log_id, folder, status in ((b"x" * 16, data, 0), (identity, data, 1), (identity, empty, 1)):
        CheckpointFile(checkpoint, Disk()).write(Checkpoint(log_id, 0, 9000, 0, 0))
        result = channel("verify", folder, checkpoint)
        assert result.exit_code == status
        assert ("the checkpoint has seen" in result.output.replace("its", "the")) is bool(status)


@pytest.mark.parametrize("command", ["ls", "stats", "verify"])
def test_directories_without_a_channel_end_with_2_and_one_line(tmp_path: Path, command: str) -> None:
    for folder, why in ((tmp_path, "no file channel has written here"), (tmp_path / "no", "is no directory")):
        result = channel(command, folder)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
        assert why in result.stderr


@pytest.mark.parametrize("arguments", [[], ["-f", "x.conf"], ["--key-store", "x", "d"]])
def test_what_is_named_by_halves_is_refused(arguments: list[str]) -> None:
    assert channel("stats", *arguments).exit_code == 2


@pytest.mark.parametrize("name", list(EXPECTED))
def test_a_java_agents_directories_are_listed_counted_and_verified(tmp_path: Path, name: str) -> None:
    folders = java_folders(name, tmp_path)
    assert channel("ls", *folders).output.count("of a Java agent, not taken over yet") >= 6
    found = json.loads(channel("stats", *folders, "--format", "json").output)["java"]
    assert (found["queued_events"], found["damaged_records"]) == (len(EXPECTED[name]), 0)
    result = channel("verify", *reversed(folders))
    assert result.exit_code == 0
    assert f"{len(EXPECTED[name])} events are queued in them" in result.output


def test_verify_finds_a_damaged_record_of_a_java_agent(tmp_path: Path) -> None:
    folders = java_folders("s2_crash_nockpt", tmp_path)
    path = next(path for path in tmp_path.rglob("log-*") if path.suffix == "" and b"e4" in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"e4", b"eX"))
    result = channel("verify", *folders)
    assert result.exit_code == 1
    assert f"{path}: offset " in result.output


def test_encrypted_java_directories_need_their_key(tmp_path: Path) -> None:
    folders = java_folders("encrypted-aes", tmp_path)
    result = channel("stats", *folders)
    assert result.exit_code == 2
    assert "key-0" in result.stderr
    store = (
        "--key-store",
        tmp_path / "enc/ks.jceks",
        "--key-store-password-file",
        tmp_path / "enc/pw",
        "--key",
        "key-0",
    )
    assert json.loads(channel("stats", *folders, *store, "--format", "json").output)["java"]["queued_events"] == 2
    assert channel("verify", *folders, *store).exit_code == 0


def test_a_running_agents_directories_can_be_read_and_not_changed(tmp_path: Path) -> None:
    conf = tmp_path / "agent.conf"
    conf.write_text(SEQUENCE.format(folder=tmp_path))
    named = ("-f", conf, "-n", "a1", "--channel", "c1")
    with running(tmp_path, "--conf-file", str(conf), "--name", "a1") as agent:
        agent.wait_for("Queue Size after replay")
        wait_for_the_sequence(agent, tmp_path)
        result = channel("stats", *named, "--format", "json")
        assert f"process {agent.process.pid} (" in json.loads(result.output)["in_use_by"]
        assert f"in use by process {agent.process.pid}" in channel("ls", *named).output
        assert channel("verify", tmp_path / "cp", tmp_path / "d1").exit_code == 0
        events = tmp_path / "events.jsonl"
        events.write_text('{"body":"x"}\n')
        for command in (("repair", *named), ("import", *named, events)):
            result = channel(*command)
            assert result.exit_code == 2
            assert f"is in use by process {agent.process.pid}" in result.stderr
        agent.end()
    assert json.loads(channel("stats", *named, "--format", "json").output)["queued_events"] == 1000


def test_a_log_in_use_by_this_process_is_not_repaired(tmp_path: Path) -> None:
    write_log([tmp_path], 3)
    queue = open_queue(tmp_path)
    result = channel("repair", tmp_path)
    queue.log.close()
    assert result.exit_code == 2
    assert "already locked" in result.stderr


def test_a_segment_of_a_newer_version_is_refused_by_name(tmp_path: Path) -> None:
    write_log([tmp_path], 3)
    path = tmp_path / f"{0:020d}.segment"
    data = bytearray(path.read_bytes())
    data[8] = 9
    data[HEADER_BYTES - 4 : HEADER_BYTES] = crc32c(bytes(data[: HEADER_BYTES - 4])).to_bytes(4, "little")
    path.write_bytes(data)
    result = channel("verify", tmp_path)
    assert result.exit_code == 2
    assert "written in version 9" in result.stderr


def test_a_directory_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    write_log([tmp_path], 3)
    (tmp_path / f"{0:020d}.segment").chmod(0)
    assert channel("verify", tmp_path).exit_code == 2
