"""Lines of streams: any pieces give the same lines, as java.io.BufferedReader reads them."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flumepy.formats.stream_lines import StreamLines

CHARSETS = ("utf-8", "gbk", "iso8859-1", "utf-16-be", "utf-16-le")


def feed(lines: StreamLines, pieces: list[bytes]) -> list[bytes]:
    return [line for piece in pieces for line in lines.feed(piece).bodies] + lines.finish().bodies


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[start:stop] for start, stop in pairwise(places)]


@given(st.text("aé你𐍈\r\n", max_size=40), st.sampled_from(CHARSETS), st.lists(st.integers(0, 200)))
def test_any_pieces_give_the_lines_of_the_text(text: str, charset: str, cuts: list[int]) -> None:
    text = text.encode(charset, "ignore").decode(charset)
    expected = re.split(r"\r\n|\r|\n", text)
    expected = expected[:-1] if not expected[-1] else expected
    found = feed(StreamLines(charset), cut(text.encode(charset), cuts))
    assert found == [line.encode(charset) for line in expected]


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_bytes_that_are_no_text_do_not_depend_on_the_pieces(data: bytes, cuts: list[int]) -> None:
    assert feed(StreamLines("utf-8"), cut(data, cuts)) == feed(StreamLines("utf-8"), [data])


def test_a_line_without_end_is_cut_at_the_limit_between_characters() -> None:
    lines = StreamLines("utf-8", max_line_bytes=10)
    found = feed(lines, ["é".encode() * 3] * 7)
    assert b"".join(found).decode() == "é" * 21
    assert max(map(len, found)) <= 10
    assert lines.cuts == 4


def test_lines_of_a_charset_with_single_bytes_stay_one_text() -> None:
    text = StreamLines("utf-8").feed(b"one\r\ntwo\nthr").text
    assert text is not None
    assert text.text == b"one\ntwo\n"
    assert StreamLines("utf-16-be").feed("one\n".encode("utf-16-be")).text is None
