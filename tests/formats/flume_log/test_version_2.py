"""Directories of Flume 1.2 and 1.3, and what a later Flume went on with; written from the format's description."""

import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flumepy.core.batch import Event
from flumepy.formats.flume_log import CorruptLogError, JavaDirectories, Replay, verify_java_file
from tests.formats.flume_log.writer import JavaChannel

PUT, TAKE, ROLLBACK, COMMIT = 1, 2, 3, 4


def hadoop_text(text: str) -> bytes:
    data = text.encode()
    if len(data) < 128:
        return b"\x8c" + bytes([len(data)]) + data
    size = len(data).to_bytes((len(data).bit_length() + 7) // 8, "big")
    return b"\x8c" + struct.pack("b", -112 - len(size)) + size + data


class Version2File:
    """One `log-N` in the making."""

    def __init__(self, number: int, position: int = 0, order: int = 0) -> None:
        self.number = number
        self.data = struct.pack(">iiqq", 2, number, position, order)

    def write(self, kind: int, transaction: int, order: int, body: bytes = b"") -> int:
        """Add a record; return its offset."""
        offset = len(self.data)
        self.data += b"\x7f\xde\xad\xbe\xef" + struct.pack(">hqq", kind, transaction, order) + body
        return offset

    def put(self, transaction: int, order: int, body: bytes | None, headers: dict[str, str] | None = None) -> int:
        entries = b"".join(hadoop_text(name) + hadoop_text(value) for name, value in (headers or {}).items())
        event = b"\x00" + struct.pack(">i", len(headers or {})) + entries
        event += struct.pack(">i", -1) if body is None else struct.pack(">i", len(body)) + body
        return self.write(PUT, transaction, order, event)

    def take(self, transaction: int, order: int, offset: int) -> None:
        self.write(TAKE, transaction, order, struct.pack(">ii", offset, self.number))

    def commit(self, transaction: int, order: int, kind: int) -> None:
        self.write(COMMIT, transaction, order, struct.pack(">h", kind))

    def save(self, folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        path = folder / f"log-{self.number}"
        path.write_bytes(self.data + b"\x80" * (-len(self.data) % 4096))
        return path


def save_checkpoint(
    folder: Path, order: int, pointers: list[tuple[int, int]], *, head: int = 3, capacity: int = 5
) -> None:
    slots = [2, order, len(pointers), head, 0] + [0] * (1024 + capacity)
    slots[5] = 1 << 32 | len(pointers)
    for place, (number, offset) in enumerate(pointers):
        slots[1029 + (head + place) % capacity] = number << 32 | offset
    folder.mkdir(exist_ok=True)
    (folder / "checkpoint").write_bytes(struct.pack(f">{len(slots)}q", *slots))


def read(root: Path, *folders: str, tolerant: bool = False) -> Replay:
    return JavaDirectories(root / "checkpoint", [root / name for name in folders], tolerant=tolerant).replay()


def events(replay: Replay) -> list[Event]:
    return [event for batch in replay.batches(100, 100_000) for event in batch.events()]


def bodies(replay: Replay) -> list[bytes]:
    return [event.body for event in events(replay)]


def test_events_of_all_shapes_are_read(tmp_path: Path) -> None:
    file = Version2File(1)
    expected = [
        Event(b"plain", {}), Event(b"", {}), Event(b"h", {"größe": "€", "empty": "", "long": "x" * 127}),
        Event(b"l", {"k" * 200: "v" * 70_000, "m": "w" * 300_000}), Event(b"b" * 600_000, {"k": "v"}),
    ]  # fmt: skip
    for number, event in enumerate(expected):
        file.put(7, number + 1, event.body, event.headers)
    file.put(7, 10, None)
    file.commit(7, 11, PUT)
    file.save(tmp_path / "data")
    assert events(read(tmp_path, "data")) == [*expected, Event(b"", {})]


def test_takes_and_rollbacks_count_and_the_checkpoint_is_used(tmp_path: Path) -> None:
    file = Version2File(1)
    first = file.put(7, 1, b"delivered before")
    second = file.put(7, 2, b"a")
    third = file.put(7, 3, b"delivered since")
    file.commit(7, 4, PUT)
    saved = len(file.data)
    file.put(8, 6, b"never")
    file.write(ROLLBACK, 8, 7)
    file.take(9, 8, third)
    file.commit(9, 9, TAKE)
    file.take(10, 10, second)
    file.put(11, 11, b"b")
    file.commit(11, 12, PUT)
    file.data = struct.pack(">iiqq", 2, 1, saved, 5) + file.data[24:]
    file.save(tmp_path / "data")
    save_checkpoint(tmp_path / "checkpoint", 5, [(1, second), (1, third)])
    replay = read(tmp_path, "data")
    assert (bodies(replay), replay.origin, replay.problems) == ([b"a", b"b"], "checkpoint", [])
    assert (replay.counts.read, replay.counts.rollbacks, replay.counts.takes, replay.counts.skipped) == (7, 1, 2, 0)
    save_checkpoint(tmp_path / "checkpoint", 4, [(1, first)])
    assert read(tmp_path, "data").counts.read == 11


def test_a_later_flume_went_on_in_version_3(tmp_path: Path) -> None:
    old = Version2File(1)
    old.put(7, 1, b"old", {"from": "1.3"})
    taken = old.put(7, 2, b"taken by the later one")
    old.commit(7, 3, PUT)
    new = JavaChannel(tmp_path)
    new.files[0].number, new.files[0].path = 2, new.files[0].path.with_name("log-2")
    new.put(b"new")
    old.save(new.data_dirs[0])
    new.save()
    assert bodies(read(tmp_path, "data0")) == [b"old", b"taken by the later one", b"new"]
    new.queue.insert(0, (1, taken))
    new.take(1)
    new.save()
    assert bodies(read(tmp_path, "data0")) == [b"old", b"new"]


def test_two_folders_are_merged_in_the_order_of_their_commits(tmp_path: Path) -> None:
    files = [Version2File(1), Version2File(2)]
    for number in range(6):
        files[number % 2].put(100 + number, 3 * number + 1, b"%d" % number)
        files[number % 2].commit(100 + number, 3 * number + 2, PUT)
    files[0].save(tmp_path / "data1")
    files[1].save(tmp_path / "data2")
    assert bodies(read(tmp_path, "data1", "data2")) == [b"0", b"1", b"2", b"3", b"4", b"5"]


def committed(tmp_path: Path) -> tuple[Version2File, list[int]]:
    file = Version2File(1)
    offsets = [file.put(7, number, b"body %d" % number, {"k": "v"}) for number in (1, 2)]
    file.commit(7, 3, PUT)
    return file, offsets


@pytest.mark.parametrize(
    ("place", "data", "line"),
    [
        (0, b"\x11", "does not begin as a record does"),
        (1, b"\x00", "does not begin as a record does"),
        (5, b"\x00\x09", "unknown type"),
        (24, b"\x7f\xff\xff\xff", "a header is no text|cut off"),
        (28, b"\x00", "a header is no text"),
        (29, b"\x87", "a header has a negative length"),
        (29, b"\x8c\x7f\xff\xff\xff", "cut off|longer"),
        (34, b"\xff\xff\xff\xf0", "an event has a negative length"),
        (34, b"\x7f\xff\xff\xf0", "it is longer than the file"),
    ],
)
def test_damage_ends_the_file(tmp_path: Path, place: int, data: bytes, line: str) -> None:
    file, offsets = committed(tmp_path)
    start = offsets[1] + place
    file.data = file.data[:start] + data + file.data[start + len(data) :]
    file.save(tmp_path / "data")
    with pytest.raises(CorruptLogError, match=f"damaged at byte {offsets[1]}: .*({line})"):
        read(tmp_path, "data")
    replay = read(tmp_path, "data", tolerant=True)
    assert (bodies(replay), replay.corrupt) == ([], 1)


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, 250), data=st.binary(min_size=1, max_size=4), cut=st.booleans())
def test_whatever_bytes_are_changed_nothing_but_the_event_itself_changes(place: int, data: bytes, cut: bool) -> None:
    with tempfile.TemporaryDirectory() as root:
        file, _ = committed(Path(root))
        place %= len(file.data)
        file.data = file.data[:place] + data + (b"" if cut else file.data[place + len(data) :])
        file.save(Path(root) / "data")
        # Version 2 has no checksums: a changed body comes out changed.
        assert len(bodies(read(Path(root), "data", tolerant=True))) <= 2


@pytest.mark.parametrize("kept", [1, 4, 20, 24, 30, 40])
def test_a_torn_last_record_is_left_out_with_a_line(tmp_path: Path, kept: int) -> None:
    file, _ = committed(tmp_path)
    end = len(file.data)
    file.put(8, 9, b"x" * 60, {"k": "v" * 20})
    file.data = file.data[: end + kept]
    file.save(tmp_path / "data")
    replay = read(tmp_path, "data")
    assert bodies(replay) == [b"body 1", b"body 2"]
    # Filler can pass for the body of a put; without a commit it does not matter.
    assert kept >= 40 or replay.problems[-1].endswith(f"at byte {end}, is torn off; it was never complete.")


def test_a_voided_record_is_skipped(tmp_path: Path) -> None:
    file, offsets = committed(tmp_path)
    file.data = file.data[: offsets[0]] + b"\x00" + file.data[offsets[0] + 1 :]
    file.save(tmp_path / "data")
    assert bodies(read(tmp_path, "data")) == [b"body 2"]
    save_checkpoint(tmp_path / "checkpoint", 5, [(1, offsets[0]), (1, offsets[1])])
    replay = read(tmp_path, "data")
    assert (bodies(replay), replay.voided) == ([b"body 2"], 1)


def test_the_integrity_scan_counts_version_2_too(tmp_path: Path) -> None:
    file, _ = committed(tmp_path)
    counts = verify_java_file(file.save(tmp_path / "data"))
    assert (counts.records, counts.puts, counts.valid_puts, counts.corrupt) == (4, 2, 2, 0)
