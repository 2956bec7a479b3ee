"""Heads of equal frames: as many are believed as agree byte by byte with what the first one lets expect, and no more."""

import struct

from hypothesis import example, given
from hypothesis import strategies as st

from flumepy.log.stride import MOST_HEADS, agreeing_heads

HEAD = struct.Struct("<HBxQxxQ")
CONSTANT = (0, 1, 2, 8, 9, 10, 11, 18, 19, 20, 21)  # and neither 3, 12 nor 13
FREE = (3, 12, 13)
RISING_PLACES = (4, 14)


def heads(count: int, stride: int, first: int, second: int, steps: tuple[int, int]) -> bytearray:
    data = bytearray(b"\xee" * (count * stride))
    for number in range(count):
        HEAD.pack_into(data, number * stride, 0x7EF1, 1, first + number * steps[0], second + number * steps[1])
    return data


def agreeing(data: bytes, count: int, stride: int, steps: tuple[int, int]) -> int:
    return agreeing_heads(data, 0, stride, count, CONSTANT, tuple(zip(RISING_PLACES, steps, strict=True)))


@given(
    count=st.integers(1, 300),
    gap=st.integers(0, 9),
    first=st.integers(0, (1 << 31)),
    upper=st.integers(0, (1 << 32) - 1),
    steps=st.tuples(st.integers(1, 1 << 20), st.integers(1, 70_000)),
)
def test_sound_heads_agree_and_a_damaged_byte_ends_the_row(
    count: int, gap: int, first: int, upper: int, steps: tuple[int, int]
) -> None:
    stride = HEAD.size + gap
    data = heads(count, stride, first, first + (upper << 32), steps)
    assert agreeing(bytes(data), count, stride, steps) == count
    struck = count * 2 // 3
    for place in range(stride):
        data[struck * stride + place] ^= 0x10
        is_seen = place < HEAD.size and place not in FREE and struck > 0
        assert agreeing(bytes(data), count, stride, steps) == (struck if is_seen else count), place
        data[struck * stride + place] ^= 0x10


@example(below=1)
@example(below=700)
@given(below=st.integers(1, 2000))
def test_a_row_ends_where_the_upper_half_of_a_number_changes(below: int) -> None:
    data = heads(400, 30, (5 << 32) - below, 7, (3, 1))
    assert agreeing(bytes(data), 400, 30, (3, 1)) == min(400, -(-below // 3))


def test_two_damaged_heads_end_the_row_at_the_first_whichever_byte_it_is() -> None:
    data = heads(100, 40, 9, 9, (40, 10))
    data[70 * 40] ^= 1  # looked at first, comes later
    data[50 * 40 + 14] ^= 1
    assert agreeing(bytes(data), 100, 40, (40, 10)) == 50


def test_no_more_are_looked_at_than_fit_the_cache() -> None:
    data = bytes(heads(MOST_HEADS + 50, 24, 0, 0, (24, 1)))
    assert agreeing(data, MOST_HEADS + 50, 24, (24, 1)) == MOST_HEADS
