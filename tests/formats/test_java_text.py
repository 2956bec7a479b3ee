"""flumepy.formats.java_text against answers of the real Java (java_text.json, see record.py)."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import ConfigurationError, InputError
from flumepy.formats.java_text import hex_dump, java_charset, java_double, java_map_text, parse_int, parse_long

CASES = [(*request, answer) for request, answer in json.loads(Path(__file__).with_name("java_text.json").read_text())]


def _cases(operation: str) -> list[tuple[list[str], list[str]]]:
    return [(list(case[1:-1]), case[-1]) for case in CASES if case[0] == operation]


@pytest.mark.parametrize(("arguments", "answer"), _cases("double"))
def test_doubles_print_as_in_java(arguments: list[str], answer: list[str]) -> None:
    assert java_double(float(arguments[0])) == answer[1]


@pytest.mark.parametrize(("arguments", "answer"), _cases("map"))
def test_maps_print_in_hash_map_order(arguments: list[str], answer: list[str]) -> None:
    assert java_map_text(dict(zip(arguments[::2], arguments[1::2], strict=True))) == answer[1]


@pytest.mark.parametrize(("kind", "parse"), [("int", parse_int), ("long", parse_long)])
def test_integers_are_read_as_strictly_as_in_java(kind: str, parse: type[int]) -> None:
    for (text,), answer in _cases(kind):
        if answer[0] == "ok":
            assert parse(text) == int(answer[1])
        else:
            with pytest.raises(InputError) as caught:
                parse(text)
            assert str(caught.value) == answer[2]


def test_charset_names_are_accepted_exactly_where_java_accepts_them() -> None:
    for (name,), answer in _cases("charset"):
        if answer[0] == "ok":
            assert "a".encode(java_charset(name)) == "a".encode(java_charset(answer[1]))
        else:
            with pytest.raises(ConfigurationError, match="charset"):
                java_charset(name)


@pytest.mark.parametrize(
    ("body", "limit", "dump"),
    [
        (b"Hello world!\r", 16, " 48 65 6C 6C 6F 20 77 6F 72 6C 64 21 0D          Hello world!."),
        (b"hello", 16, " 68 65 6C 6C 6F                                  hello"),
        (b"0123456789" * 4, 16, " 30 31 32 33 34 35 36 37 38 39 30 31 32 33 34 35 0123456789012345"),
        (b"", 16, ""),
        (b"\x00\x1f\x20\x7e\x7f\xff", 5, " 00 1F 20 7E 7F                                  .. ~."),
        (b"a" * 17, 32, " " + "61 " * 16 + "a" * 16 + "\n00000010 61" + " " * 46 + "a"),
        (b"abc", 0, ""),
    ],
)
def test_body_dump_is_that_of_the_logger_sink(body: bytes, limit: int, dump: str) -> None:
    assert hex_dump(body, limit) == dump


@given(st.floats(allow_nan=False))
def test_a_printed_double_reads_back(value: float) -> None:
    assert float(java_double(value).replace("Infinity", "inf")) == value
