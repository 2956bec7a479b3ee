"""A checkpoint that cannot be used is said in one line, and the backup or a full replay takes its place."""

import struct
import sys
from collections.abc import Callable
from pathlib import Path

import cramjam
import pytest

from flumepy.core.errors import MissingPackageError
from flumepy.formats.flume_log import JavaDirectories, Replay
from tests.formats.flume_log.writer import JavaChannel, delimited, sf32, sf64


def made(root: Path) -> JavaChannel:
    """Make a channel in which "b" and "c" are live, saved with "a" taken but not committed, then committed."""
    channel = JavaChannel(root, folders=2)
    channel.put(b"a", b"b")
    take = channel.begin_take(1)
    channel.checkpoint()
    channel.commit(take)
    channel.put(b"c")
    channel.save()
    return channel


def read(channel: JavaChannel, *, backup: bool = False) -> Replay:
    return JavaDirectories(channel.checkpoint_dir, channel.data_dirs, channel.backup_dir if backup else None).replay()


def bodies(replay: Replay) -> list[bytes]:
    return [body for batch in replay.batches(100, 100_000) for body in batch.bodies]


def slots(folder: Path, **values: int) -> None:
    path = folder / "checkpoint"
    data = bytearray(path.read_bytes())
    for name, value in values.items():
        struct.pack_into(">q", data, 8 * int(name.removeprefix("slot")), value)
    path.write_bytes(data)


def meta(folder: Path, *, version: int = 3, order: int | None = None, size: int = 1, head: int = 38) -> None:
    written = struct.unpack_from(">q", (folder / "checkpoint").read_bytes(), 8)[0]
    message = sf32(1, version) + sf64(2, written if order is None else order) + sf32(3, size) + sf32(4, head)
    (folder / "checkpoint.meta").write_bytes(delimited(message))


def resized(folder: Path) -> None:
    path = folder / "checkpoint"
    path.write_bytes(path.read_bytes()[:-3])


DAMAGE: list[tuple[str, Callable[[Path], object]]] = [
    ("checkpoint cannot be read: No such file or directory", lambda folder: (folder / "checkpoint").unlink()),
    ("its size of 0 bytes is wrong", lambda folder: (folder / "checkpoint").write_bytes(b"")),
    ("its size of 8549 bytes is wrong", resized),
    ("it was not completed: the agent stopped while writing it", lambda folder: slots(folder, slot4=1)),
    ("its version is 7, but checkpoint.meta belongs to version 3", lambda folder: slots(folder, slot0=7)),
    ("its checkpoint.meta is missing", lambda folder: (folder / "checkpoint.meta").unlink()),
    (
        "its checkpoint.meta is malformed: a varint is cut off",
        lambda folder: (folder / "checkpoint.meta").write_bytes(b""),
    ),
    ("the version of its checkpoint.meta is 4", lambda folder: meta(folder, version=4)),
    ("its checkpoint.meta at 99", lambda folder: meta(folder, order=99)),
    ("41 events from slot 38 do not fit its 40 slots", lambda folder: meta(folder, size=41)),
    ("1 events from slot 40 do not fit its 40 slots", lambda folder: meta(folder, head=40)),
    ("its queue has empty slots", lambda folder: meta(folder, head=3)),
    ("inflighttakes is wrong", lambda folder: (folder / "inflighttakes").write_bytes(bytes(32))),
    ("inflightputs is wrong", lambda folder: (folder / "inflightputs").write_bytes(b"short")),
]


@pytest.mark.parametrize(("line", "damage"), DAMAGE, ids=[line for line, _ in DAMAGE])
def test_a_bad_checkpoint_is_said_and_all_files_are_replayed(
    tmp_path: Path, line: str, damage: Callable[[Path], object]
) -> None:
    channel = made(tmp_path)
    damage(channel.checkpoint_dir)
    replay = read(channel)
    assert (bodies(replay), replay.origin, replay.counts.skipped) == ([b"b", b"c"], "full replay", 0)
    assert f"The checkpoint in {channel.checkpoint_dir} cannot be used: " in replay.problems[0]
    assert line in replay.problems[0]
    assert "delivered again" in replay.problems[1]


def test_a_capacity_that_was_changed_since_does_no_harm(tmp_path: Path) -> None:
    channel = made(tmp_path)
    channel.capacity, channel.head = 7, 6
    channel.checkpoint()
    channel.save()
    replay = read(channel)
    assert (bodies(replay), replay.origin, replay.problems) == ([b"b", b"c"], "checkpoint", [])


def test_missing_in_flight_files_mean_that_nothing_was_in_flight(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(b"a")
    channel.checkpoint()
    channel.save()
    (channel.checkpoint_dir / "inflightputs").write_bytes(b"")
    (channel.checkpoint_dir / "inflighttakes").unlink()
    replay = read(channel)
    assert (bodies(replay), replay.origin) == ([b"a"], "checkpoint")


def back_up(channel: JavaChannel, *, complete: bool = True) -> None:
    for path in channel.checkpoint_dir.iterdir():
        path.rename(channel.backup_dir / path.name)
    if complete:
        (channel.backup_dir / "backupComplete").touch()


def test_a_complete_backup_takes_the_place_of_a_bad_checkpoint(tmp_path: Path) -> None:
    channel = made(tmp_path)
    back_up(channel)
    replay = read(channel, backup=True)
    assert (bodies(replay), replay.origin, len(replay.problems)) == ([b"b", b"c"], "backup checkpoint", 1)
    # After its own checkpoint a file is read from there on: the put and the commit of the take, and a second commit.
    assert replay.counts.read == 3


def test_a_backup_of_the_checkpoint_before_begins_where_that_one_ended(tmp_path: Path) -> None:
    channel = made(tmp_path)
    back_up(channel)
    channel.put(b"d")
    channel.checkpoint()
    channel.save()
    slots(channel.checkpoint_dir, slot4=1)
    replay = read(channel, backup=True)
    assert (bodies(replay), replay.origin, replay.counts.read) == ([b"b", b"c", b"d"], "backup checkpoint", 5)


def test_a_backup_that_was_not_completed_is_not_used(tmp_path: Path) -> None:
    channel = made(tmp_path)
    back_up(channel, complete=False)
    replay = read(channel, backup=True)
    assert (bodies(replay), replay.origin) == ([b"b", b"c"], "full replay")
    assert replay.problems[1] == f"The backup checkpoint in {channel.backup_dir} was never completed."


def test_a_backup_that_is_bad_too_leads_to_a_full_replay(tmp_path: Path) -> None:
    channel = made(tmp_path)
    back_up(channel)
    resized(channel.backup_dir)
    replay = read(channel, backup=True)
    assert (bodies(replay), replay.origin, len(replay.problems)) == ([b"b", b"c"], "full replay", 3)


def compress(folder: Path) -> Path:
    data = (folder / "checkpoint").read_bytes()
    stream = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
    for start in range(0, len(data), 1000):
        block = bytes(cramjam.snappy.compress_raw(data[start : start + 1000]))
        stream += struct.pack(">i", len(block)) + block
    (folder / "checkpoint").unlink()
    path = folder / "checkpoint.snappy"
    path.write_bytes(stream)
    return path


def test_a_compressed_backup_is_expanded(tmp_path: Path) -> None:
    channel = made(tmp_path)
    back_up(channel)
    compress(channel.backup_dir)
    replay = read(channel, backup=True)
    assert (bodies(replay), replay.origin) == ([b"b", b"c"], "backup checkpoint")


@pytest.mark.parametrize(
    ("line", "place", "data"),
    [
        ("is not a snappy stream", 0, b"x"),
        ("has a block of an impossible length", 16, b"\xff"),
        ("cannot be expanded", 20, b"\xff\xff\xff\xff\xff\xff"),
    ],
)
def test_a_damaged_compressed_backup_is_said(tmp_path: Path, line: str, place: int, data: bytes) -> None:
    channel = made(tmp_path)
    back_up(channel)
    path = compress(channel.backup_dir)
    stream = bytearray(path.read_bytes())
    stream[place : place + len(data)] = data
    path.write_bytes(stream)
    replay = read(channel, backup=True)
    assert line in replay.problems[1]
    assert bodies(replay) == [b"b", b"c"]


def test_a_compressed_backup_without_the_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = made(tmp_path)
    back_up(channel)
    compress(channel.backup_dir)
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(MissingPackageError, match=r"checkpoint\.snappy needs the package cramjam") as raised:
        read(channel, backup=True)
    assert raised.value.hint == "pip install 'flumepy[avro]'"
