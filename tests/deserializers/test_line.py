"""Lines: what a file's bytes give, whatever the chunks, the charset and the errors in it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.deserializer import DecodeErrorPolicy, TextRules
from flumepy.core.errors import ConfigurationError, InputError
from flumepy.deserializers.line import LineDeserializer, LineReader
from flumepy.testing.conformance import DeserializerConformance
from flumepy.testing.fakes import build

FAIL, REPLACE, IGNORE = DecodeErrorPolicy.FAIL, DecodeErrorPolicy.REPLACE, DecodeErrorPolicy.IGNORE
CHARSETS = ("utf-8", "iso8859-1", "gbk", "shift_jis", "utf-16-be", "utf-16-le", "utf-32-be", "cp037", "ascii")
texts = st.text(st.sampled_from("ab é\n\r\n你𐍈\u0a0a\u010a"), max_size=60)


def reader(
    data: bytes, charset: str = "utf-8", policy: DecodeErrorPolicy = FAIL, *, limit: int = 2048,
    chunk: int = 7, position: int = 0, output: str = "utf-8",
) -> LineReader:  # fmt: skip
    return LineReader(io.BytesIO(data), position, TextRules(charset, policy), output, limit, chunk)


def all_lines(lines: LineReader, step: int = 3) -> list[bytes]:
    found: list[bytes] = []
    while batch := lines.read(step).bodies:
        found += batch
    return found


def java_lines(text: str, limit: int) -> list[str]:
    """LineDeserializer.readLine, for text without surrogates."""
    found, line, count = [], "", 0
    for character in text:
        count += 1
        if character != "\n":
            line += character
        if character == "\n" or count >= limit:
            found.append(line)
            line, count = "", 0
    return [*found, line] if count else found


def test_lines_end_at_lf_only_and_the_last_needs_none() -> None:
    assert all_lines(reader(b"one\r\n\ntwo\rthree\nfour")) == [b"one\r", b"", b"two\rthree", b"four"]


def test_a_line_of_exactly_the_limit_is_followed_by_an_empty_one_as_in_flume() -> None:
    assert all_lines(reader(b"x" * 2048 + b"\ny\n", chunk=262144)) == [b"x" * 2048, b"", b"y"]


def test_a_character_beyond_the_bmp_is_not_cut_in_two() -> None:
    assert all_lines(reader("a𐍈b\n".encode(), limit=2)) == [b"a", "𐍈".encode(), b"b"]


def test_a_line_without_end_is_cut_before_it_is_all_read() -> None:
    file = io.BytesIO(b"x" * 10_000_000)
    lines = LineReader(file, 0, TextRules(), "utf-8", 2048)
    assert lines.read(5).bodies == [b"x" * 2048] * 5
    assert file.tell() < 1_000_000
    assert lines.position == 5 * 2048


@pytest.mark.parametrize(("policy", "body"), [(REPLACE, "a\ufffdb"), (IGNORE, "ab")])
def test_bad_bytes_are_replaced_or_dropped(policy: DecodeErrorPolicy, body: str) -> None:
    assert all_lines(reader(b"ok\na\xffb\nend\n", policy=policy)) == [b"ok", body.encode(), b"end"]


def test_a_bad_byte_under_fail_ends_the_file_after_the_lines_before_it() -> None:
    lines = reader(b"one\ntwo\nth\xffree\nfour\n", chunk=100)
    assert lines.read(10).bodies == [b"one", b"two"]
    assert lines.position == 8
    for _ in range(2):
        with pytest.raises(InputError, match="the line at byte 8 is not utf-8"):
            lines.read(10)


def test_a_bad_byte_in_a_long_line_under_fail_comes_after_the_pieces_before_it() -> None:
    lines = reader(b"ab\ncdef\xff\n", limit=4, chunk=100)
    assert lines.read(10).bodies == [b"ab", b"cdef"]
    with pytest.raises(InputError, match="at byte 3"):
        lines.read(10)


def test_text_is_recoded_and_what_the_output_lacks_is_a_question_mark() -> None:
    assert all_lines(reader("né\n你\n".encode("gbk"), "gbk", output="iso8859-1", chunk=100)) == [b"n\xe9", b"?"]


def test_a_cut_off_character_at_the_end_is_an_error_of_its_line_only() -> None:
    assert all_lines(reader(b"a\nb\xe4\xbd", policy=REPLACE)) == [b"a", "b\ufffd".encode()]


def test_unknown_charsets_are_refused_when_configured() -> None:
    with pytest.raises(ConfigurationError, match="nonsense"):
        build(LineDeserializer, {"outputCharset": "nonsense"})


@given(texts, st.sampled_from(CHARSETS), st.integers(1, 9), st.integers(1, 40), st.integers(1, 5))
def test_valid_text_gives_the_lines_that_java_reads(text: str, charset: str, limit: int, chunk: int, step: int) -> None:
    text = text.encode(charset, "ignore").decode(charset).replace("𐍈", "")
    data = text.encode(charset)
    lines = reader(data, charset, limit=limit, chunk=chunk)
    assert all_lines(lines, step) == [line.encode() for line in java_lines(text, limit)]
    assert lines.position == len(data)


@given(
    st.lists(st.sampled_from([b"\n", b"a", b"\xff", b"\xe4\xbd\xa0", b"\xe4", b"\xf0\x90\x8d\x88", b"\xc3", b"\x00"])),
    st.sampled_from(CHARSETS), st.sampled_from(list(DecodeErrorPolicy)), st.integers(1, 9), st.integers(1, 5),
    st.integers(1, 30), st.integers(1, 30),
)  # fmt: skip
def test_any_bytes_in_any_chunks_give_the_same_lines_and_every_position_resumes(
    parts: list[bytes], charset: str, policy: DecodeErrorPolicy, limit: int, step: int, one: int, other: int
) -> None:
    data = b"".join(parts)
    expected, failed = read_through(reader(data, charset, policy, limit=limit, chunk=one), step)
    again, failed_again = read_through(reader(data, charset, policy, limit=limit, chunk=other), 1)
    assert [body for body, _ in expected] == [body for body, _ in again]
    assert failed == failed_again
    for index, (_, position) in enumerate(again):
        resumed = reader(data, charset, policy, limit=limit, chunk=one, position=position)
        assert [body for body, _ in read_through(resumed, 1)[0]] == [body for body, _ in again[index + 1 :]]


def read_through(lines: LineReader, step: int) -> tuple[list[tuple[bytes, int]], bool]:
    """Return every body with the position after its batch, and whether the file ended in an error."""
    found: list[tuple[bytes, int]] = []
    try:
        while batch := lines.read(step).bodies:
            found += [(body, lines.position) for body in batch]
    except InputError:
        return found, True
    return found, False


class TestLaw(DeserializerConformance):
    """The conformance suite."""

    def make(self) -> LineDeserializer:
        return build(LineDeserializer)

    def sample(self) -> tuple[bytes, list[bytes]]:
        return "one\n\nzwö\nend".encode(), [b"one", b"", "zwö".encode(), b"end"]
