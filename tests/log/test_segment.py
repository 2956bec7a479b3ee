"""Headers tell a sound one from a damaged one, and the sparse index finds the frame at or before a number."""

from pathlib import Path

import pytest

from flumepy.core.errors import StartError
from flumepy.log.segment import HEADER_BYTES, INDEX_INTERVAL_BYTES, SegmentHeader, SparseIndex, segment_name
from tests.log.logs import of_version

HEADER = SegmentHeader(b"evnt", b"identity of a lo", 4096, 17, 1_700_000_000_000)
PATH = Path("x.segment")


def test_a_header_comes_back() -> None:
    assert len(HEADER.encode()) == HEADER_BYTES
    assert SegmentHeader.decode(HEADER.encode(), PATH) == HEADER


@pytest.mark.parametrize("offset", [0, 9, 40, 300, 510])
def test_a_damaged_header_is_none(offset: int) -> None:
    data = bytearray(HEADER.encode())
    data[offset] ^= 1
    assert SegmentHeader.decode(bytes(data), PATH) is None
    assert SegmentHeader.decode(bytes(data[:511]), PATH) is None


def test_a_newer_header_is_refused_by_name() -> None:
    assert SegmentHeader.decode(of_version(HEADER.encode(), 1), PATH) == HEADER
    with pytest.raises(StartError, match=r"x\.segment: written in version 3"):
        SegmentHeader.decode(of_version(HEADER.encode(), 3), PATH)


def test_names_sort_like_positions() -> None:
    assert sorted([segment_name(10**18), segment_name(9)]) == [segment_name(9), segment_name(10**18)]


def test_the_index_finds_the_frame_at_or_before_and_forgets_what_is_cut() -> None:
    index = SparseIndex()
    step = INDEX_INTERVAL_BYTES // 4
    index.add_heads([(number * step, step, number * 10, 10, 0) for number in range(40)])
    assert index.floor(5, -1) == 0
    assert index.floor(45, -1) == 4 * step
    assert index.floor(10**9, -1) == 36 * step
    assert index.floor_position(7 * step, -1) == 4 * step
    index.cut(8 * step)
    assert index.floor(10**9, -1) == 4 * step
    index.add(80, 8 * step)
    assert index.floor(10**9, -1) == 8 * step
    index.cut(0)
    assert index.floor(5, -1) == -1
