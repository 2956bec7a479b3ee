"""The loops over bytes say the same in Python and in C."""

from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flumepy.core import byte_loops
from tests.twins import in_python

PYTHON = in_python(byte_loops)
TEXTS = st.binary(max_size=700) | st.text(alphabet="a\n", max_size=700).map(str.encode)
PLACES = st.integers(0, 800)


@pytest.fixture(params=[PYTHON, byte_loops], ids=["python", "installed"], scope="module")
def loops(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """Return the module in Python, and the one that this installation uses: in C where it is compiled."""
    module: ModuleType = request.param
    return module


def outcome(function: Callable[..., object], *arguments: object) -> object:
    try:
        return function(*arguments)
    except ValueError as error:
        return type(error)


def test_the_copy_in_python_is_in_python() -> None:
    assert [type(getattr(PYTHON, name)).__name__ for name in ("behind_line_feed", "cut_like_texts")] == ["function"] * 2


@given(text=TEXTS, start=PLACES, stop=PLACES)
@example(text=b"\n" * 600, start=0, stop=600)
def test_line_feeds_are_counted_between_two_places(loops: ModuleType, text: bytes, start: int, stop: int) -> None:
    assert loops.count_line_feeds(text, start, stop) == text[start:stop].count(b"\n")


@given(text=TEXTS, start=PLACES, stop=PLACES, number=st.integers(1, 300))
@example(text=b"a\nb", start=0, stop=3, number=2)
@example(text=b"a\nb\n", start=0, stop=3, number=2)
@example(text=b"\n" * 300, start=0, stop=300, number=300)
def test_the_place_behind_a_line_feed_is_found_or_refused(
    loops: ModuleType, text: bytes, start: int, stop: int, number: int
) -> None:
    ends = [place + 1 for place in range(start, min(stop, len(text))) if text[place : place + 1] == b"\n"]
    wanted: object = ends[number - 1] if number <= len(ends) else ValueError
    assert outcome(loops.behind_line_feed, text, start, stop, number) == wanted


def test_behind_no_line_feed_is_the_start(loops: ModuleType) -> None:
    assert loops.behind_line_feed(b"a\nb\n", 2, 4, 0) == 2


PREFIX, SEPARATOR, TAIL = b'[{"body":"', b'"},{"body":"', b'"}]'
LIKE = st.lists(st.text(alphabet='ab{}[],:.* "\\\n\u00e4', max_size=6).map(str.encode), max_size=6)


@given(texts=LIKE, head=st.sampled_from([b"", b"head ", SEPARATOR]))
@example(texts=[b"x" * 300] * 300, head=b"")
def test_texts_between_like_parts_become_lines(loops: ModuleType, texts: list[bytes], head: bytes) -> None:
    data = head + PREFIX + SEPARATOR.join(texts) + TAIL
    is_plain = len(texts) > 1 and not any(byte in text for text in texts for byte in b'"\\\n')
    wanted = (b"".join([text + b"\n" for text in texts]), len(texts)) if is_plain else None
    assert loops.cut_like_texts(data, len(head), PREFIX, SEPARATOR, TAIL) == wanted


@given(
    data=st.lists(st.sampled_from([PREFIX, SEPARATOR, TAIL, b"a", b'"', b"[", b"\n", b"\\"]), max_size=8).map(b"".join),
    start=st.integers(0, 60),
    tail=st.sampled_from([TAIL, b"", b'"', SEPARATOR, SEPARATOR + TAIL]),
    separator=st.sampled_from([SEPARATOR, b'"']),
)
@example(data=PREFIX + TAIL[1:], start=0, tail=TAIL, separator=SEPARATOR)
@example(data=PREFIX + SEPARATOR[1:] + TAIL, start=0, tail=TAIL, separator=SEPARATOR)
@example(data=PREFIX + b"a" + SEPARATOR[:-1] + TAIL, start=0, tail=TAIL, separator=SEPARATOR)
@example(data=PREFIX + b"a" + SEPARATOR + b"a" + SEPARATOR[:-1] + TAIL, start=0, tail=TAIL, separator=SEPARATOR)
def test_whatever_the_parts_are_both_say_the_same(data: bytes, start: int, tail: bytes, separator: bytes) -> None:
    arguments = (data, start, PREFIX, separator, tail)
    assert byte_loops.cut_like_texts(*arguments) == PYTHON.cut_like_texts(*arguments)


@pytest.mark.parametrize("data", [PREFIX, TAIL, PREFIX + TAIL, PREFIX + b"a" + TAIL, b"", PREFIX[:-1] + TAIL])
def test_less_than_two_texts_are_not_cut(loops: ModuleType, data: bytes) -> None:
    assert loops.cut_like_texts(data, 0, PREFIX, SEPARATOR, TAIL) is None
    assert loops.cut_like_texts(data, 1000, PREFIX, SEPARATOR, TAIL) is None
