"""Damage: an error that names file, place and remedy, or a count; never a foreign error, never an event that was not put."""

import contextlib
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flumepy.core.errors import FlumeError
from flumepy.formats.flume_log import CorruptLogError, JavaDirectories, Replay
from tests.formats.flume_log.writer import JavaChannel


def read(channel: JavaChannel, *, tolerant: bool = False) -> Replay:
    return JavaDirectories(channel.checkpoint_dir, channel.data_dirs, tolerant=tolerant).replay()


def bodies(replay: Replay) -> list[bytes]:
    return [body for batch in replay.batches(100, 100_000) for body in batch.bodies]


def made(root: Path, *, saved: bool = False) -> JavaChannel:
    channel = JavaChannel(root)
    channel.put(b"one", b"two", headers={"host": "web1"})
    channel.take(1)
    if saved:
        channel.checkpoint()
    channel.put(b"three")
    channel.rollback(channel.begin_put(b"never"))
    channel.begin_take(1)
    return channel


def change(channel: JavaChannel, offset: int, data: bytes) -> Path:
    channel.save()
    path = channel.files[0].path
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)
    return path


def test_a_wrong_checksum_names_file_place_and_remedy(tmp_path: Path) -> None:
    channel = made(tmp_path)
    offset = channel.files[0].data.index(b"three")
    path = change(channel, offset, b"THREE")
    with pytest.raises(CorruptLogError) as raised:
        read(channel)
    put = next(offset for (_, offset), body in channel.events.items() if body == b"three")
    assert str(raised.value) == (
        f"{path} is damaged at byte {put}: the checksum of an event is wrong. Nothing was imported;"
        " `tool FCINTEGRITYTOOL -l <dataDirs>` voids damaged records; fsyncPerTransaction = false imports what can be read"
    )
    assert (raised.value.path, raised.value.offset, raised.value.length_is_sound) == (path, put, True)


def test_tolerated_damage_of_one_event_costs_that_event_only(tmp_path: Path) -> None:
    channel = made(tmp_path)
    change(channel, channel.files[0].data.index(b"two"), b"TWO")
    replay = read(channel, tolerant=True)
    assert (bodies(replay), replay.corrupt, replay.live_count) == ([b"three"], 1, 1)
    assert "the checksum of an event is wrong; left out" in replay.problems[1 + 1]


def test_damage_to_what_was_delivered_does_no_harm(tmp_path: Path) -> None:
    channel = made(tmp_path)
    change(channel, channel.files[0].data.index(b"one"), b"ONE")
    assert bodies(read(channel)) == [b"two", b"three"]


def test_a_record_that_lost_its_length_ends_the_file_where_damage_is_tolerated(tmp_path: Path) -> None:
    channel = made(tmp_path)
    offset = next(offset for (_, offset), body in channel.events.items() if body == b"three")
    change(channel, offset + 1, struct.pack(">i", 1 << 29))
    with pytest.raises(CorruptLogError, match="what follows in this file cannot be found"):
        read(channel)
    replay = read(channel, tolerant=True)
    assert (bodies(replay), replay.corrupt) == ([b"two"], 1)
    assert "the rest of the file is left out" in replay.problems[-1]


def test_an_unknown_operation_is_damage_where_records_follow(tmp_path: Path) -> None:
    channel = made(tmp_path)
    offset = next(offset for (_, offset), body in channel.events.items() if body == b"three")
    change(channel, offset, b"\x55")
    with pytest.raises(CorruptLogError, match="its operation code 0x55 is invalid"):
        read(channel)


def test_zeros_that_a_power_failure_left_behind_the_last_record_are_the_end(tmp_path: Path) -> None:
    channel = made(tmp_path)
    change(channel, len(channel.files[0].data), bytes(8192))
    assert bodies(read(channel)) == [b"two", b"three"]


@pytest.mark.parametrize("kept", [1, 3, 5, 6, 20, 29])
def test_a_record_that_was_torn_off_was_never_committed_and_is_left_out_with_a_line(tmp_path: Path, kept: int) -> None:
    channel = made(tmp_path)
    end = len(channel.files[0].data)
    channel.put(b"x" * 100)
    del channel.files[0].data[end + kept :]
    channel.save()
    replay = read(channel)
    assert (bodies(replay), replay.corrupt) == ([b"two", b"three"], 0)
    assert replay.problems[-1].endswith(f"the last record, at byte {end}, is torn off; it was never complete.")


def test_a_put_that_was_torn_off_within_its_body_was_never_committed(tmp_path: Path) -> None:
    channel = made(tmp_path)
    end = len(channel.files[0].data)
    channel.put(b"x" * 100)
    del channel.files[0].data[end + 70 :]
    channel.save()
    assert bodies(read(channel)) == [b"two", b"three"]


def test_a_file_that_was_cut_off_is_no_torn_record(tmp_path: Path) -> None:
    channel = made(tmp_path)
    channel.put(b"x" * 100)
    channel.save()
    path = channel.files[0].path
    with path.open("r+b") as file:
        file.truncate(len(channel.files[0].data) - 60)
    with pytest.raises(CorruptLogError, match="its length 139 is impossible"):
        read(channel)
    assert bodies(read(channel, tolerant=True)) == [b"two", b"three"]


def test_a_voided_record_is_skipped_whether_it_is_scanned_or_live(tmp_path: Path) -> None:
    channel = made(tmp_path)
    channel.checkpoint()
    offset = next(offset for (_, offset), body in channel.events.items() if body == b"two")
    change(channel, offset, b"\x00")
    live = read(channel)
    assert (bodies(live), live.voided, live.live_count) == ([b"three"], 1, 1)
    assert live.problems == ["1 events had been voided by the integrity tool."]
    (channel.checkpoint_dir / "checkpoint").unlink()
    scanned = read(channel)
    assert (bodies(scanned), scanned.voided) == ([b"three"], 0)


def test_a_voided_record_without_a_length_ends_the_file_with_a_line(tmp_path: Path) -> None:
    channel = made(tmp_path)
    offset = next(offset for (_, offset), body in channel.events.items() if body == b"three")
    change(channel, offset, b"\x00\xff")
    replay = read(channel)
    assert bodies(replay) == [b"two"]
    assert f"the voided record at byte {offset} has no sound length" in replay.problems[-1]


def test_thousands_of_damaged_records_give_a_hundred_lines(tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path)
    channel.put(*[b"event"] * 150)
    data = channel.files[0].data
    data[:] = data.replace(b"event", b"EVENT")
    channel.save()
    replay = read(channel, tolerant=True)
    assert (replay.corrupt, len(replay.problems), replay.live_count) == (150, 101, 0)


IN_ITS_PLACE = "is missing or damaged; "
FROM_ITS_START = "has no .meta file that can be read; it is read from its start"


@pytest.mark.parametrize(
    ("suffix", "line"),
    [
        (".meta.tmp", IN_ITS_PLACE),
        (".tmp", IN_ITS_PLACE),
        (".meta.old", IN_ITS_PLACE),
        (".meta.meta.old", IN_ITS_PLACE),
        (None, FROM_ITS_START),
    ],
)
def test_a_missing_meta_file_is_replaced_by_any_that_flume_leaves(
    tmp_path: Path, suffix: str | None, line: str
) -> None:
    channel = made(tmp_path, saved=True)
    channel.save()
    path = channel.files[0].path
    meta = path.with_name(path.name + ".meta")
    if suffix is None:
        meta.write_bytes(b"")
    else:
        meta.rename(path.with_name(path.name + suffix))
    replay = read(channel)
    assert bodies(replay) == [b"two", b"three"]
    assert line in replay.problems[-1]
    assert (replay.counts.skipped == 0) == (suffix is not None)


def test_a_file_without_a_record_needs_no_meta_file(tmp_path: Path) -> None:
    channel = made(tmp_path)
    channel.save()
    (channel.data_dirs[0] / "log-7").touch()
    (channel.data_dirs[0] / "log-8").write_bytes(b"\x80" * 1024)
    (channel.data_dirs[0] / "log-99999999999").write_bytes(b"x")
    assert bodies(read(channel)) == [b"two", b"three"]


def files_of(channel: JavaChannel) -> list[Path]:
    checkpoint = [
        channel.checkpoint_dir / name for name in ("checkpoint", "checkpoint.meta", "inflightputs", "inflighttakes")
    ]
    return [*checkpoint, channel.files[0].path, channel.files[0].path.with_name("log-1.meta")]


@settings(max_examples=250, deadline=None)
@given(
    which=st.sampled_from([0, 1, 2, 3, 4, 4, 4, 4, 4, 5]), place=st.integers(0, 1200), mask=st.integers(1, 255),
    cut=st.booleans(), tolerant=st.booleans(),
)  # fmt: skip
def test_whatever_byte_is_flipped_or_cut_only_events_that_were_put_come_out(
    which: int, place: int, mask: int, cut: bool, tolerant: bool
) -> None:
    with tempfile.TemporaryDirectory() as root:
        channel = made(Path(root), saved=True)
        channel.save()
        path = files_of(channel)[which]
        data = bytearray(path.read_bytes())
        # Where there is something to damage: the header and the ring of a checkpoint, the written part of a log.
        place = (place % 40 if place < 600 else 1029 * 8 + place % 320) if which == 0 else place
        place %= len(channel.files[0].data) if which == 4 else len(data)
        if cut:
            del data[place:]
        data[place : place + 1] = bytes(mask ^ byte for byte in data[place : place + 1])
        path.write_bytes(data)
        with contextlib.nullcontext() if tolerant else contextlib.suppress(FlumeError):
            replay = read(channel, tolerant=tolerant)
            found = bodies(replay)
            assert len(found) == len(set(found)) == replay.live_count
            assert set(found) <= set(channel.events.values())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_for_a_data_file_are_survived(data: bytes, has_meta: bool) -> None:
    with tempfile.TemporaryDirectory() as root:
        channel = JavaChannel(Path(root))
        channel.files[0].data += data
        channel.save()
        if not has_meta:
            (channel.data_dirs[0] / "log-1.meta").unlink()
        assert bodies(read(channel, tolerant=True)) == []
