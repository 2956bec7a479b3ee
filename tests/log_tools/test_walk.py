"""Walking over a log that is in use: segments that are given back and reused meanwhile are left, and are no damage."""

from pathlib import Path

import pytest

from flumepy.core.errors import InputError, StartError
from flumepy.log.segment import HEADER_BYTES
from flumepy.log_tools.folders import Folders, look_into, sort_folders
from flumepy.log_tools.walk import Hole, HoleKind, walk
from tests.log_tools.stored import stored, write_log


def count(pieces: list[object]) -> int:
    return sum(head[3] for piece in pieces if not isinstance(piece, Hole) for head in piece.heads)  # type: ignore[attr-defined]


def test_a_segment_that_becomes_a_spare_while_it_is_read_is_left(tmp_path: Path) -> None:
    write_log([tmp_path], 400, segment_bytes=16384)
    segments = stored(tmp_path).segments
    assert len(segments) > 2
    whole = count(list(walk(segments)))
    pieces = walk(segments)
    found: list[object] = [next(pieces)]
    _, second = segments[1]
    second.rename(tmp_path / "99.spare")
    found += pieces
    assert not [piece for piece in found if isinstance(piece, Hole)]
    assert 0 < count(found) < whole


def test_a_segment_that_is_overwritten_in_its_next_life_is_no_damage(tmp_path: Path) -> None:
    write_log([tmp_path], 400, segment_bytes=16384)
    segments = stored(tmp_path).segments
    _, second = segments[1]
    spare = second.rename(tmp_path / "99.spare")
    second.symlink_to(spare)  # the name leads to the file for the open only
    pieces = walk(segments)
    next(pieces)
    second.unlink()
    with spare.open("r+b") as file:
        file.seek(HEADER_BYTES)
        file.write(b"x" * 8000)
    assert not [piece for piece in pieces if isinstance(piece, Hole)]


def test_beside_an_agent_a_half_written_end_is_the_end_and_without_one_it_is_torn(tmp_path: Path) -> None:
    write_log([tmp_path], 3)
    [(_, path)] = stored(tmp_path).segments
    data = bytearray(path.read_bytes())
    end = len(data.rstrip(b"\0"))
    data[end - 10 : end] = bytes(10)
    path.write_bytes(data)
    segments = stored(tmp_path).segments
    assert [piece for piece in walk(segments, is_live=True) if isinstance(piece, Hole)] == []
    [hole] = [piece for piece in walk(segments) if isinstance(piece, Hole)]
    assert (hole.kind, hole.lost) == (HoleKind.TORN, 3)


def test_numbers_of_lost_events_that_nothing_tells_are_called_unknown(tmp_path: Path) -> None:
    write_log([tmp_path], 3)
    [(_, path)] = stored(tmp_path).segments
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES : len(data.rstrip(b"\0"))] = b"x" * 345
    path.write_bytes(data)
    [hole] = [piece for piece in walk(stored(tmp_path).segments) if isinstance(piece, Hole)]
    assert (hole.kind, hole.lost, hole.is_least) == (HoleKind.TORN, 0, True)
    assert hole.sentence().endswith("; how many events are lost is not known")


def test_a_segment_without_any_sound_frame_before_an_empty_one_is_counted_by_the_header(tmp_path: Path) -> None:
    write_log([tmp_path], 60)
    segments = stored(tmp_path).segments
    data = bytearray(segments[0][1].read_bytes())
    data[HEADER_BYTES:] = b"x" * (len(data) - HEADER_BYTES)
    segments[0][1].write_bytes(data)
    data = bytearray(segments[1][1].read_bytes())
    data[HEADER_BYTES:] = bytes(len(data) - HEADER_BYTES)
    segments[1][1].write_bytes(data)
    holes = [piece for piece in walk(segments[:2]) if isinstance(piece, Hole)]
    assert [(hole.kind, hole.first) for hole in holes] == [(HoleKind.DAMAGED, 0)]
    assert holes[0].lost > 0
    assert holes[0].is_least is False


@pytest.mark.parametrize(
    ("lost", "is_least", "words"),
    [
        (0, False, ""),
        (1, False, "; 1 event is lost"),
        (3, False, "; 3 events are lost"),
        (1, True, "; at least 1 event is lost"),
        (0, True, "; how many events are lost is not known"),
    ],
)
def test_a_sentence_says_what_is_lost(lost: int, is_least: bool, words: str) -> None:
    hole = Hole(HoleKind.DAMAGED, Path("f"), 0, 1, 9, "why", 0, lost, is_least)
    assert hole.sentence() == f"f: 1 byte at offset 9: why{words}"


def test_what_an_older_life_of_the_file_left_behind_the_end_is_no_damage(tmp_path: Path) -> None:
    write_log([tmp_path], 60)
    segments = stored(tmp_path).segments
    (_, first), (_, last) = segments[0], segments[-1]
    data = bytearray(last.read_bytes())
    end = len(data.rstrip(b"\0"))
    data[end:] = first.read_bytes()[end : len(data)]
    last.write_bytes(data)
    assert [piece for piece in walk(segments) if isinstance(piece, Hole)] == []


def test_segments_of_two_logs_are_refused(tmp_path: Path) -> None:
    write_log([tmp_path / "a"], 60)
    write_log([tmp_path / "b"], 60)
    (tmp_path / "a" / stored(tmp_path / "a").segments[1][1].name).unlink()
    mixed = look_into(Folders((tmp_path / "a",))).segments + stored(tmp_path / "b").segments[1:]
    with pytest.raises(StartError, match="belongs to another log"):
        list(walk(sorted(mixed)))


def test_two_segments_with_frames_of_one_position_are_refused(tmp_path: Path) -> None:
    for name in "ab":
        write_log([tmp_path / name], 60)
    with pytest.raises(InputError, match="two segments with frames of the same position"):
        stored(tmp_path / "a", tmp_path / "b")


def test_an_empty_segment_gives_way_to_a_filled_one_of_its_name(tmp_path: Path) -> None:
    write_log([tmp_path / "a"], 3)
    [(_, path)] = stored(tmp_path / "a").segments
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / path.name).write_bytes(path.read_bytes()[:HEADER_BYTES] + bytes(2000))
    assert stored(tmp_path / "b", tmp_path / "a").segments == [(0, path)]


def test_directories_of_several_channels_are_refused(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "checkpoint.meta").write_bytes(b"")
    with pytest.raises(InputError, match="checkpoint directories of several channels"):
        sort_folders([tmp_path / name for name in "abc"])
