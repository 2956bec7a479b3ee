"""A row of frames ends at the same place in Python and in C: where a head no longer speaks for the frame before it."""

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.log import frame_rows
from flumepy.log.frame import Frame, NativeFormat
from tests.twins import in_python

PLAIN, OTHER = 1, 2
EMPTY = 0  # stands for a plain frame without numbers
POSITION, SEQUENCE = (1 << 40) + 7, (1 << 33) + 5
FORMAT = NativeFormat()
PYTHON = in_python(frame_rows)
LENGTHS = st.lists(st.integers(0, 70), min_size=1, max_size=30)


@pytest.fixture(params=[PYTHON, frame_rows], ids=["python", "installed"], scope="module")
def loops(request: pytest.FixtureRequest) -> ModuleType:
    """Return the module in Python, and the one that this installation uses: in C where it is compiled."""
    module: ModuleType = request.param
    return module


def frames(lengths: list[int], kinds: dict[int, int] | None = None) -> tuple[bytes, list[int]]:
    """Return plain frames of two numbers each, others where `kinds` says so, and where each begins."""
    data, starts, sequence = bytearray(), list[int](), SEQUENCE
    for number, length in enumerate(lengths):
        kind = (kinds or {}).get(number, PLAIN)
        count = 2 if kind == PLAIN else 0
        kind = kind or PLAIN
        starts.append(len(data))
        prepared = FORMAT.prepare(Frame(kind, count, [b"x" * length]), sequence, POSITION + len(data), 9)
        data += b"".join(prepared.parts)
        sequence += count
    return bytes(data), starts


def test_the_installed_module_says_whether_it_is_quick() -> None:
    assert not PYTHON.IS_QUICK
    assert type(PYTHON.row_end).__name__ == "function"
    assert frame_rows.IS_QUICK is (type(frame_rows.row_end).__name__ != "function")


@given(lengths=LENGTHS)
def test_a_row_goes_on_to_the_last_frame_that_another_one_speaks_for(loops: ModuleType, lengths: list[int]) -> None:
    data, starts = frames(lengths)
    wanted = starts[-1], SEQUENCE + 2 * (len(starts) - 1)
    assert loops.row_end(data, POSITION, 0, SEQUENCE, PLAIN, 1 << 20) == wanted
    assert loops.row_end(memoryview(data), POSITION, 0, SEQUENCE, PLAIN, 1 << 20) == wanted


@given(lengths=LENGTHS, place=st.integers(0), kind=st.sampled_from([OTHER, 255, EMPTY]))
def test_a_frame_of_another_kind_or_without_numbers_ends_a_row(
    loops: ModuleType, lengths: list[int], place: int, kind: int
) -> None:
    place %= len(lengths)
    data, starts = frames(lengths, {place: kind})
    assert loops.row_end(data, POSITION, 0, SEQUENCE, PLAIN, 1 << 20) == (starts[place], SEQUENCE + 2 * place)


@given(lengths=LENGTHS, most_bytes=st.integers(0, 4000))
def test_a_row_is_about_as_long_as_was_wished(loops: ModuleType, lengths: list[int], most_bytes: int) -> None:
    data, starts = frames(lengths)
    place = max(number for number, start in enumerate(starts) if start <= most_bytes)
    wanted = starts[place], SEQUENCE + 2 * place
    assert loops.row_end(data, POSITION, 0, SEQUENCE, PLAIN, most_bytes) == wanted


@given(
    lengths=LENGTHS,
    place=st.integers(0),
    mask=st.integers(1, 255),
    kept=st.integers(0, 4000),
    offset=st.integers(0, 4000),
    most_bytes=st.integers(0, 1 << 40),
)
def test_whatever_the_data_is_both_say_the_same(
    lengths: list[int], place: int, mask: int, kept: int, offset: int, most_bytes: int
) -> None:
    data = bytearray(frames(lengths)[0])
    data[place % len(data)] ^= mask
    for start in (0, offset):
        arguments = (bytes(data[:kept]), POSITION, start, SEQUENCE, PLAIN, most_bytes)
        assert frame_rows.row_end(*arguments) == PYTHON.row_end(*arguments)
