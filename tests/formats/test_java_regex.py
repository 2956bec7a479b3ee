"""flumepy.formats.java_regex against answers of the real java.util.regex (java_regex.json, see record.py)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.formats.java_regex import compile_for_bodies, compile_java, compile_plain, translate, translate_replacement

CASES = json.loads(Path(__file__).with_name("java_regex.json").read_text())
# What Java can and this translation refuses, each by name.
REFUSED = {
    (r"\1(a)", "reference to group 1 before its end is not supported at column 1"),
    (r"(a\1)", "reference to group 1 before its end is not supported at column 3"),
    (r"\G", r"\G (end of the previous match) is not supported at column 1"),
    (r"\X", r"\X (grapheme cluster) is not supported at column 1"),
    (r"\N{DIGIT ONE}", r"\N{name} is not supported at column 1"),
    (r"\b{g}", r"\b{g} (grapheme cluster boundary) is not supported at column 1"),
    (r"(?<=a*)b", "look-behind of variable width is not supported at column 1"),
    (r"(?<=a+)b", "look-behind of variable width is not supported at column 1"),
    (r"(?c)a", "unknown inline modifier 'c' at column 1"),
}
# Java's data for blocks and scripts is not in Python.
NO_DATA = (r"\p{InGreek}", r"\p{IsGreek}", r"\p{script=Latin}", r"\p{block=Greek}")
# Documented at the top of java_regex_parser.py.
DIFFERENT = ("|a", "(^)*a")


def _cases(operation: str) -> Iterator[tuple[list[str], list[str]]]:
    return ((request[1:], answer) for request, answer in CASES if request[0] == operation)


def _answer(pattern: str, text: str) -> list[str]:
    compiled = compile_java(pattern)
    spans = [
        " ".join(f"{_units(text, match.start(g))},{_units(text, match.end(g))}" for g in range(compiled.groups + 1))
        for match in compiled.finditer(text)
    ]
    return ["ok", "true" if compiled.fullmatch(text) else "false", *spans]


def _units(text: str, position: int) -> int:
    return position if position < 0 else len(text[:position].encode("utf-16-le")) // 2


def test_every_recorded_match_is_javas_or_refused_by_name() -> None:
    wrong = []
    refused = set()
    for (pattern, text), expected in _cases("regex"):
        try:
            actual = _answer(pattern, text)
        except ConfigurationError as error:
            actual = ["error"]
            if expected[0] == "ok":
                refused.add((pattern, str(error).rpartition("': ")[2]))
                continue
        if pattern not in DIFFERENT and actual != (expected if expected[0] == "ok" else ["error"]):
            wrong.append((pattern, text, expected, actual))
    assert not wrong
    assert refused == REFUSED


@pytest.mark.parametrize("pattern", DIFFERENT)
def test_documented_differences_still_are_differences(pattern: str) -> None:
    recorded = [(text, expected) for (found, text), expected in _cases("regex") if found == pattern]
    assert any(_answer(pattern, text) != expected for text, expected in recorded)


def test_every_recorded_class_holds_the_same_characters() -> None:
    recorded = {pattern: answer for (pattern,), answer in _cases("class")}
    # Java 17 knows Unicode 13, Python may know more.
    unassigned = _members(recorded[r"\p{Cn}"])
    for pattern, answer in recorded.items():
        if pattern == r"\p{Cn}":
            continue
        if answer[0] == "error" or pattern in NO_DATA:
            with pytest.raises(ConfigurationError, match="blocks and scripts"):
                compile_java(pattern)
            continue
        fullmatch = compile_java(pattern).fullmatch
        actual = {code for code in range(0x3100) if fullmatch(chr(code))}
        assert (actual ^ _members(answer)) - unassigned == set(), pattern


def _members(answer: list[str]) -> set[int]:
    ranges = (item.split("-") for item in answer[1:])
    return {code for low, high in ranges for code in range(int(low, 16), int(high, 16) + 1)}


def test_plain_translation_agrees_with_the_other_on_plain_text() -> None:
    compared = 0
    for (pattern, text), expected in _cases("regex"):
        if not text.isascii() or "\r" in text or expected[0] != "ok":
            continue
        try:
            on_text, plain = compile_java(pattern), compile_plain(pattern)
        except ConfigurationError:
            continue
        compared += 1
        spans = [[match.span(g) for g in range(on_text.groups + 1)] for match in on_text.finditer(text)]
        on_bytes = re.compile(plain.pattern.encode())
        for found in (plain.finditer(text), on_bytes.finditer(text.encode())):
            assert [[match.span(g) for g in range(plain.groups + 1)] for match in found] == spans, pattern
    assert compared > 1000


def test_every_recorded_replacement_is_javas() -> None:
    for (pattern, text, replacement), expected in _cases("replace"):
        body_pattern = compile_for_bodies(pattern)
        try:
            template = translate_replacement(replacement, body_pattern.text)
        except ConfigurationError:
            # Java finds out at the first match; without a match it never does.
            actual = ["error"] if body_pattern.found(text.encode()) else expected
        else:
            actual = ["ok", body_pattern.replace_all(text.encode(), template).decode()]
            assert body_pattern.text.sub(template, text) == actual[1]
        assert actual == (expected if expected[0] == "ok" else ["error"]), (pattern, replacement)


def test_malformed_utf8_is_decoded_as_java_decodes_it() -> None:
    anything = compile_for_bodies("(?s).*")
    for (units,), (_, expected) in _cases("utf8"):
        match = anything.search(units.encode("latin-1"))
        assert match is not None
        assert match[0] == expected


@pytest.mark.parametrize(
    ("body", "found", "whole"),
    [(b"x error 7", True, False), (b"error 7", True, True), ("error é 7".encode(), True, True), (b"warn", False, False),
     (b"\xff error \xff 7", True, False), (b"", False, False)],
)  # fmt: skip
def test_bodies_are_matched_as_decoded_text(body: bytes, found: bool, whole: bool) -> None:
    pattern = compile_for_bodies(r"(?i)ERROR.* (\d)")
    assert pattern.found(body) is found
    assert pattern.matches(body) is whole
    assert pattern.hits(EventBatch([body, b"none", body])) == ([0, 2] if found else [])
    match = pattern.search(body)
    assert (match is not None) is found
    if match:
        assert match[1] == "7"


def test_a_dot_is_one_character_of_a_body_and_not_one_byte() -> None:
    pattern = compile_for_bodies("^.$")
    assert [pattern.found(body) for body in (b"a", "é".encode(), b"ab", b"\xff")] == [True, True, False, True]


def test_replacing_keeps_text_beyond_ascii_on_both_sides() -> None:
    pattern = compile_for_bodies("(a+)")
    template = translate_replacement("é$1", pattern.text)
    assert pattern.replace_all(b"xaa", template) == "xéaa".encode()
    assert pattern.replace_all("ü a".encode(), template) == "ü éa".encode()


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"ab\Gc", r"\G (end of the previous match) is not supported at column 3"),
        (r"a(?<=b+)", "look-behind of variable width is not supported at column 2"),
        (r"\Qab\E(", "unclosed group at column 7"),
        (r"x\p{InGreek}", "'InGreek' is unknown or not supported (blocks and scripts are not) at column 2"),
    ],
)
def test_a_refusal_names_pattern_construct_and_column(pattern: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        translate(pattern)
    assert str(caught.value).startswith(f"regular expression {pattern!r}: ")
    assert message in str(caught.value)


def test_flags_mean_the_same_as_letters_in_the_pattern() -> None:
    for flag, letter in ((re.I, "i"), (re.M, "m"), (re.S, "s"), (re.X, "x"), (re.I | re.U, "iu")):
        assert translate("^a k.$", flag) == translate(f"(?{letter})^a k.$")


@given(st.text("abk(){}[]^$.|*+?\\-&,:=!<>PpLQEdDsSwWbB019xuicRzZ# \n", max_size=14))
def test_any_pattern_compiles_or_is_refused_with_a_configuration_error(pattern: str) -> None:
    try:
        compiled = compile_for_bodies(pattern)
    except ConfigurationError as error:
        refusal = str(error)
    else:
        refusal = "at column"
        compiled.found(b"abk 1\n")
    assert "at column" in refusal
