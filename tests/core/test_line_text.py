"""A text of lines behaves like the list of its lines."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core import line_text
from flumepy.core.line_text import LineText

LINES = st.lists(st.binary(max_size=12).map(lambda body: body.replace(b"\n", b"") + b"\n"), max_size=30)


@pytest.fixture(autouse=True, params=[(1, 0, 1), (3, 2, 0), (16, 1, 5), (4096, 5, 4096)], ids=str)
def _sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    window_bytes, few_lines, least_piece_bytes = request.param
    monkeypatch.setattr(line_text, "WINDOW_BYTES", window_bytes)
    monkeypatch.setattr(line_text, "FEW_LINES", few_lines)
    monkeypatch.setattr(line_text, "LEAST_PIECE_BYTES", least_piece_bytes)


@given(lines=LINES, is_known=st.booleans())
def test_it_has_as_many_lines_as_were_joined(lines: list[bytes], is_known: bool) -> None:
    text = LineText(b"".join(lines), len(lines) if is_known else -1)
    assert text.count == len(lines)
    assert text.lines() == lines


@given(lines=LINES, is_known=st.booleans(), bounds=st.lists(st.tuples(st.integers(-2, 40), st.integers(-2, 40))))
def test_slices_are_slices(lines: list[bytes], is_known: bool, bounds: list[tuple[int, int]]) -> None:
    text = LineText(b"".join(lines), len(lines) if is_known else -1)
    for start, stop in bounds:
        part = text.slice(start, stop)
        assert part.lines() == lines[max(0, start) : max(0, stop)]
        assert part.count == len(part.lines())
        assert part.slice(1, 3).lines() == part.lines()[1:3]


@given(
    parts=st.lists(LINES, max_size=5),
    bounds=st.lists(st.tuples(st.integers(-2, 60), st.integers(-2, 60))),
    are_counted=st.booleans(),
)
def test_joined_texts_are_the_joined_lists(
    parts: list[list[bytes]], bounds: list[tuple[int, int]], are_counted: bool
) -> None:
    if are_counted:
        joined = LineText.of_pieces([b"".join(lines) for lines in parts], [len(lines) for lines in parts])
    else:
        joined = LineText.concat(LineText(b"".join(lines)) for lines in parts)
    lines = [line for lines in parts for line in lines]
    for start, stop in bounds:
        part = joined.slice(start, stop)
        assert b"".join(part.buffers()) == b"".join(lines[max(0, start) : max(0, stop)])
        assert (part.count, part.size_bytes) == (len(part.lines()), len(part.text))
        again = LineText.concat([part, joined, part])
        assert again.lines() == [*part.lines(), *lines, *part.lines()]
    assert (joined.count, joined.size_bytes) == (len(lines), sum(map(len, lines)))
    assert joined.lines() == lines
    assert b"".join(joined.buffers()) == joined.text == b"".join(lines)


def test_to_cut_and_to_join_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_text, "LEAST_PIECE_BYTES", 4)
    first, second = b"one\ntwo\n", b"three\nfour\n"
    joined = LineText.concat([LineText(first), LineText(second)])
    assert [buffer is text for buffer, text in zip(joined.buffers(), (first, second), strict=True)] == [True, True]
    cut = joined.slice(1, 3).buffers()
    assert [(type(buffer), bytes(buffer)) for buffer in cut] == [(memoryview, b"two\n"), (memoryview, b"three\n")]
    assert [buffer.obj for buffer in cut if isinstance(buffer, memoryview)] == [first, second]


def test_small_texts_are_joined_into_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_text, "LEAST_PIECE_BYTES", 5)
    assert LineText.concat([LineText(b"one\n"), LineText(b"two\n")]).buffers() == [b"one\ntwo\n"]


def test_a_text_that_was_wanted_in_one_piece_stays_so() -> None:
    part = LineText(b"one\ntwo\nthree\n").slice(1, 3)
    assert part.text == b"two\nthree\n"
    assert part.text is part.text
    assert part.buffers() == [part.text]
    assert part.slice(1, 2).text == b"three\n"


@given(marked=st.lists(st.tuples(st.sampled_from([b"\n", b"a\n", b"bcd\n"]), st.booleans()), max_size=30))
def test_marked_lines_are_picked_or_left_out(marked: list[tuple[bytes, bool]]) -> None:
    lines = [line for line, _ in marked]
    stops = list(accumulate(map(len, lines)))
    places = [(stop - len(line), stop) for (line, is_marked), stop in zip(marked, stops, strict=True) if is_marked]
    text = LineText(b"".join(lines))
    for part, wanted in ((text.pick(places), True), (text.without(places), False)):
        assert part.lines() == [line for line, is_marked in marked if is_marked is wanted]
        assert part.count == len(part.lines())


def test_a_text_longer_than_a_window_is_cut_anywhere() -> None:
    lines = [b"%d\n" % number * (number % 3 + 1) for number in range(5_000)]
    whole = LineText(b"".join(lines))
    split = whole.lines()
    assert whole.count == len(split)
    for size in (777, 3):
        for start in range(0, len(split), size):
            assert whole.slice(start, start + size).lines() == split[start : start + size]
