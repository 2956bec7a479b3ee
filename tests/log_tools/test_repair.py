"""Verify finds any damage; a repair leaves every sound event, and a log that opens quietly."""

import logging
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flumepy.core.errors import StartError
from flumepy.event_log.frames import PUT
from flumepy.log.frame import Frame
from flumepy.log.segment import HEADER_BYTES
from flumepy.log_tools.decode import reading_codec, stored_batches
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.repair import ASIDE, repair
from flumepy.log_tools.survey import survey
from flumepy.log_tools.verify import Verification, verify
from flumepy.log_tools.walk import HoleKind
from tests.event_log.tools import drain, new_log, open_queue
from tests.log_tools.stored import numbers, stored, write_log

CODEC = reading_codec({})


def look(channel: StoredChannel) -> tuple[Verification, list[str]]:
    lines: list[str] = []
    return verify(channel, CODEC, lines.append), lines


def everything(folder: Path) -> list[int]:
    return numbers(list(stored_batches(stored(folder), CODEC, everything=True)))


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x40
    path.write_bytes(data)


def test_a_sound_log_has_no_damage(tmp_path: Path) -> None:
    write_log([tmp_path], 100, taken=50)
    found, lines = look(stored(tmp_path))
    assert (found.damages, found.events, found.frames, lines) == (0, 300, 101, [])


def test_the_queued_events_are_those_that_are_not_taken(tmp_path: Path) -> None:
    write_log([tmp_path], 100, taken=50)
    assert numbers(list(stored_batches(stored(tmp_path), CODEC))) == list(range(50, 300))
    found = survey(stored(tmp_path))
    assert (found.puts, found.queued, found.taken_count, found.holes) == (300, 250, 50, [])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_verify_finds_a_flipped_bit_anywhere_and_repair_loses_no_sound_event(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log([folder], 90)
    frames = {facts.path: facts.end - facts.position for facts in survey(stored(folder)).segments}
    path = data.draw(st.sampled_from(sorted(frames)))
    offsets = data.draw(st.lists(st.integers(0, HEADER_BYTES + frames[path] - 1), min_size=1, max_size=3, unique=True))
    for offset in offsets:
        flip(path, offset)

    found, _ = look(stored(folder))
    assert found.damages >= 1
    sound = everything(folder)
    assert len(sound) >= 270 - 3 * len(offsets)
    assert sound == sorted(sound)

    repaired = repair(stored(folder))
    assert repaired.left == []
    assert len(repaired.asides) == len(repaired.holes) >= 1
    again, lines = look(stored(folder))
    assert (again.damages, lines) == (0, [])
    assert everything(folder) == sound
    assert repair(stored(folder)).holes == []


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1 << 30), size=st.integers(1, 3000))
def test_after_a_repair_the_queue_opens_quietly_and_gives_all_sound_events(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: int
) -> None:
    folder = tmp_path_factory.mktemp("log")
    write_log([folder], 90)
    path = random.Random(seed).choice(stored(folder).segments)[1]
    offset = random.Random(seed).randrange(path.stat().st_size - 1)
    data = bytearray(path.read_bytes())
    data[offset : offset + size] = random.Random(seed).randbytes(len(data[offset : offset + size]))
    path.write_bytes(data)
    sound = everything(folder)
    repair(stored(folder))
    handler = _Collector()
    logging.getLogger("flumepy").addHandler(handler)
    try:
        queue = open_queue(folder)
        assert [int(body.split()[1]) for body in drain(queue)] == sound
        queue.log.close()
    finally:
        logging.getLogger("flumepy").removeHandler(handler)
    assert handler.lines == []


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_what_is_set_aside_is_named_after_segment_and_offset_and_counted(tmp_path: Path) -> None:
    write_log([tmp_path], 3)
    path = tmp_path / f"{0:020d}.segment"
    whole = path.read_bytes()
    flip(path, HEADER_BYTES + 60)
    [hole] = repair(stored(tmp_path)).holes
    assert (hole.kind, hole.offset, hole.lost) == (HoleKind.DAMAGED, HEADER_BYTES, 3)
    aside = tmp_path / ASIDE / f"{path.name}.offset-{HEADER_BYTES}"
    assert aside.stat().st_size == hole.size
    assert sum(a != b for a, b in zip(aside.read_bytes(), whole[HEADER_BYTES:], strict=False)) == 1
    assert survey(stored(tmp_path)).lost == 3


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    write_log([tmp_path], 3)
    path = tmp_path / f"{0:020d}.segment"
    flip(path, HEADER_BYTES + 60)
    before = path.read_bytes()
    assert len(repair(stored(tmp_path), dry_run=True).holes) == 1
    assert (path.read_bytes(), (tmp_path / ASIDE).exists()) == (before, False)


@pytest.mark.parametrize("second", [True, False])
def test_a_missing_segment_is_given_up_only_on_demand(tmp_path: Path, second: bool) -> None:
    write_log([tmp_path], 200)
    segments = stored(tmp_path).segments
    segments[1][1].unlink()
    if second:
        segments[2][1].unlink()
    sound = everything(tmp_path)
    repaired = repair(stored(tmp_path))
    assert (repaired.holes, [hole.kind for hole in repaired.left]) == ([], [HoleKind.MISSING])
    assert repaired.left[0].lost == 600 - len(sound)
    assert repair(stored(tmp_path), gives_up=True).lost == 600 - len(sound)
    assert look(stored(tmp_path))[0].damages == 0
    queue = open_queue(tmp_path)
    assert [int(body.split()[1]) for body in drain(queue)] == sound
    queue.log.close()


def test_a_cut_file_is_repaired_where_the_log_goes_on(tmp_path: Path) -> None:
    write_log([tmp_path], 90)
    path = stored(tmp_path).segments[1][1]
    with path.open("r+b") as file:
        file.truncate(2000)
    sound = everything(tmp_path)
    assert repair(stored(tmp_path), gives_up=True).holes[0].kind is HoleKind.MISSING
    assert look(stored(tmp_path))[0].damages == 0
    assert everything(tmp_path) == sound


def test_directories_in_use_are_left_alone(tmp_path: Path) -> None:
    write_log([tmp_path], 3)
    flip(tmp_path / f"{0:020d}.segment", HEADER_BYTES + 60)
    queue = open_queue(tmp_path)
    with pytest.raises(StartError, match="already locked"):
        repair(stored(tmp_path))
    queue.log.close()


def test_frames_whose_events_cannot_be_decoded_are_repaired_on_demand(tmp_path: Path) -> None:
    write_log([tmp_path], 2)
    log = new_log(tmp_path)()
    log.open()
    log.append(Frame(PUT, 4, [b"no columns"])).wait()
    log.close()
    found, [line] = look(stored(tmp_path))
    assert (found.damages, found.lost) == (1, 4)
    assert "cannot be decoded" in line
    assert repair(stored(tmp_path)).holes == []
    assert repair(stored(tmp_path), codec=CODEC).lost == 4
    assert look(stored(tmp_path))[0].damages == 0
    assert everything(tmp_path) == list(range(6))
