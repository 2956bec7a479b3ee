"""The engine's frame: any damaged byte is seen, a frame of another place is none, and a lost one is found again."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.log.format import FrameHead, Stop
from flumepy.log.frame import ROW_BYTES, Frame, NativeFormat, read_frame
from flumepy.log.stride import LEAST_HEADS

FORMAT = NativeFormat()
PLAIN = 1


def encoded(payloads: list[bytes], position: int = 0) -> bytes:
    data = b""
    for number, payload in enumerate(payloads):
        prepared = FORMAT.prepare(Frame(1, 1, [payload]), number, position + len(data), 5)
        data += b"".join(prepared.parts)
    return data


def test_a_frame_of_parts_is_one_payload() -> None:
    frame = Frame(2, 7, [b"ab", memoryview(b"cd"), bytearray(b"e")], flags=9)
    data = b"".join(FORMAT.prepare(frame, 100, 0, 1234).parts)
    stored = read_frame(data)
    assert (stored.kind, stored.flags, stored.count, stored.sequence, stored.time_ms) == (2, 9, 7, 100, 1234)
    assert stored.payload == b"abcde"


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4), st.integers(0, 10**6), st.integers(1, 255))
def test_any_damaged_byte_is_seen(payloads: list[bytes], place: int, mask: int) -> None:
    data = bytearray(encoded(payloads))
    place %= len(data)
    sound = FORMAT.scan(bytes(data), 0, verify=True).heads
    data[place] ^= mask
    scan = FORMAT.scan(bytes(data), 0, verify=True)
    assert scan.stop is not Stop.END
    assert scan.heads == [head for head in sound if head[0] + head[1] <= place]


def test_frames_of_another_place_are_none() -> None:
    data = encoded([b"a", b"b"], position=1000)
    assert FORMAT.scan(data, 999, verify=True).stop is Stop.BAD
    assert FORMAT.find(data, 0, 999) == -1
    assert FORMAT.find(data, 1, 1000) == 45


@pytest.mark.parametrize("verify", [True, False])
def test_a_short_frame_says_what_it_needs(verify: bool) -> None:
    data = encoded([b"a" * 100])
    scan = FORMAT.scan(data[:20], 0, verify=verify)
    assert (scan.heads, scan.stop, scan.needed) == ([], Stop.SHORT, 44)
    scan = FORMAT.scan(data[:100], 0, verify=verify)
    assert (len(scan.heads), scan.stop) == ((0, Stop.SHORT) if verify else (1, Stop.END))
    assert scan.needed == (144 if verify else 0)


def mixed(counts: list[int]) -> bytearray:
    """Return plain frames of so many numbers; others where there are none."""
    data = bytearray()
    sequence = 0
    for count in counts:
        frame = Frame(PLAIN if count else 2, count, [b"x" * count])
        data += b"".join(FORMAT.prepare(frame, sequence, len(data), 7).parts)
        sequence += count
    return data


def plain_numbers(heads: list[FrameHead]) -> list[int]:
    return [number for _, _, first, count, kind in heads if kind == PLAIN for number in range(first, first + count)]


def other_frames(heads: list[FrameHead]) -> list[FrameHead]:
    return [head for head in heads if head[4] != PLAIN]


@given(counts=st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_rows_of_plain_frames_say_what_the_frames_say(counts: list[int]) -> None:
    data = bytes(mixed(counts))
    rows, frames = NativeFormat(plain=PLAIN).scan(data, 0, verify=False), FORMAT.scan(data, 0, verify=False)
    assert (rows.stop, plain_numbers(rows.heads)) == (frames.stop, plain_numbers(frames.heads))
    assert other_frames(rows.heads) == other_frames(frames.heads)
    assert sum(head[1] for head in rows.heads) == len(data)


@given(counts=st.lists(st.integers(0, 3), min_size=1, max_size=40), place=st.integers(0), mask=st.integers(1, 255))
def test_a_row_ends_before_a_frame_whose_place_or_numbers_are_damaged(counts: list[int], place: int, mask: int) -> None:
    data = mixed(counts)
    sound = FORMAT.scan(bytes(data), 0, verify=False).heads
    struck = sound[place % len(sound)]
    deciding = [0, 1, 2, *range(4, 8), *range(12, 16), *range(16, 32)]  # magic, kind, length, count, position, number
    data[struck[0] + deciding[place % len(deciding)]] ^= mask
    rows = NativeFormat(plain=PLAIN).scan(bytes(data), 0, verify=False)
    before = [head for head in sound if head[0] < struck[0]]
    assert rows.stop is Stop.BAD
    assert (plain_numbers(rows.heads), other_frames(rows.heads)) == (plain_numbers(before), other_frames(before))


def equal(frames: int, size: int, count: int = 3, odd: int = -1) -> bytearray:
    """Return equal plain frames; the one of the number `odd` is another one of the same length."""
    data, sequence = bytearray(), 100
    for number in range(frames):
        kind, numbers = (2, 0) if number == odd else (PLAIN, count)
        frame = Frame(kind, numbers, [b"x" * size])
        data += b"".join(FORMAT.prepare(frame, sequence, 5000 + len(data), number).parts)
        sequence += numbers
    return data


def lengths(heads: list[FrameHead]) -> int:
    return sum(head[1] for head in heads)


@given(frames=st.integers(1, 5 * LEAST_HEADS), size=st.integers(0, 90), tail=st.integers(0, 140))
def test_rows_of_equal_frames_say_what_the_frames_say(frames: int, size: int, tail: int) -> None:
    whole = bytes(equal(frames, size))
    data = whole[: max(44, len(whole) - tail)]
    rows, single = NativeFormat(plain=PLAIN).scan(data, 5000, verify=False), FORMAT.scan(data, 5000, verify=False)
    assert (rows.stop, plain_numbers(rows.heads)) == (single.stop, plain_numbers(single.heads))
    assert lengths(rows.heads) == lengths(single.heads)
    assert NativeFormat(plain=PLAIN).scan(memoryview(data), 5000, verify=False) == rows


@given(place=st.integers(0), mask=st.integers(1, 255), struck=st.integers(0, 149))
def test_a_row_of_equal_frames_ends_before_a_damaged_one(place: int, mask: int, struck: int) -> None:
    data = equal(150, 60)
    deciding = [0, 1, 2, *range(4, 8), *range(12, 16), *range(16, 32)]
    data[struck * 104 + deciding[place % len(deciding)]] ^= mask
    rows = NativeFormat(plain=PLAIN).scan(bytes(data), 5000, verify=False)
    assert (rows.stop, lengths(rows.heads)) == (Stop.BAD, struck * 104)
    assert plain_numbers(rows.heads) == list(range(100, 100 + struck * 3))


@pytest.mark.parametrize("place", [32, 40], ids=["time", "checksum"])
def test_the_last_of_a_row_of_equal_frames_has_nobody_to_speak_for_it(place: int) -> None:
    data = equal(150, 60)
    data[149 * 104 + place] ^= 1
    rows = NativeFormat(plain=PLAIN).scan(bytes(data), 5000, verify=False)
    assert (rows.stop, lengths(rows.heads)) == (Stop.BAD, 149 * 104)


@given(odd=st.integers(0, 149))
def test_a_frame_of_another_kind_is_seen_between_equal_ones(odd: int) -> None:
    data = bytes(equal(150, 60, odd=odd))
    rows, single = NativeFormat(plain=PLAIN).scan(data, 5000, verify=False), FORMAT.scan(data, 5000, verify=False)
    assert other_frames(rows.heads) == other_frames(single.heads)
    assert len(other_frames(rows.heads)) == 1


@pytest.mark.parametrize("frames", [631, 632, 633, 634, 3000])
def test_rows_of_equal_frames_end_where_an_index_wants_an_entry(frames: int) -> None:
    data = bytes(equal(frames, 60))
    rows = NativeFormat(plain=PLAIN).scan(data, 5000, verify=False).heads
    assert plain_numbers(rows) == list(range(100, 100 + frames * 3))
    assert [head[0] for head in rows] == list(accumulate([head[1] for head in rows[:-1]], initial=5000))
    assert lengths(rows) == len(data)
    assert max(head[1] for head in rows) < ROW_BYTES + 104
    assert len(rows) < len(data) / ROW_BYTES + 8


@pytest.mark.parametrize("filler", [b"\0", b"\xf1", b"x", b"\xf1\x7e"])
def test_a_frame_is_found_behind_anything(filler: bytes) -> None:
    data = filler * 700 + encoded([b"a"], position=len(filler) * 700)
    assert FORMAT.find(data, 0, 0) == len(filler) * 700
    assert FORMAT.find(filler * 700, 0, 0) == -1
