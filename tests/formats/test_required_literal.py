"""The literal that a pattern needs, and the quick look for it in a batch."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.core.line_text import LineText
from flumepy.formats.java_regex import BodyPattern, compile_for_bodies, compile_java
from flumepy.formats.required_literal import (
    FIRST_EVENTS,
    SPAN_EVENTS,
    lines_that_may_contain,
    may_contain,
    required_literal,
)

ATOMS = [
    "a",
    "b",
    "ab",
    "abc",
    "é",
    "ß",
    "\ufffd",
    "\\n",
    "\\r",
    "\\s",
    "\\.",
    "\\t",
    "\\x61",
    "\\u0062",
    "\\Qa.b\\E",
    "[ab]",
    "[^a]",
]
ATOMS += [
    "[Kß]",
    "K",
    ".",
    "^",
    "$",
    "\\b",
    "\\R",
    "(a)",
    "(a|b)",
    "(?:ab)",
    "(?=a)",
    "(?<=b)",
    "(?i)a",
    "(?i:b)",
    "(?s)",
    "|",
]
ATOMS += ["(a)\\1", "[\\]a]", "\\{", "\\)", "\\|", "(?m)^", "\\p{L}", "\\Z", "\\z"]
QUANTIFIERS = ["", "", "", "", "*", "+", "?", "{0}", "{2}", "{0,1}", "{1,}", "*?", "++"]
PATTERNS = st.lists(st.tuples(st.sampled_from(ATOMS), st.sampled_from(QUANTIFIERS)).map("".join), max_size=5).map(
    "".join
)
PIECES = ["a", "b", "ab", "abc", "aa", "K", "a.b", ".", " ", "\t", "]", "{", ")", "|", "A", "B", "é", "ß", "x"]
BODIES = st.lists(
    st.sampled_from([*(piece.encode() for piece in PIECES), b"\r", b"\n", b"\xff", b"\xc3", b"\xe2\x82", b"\x00"]),
    max_size=6,
).map(b"".join)


def compiled(pattern: str) -> BodyPattern | None:
    """Return the pattern, or None for one that is refused."""
    try:
        return compile_for_bodies(pattern)
    except ConfigurationError:
        return None


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"\sDEBUG\s", b"DEBUG"),
        ("ERROR", b"ERROR"),
        ("^ERROR$", b"ERROR"),
        (".*ERROR.*", b"ERROR"),
        ("ab|cde", b""),
        ("ab(c|d)efg", b"efg"),
        ("(?i)debug", b""),
        ("(?i:de)bug", b"bug"),
        ("(?x) a b c # d", b"abc"),
        ("abc?", b"ab"),
        ("abc+d", b"ab"),
        ("abc{0}", b"ab"),
        ("[Kß]AB", b"AB"),
        ("KäBC", b"BC"),
        ("a\\u20acbc", b"bc"),
        ("a\\x{1F600}bc", b"bc"),
        ("a\\tb\\.c\\-d e", b"a\tb.c-d e"),
        (r"\Qa|b(c)*\E", b"a|b(c)*"),
        ("[a(]bc[)]", b"bc)"),
        (r"[\]a]bc", b"bc"),
        (r"(a)\1bc", b"bc"),
        ("a{2}bc", b"bc"),
        ("(a(b)cdef)gh", b"gh"),
        (r"\bat\b", b"at"),
        ("(?!abc)d", b"d"),
        (".*", b""),
        ("", b""),
    ],
)
def test_the_longest_run_that_cannot_be_absent_is_found(pattern: str, literal: bytes) -> None:
    assert required_literal(compile_java(pattern)) == literal


@pytest.mark.parametrize("pattern", [r"(a)\12", r"a{2,3}", r"a{,2}", r"\07", r"\1234"])
def test_digits_of_the_syntax_are_no_text(pattern: str) -> None:
    found = required_literal(re.compile(pattern) if "\\1" not in pattern else re.compile("(a)" * 12 + pattern))
    assert not re.search(rb"\d", found)


@pytest.mark.parametrize("quantifier", ["*", "?", "+", "{0}", "{0,1}", "{,2}", "*?", "*+"])
def test_what_is_repeated_is_no_text(quantifier: str) -> None:
    assert required_literal(re.compile(f"abc{quantifier}d")) == b"ab"


def test_patterns_with_flags_of_python_have_no_literal() -> None:
    assert required_literal(re.compile("debug", re.IGNORECASE)) == b""
    assert required_literal(re.compile("de bug", re.VERBOSE)) == b""


@settings(deadline=None)  # the first use of a Unicode table takes long
@given(PATTERNS, BODIES)
@example("[Kß]ab", "ßab".encode())
@example("ab\\s", b"ab\r")
def test_whatever_the_pattern_is_found_in_has_the_literal(pattern: str, body: bytes) -> None:
    if (on_bodies := compiled(pattern)) is not None and on_bodies.found(body):
        assert required_literal(on_bodies.text) in body


@settings(deadline=None)  # the first use of a Unicode table takes long
@given(PATTERNS, st.lists(BODIES, max_size=12), st.integers(0, 30), st.booleans())
@example("[Kß]ab", ["ßab".encode()], 30, False)
@example("ab\\s", [b"ab"], 30, True)
def test_hits_are_what_each_body_alone_says(pattern: str, bodies: list[bytes], rest: int, as_lines: bool) -> None:
    if (on_bodies := compiled(pattern)) is not None:
        bodies = [*bodies, *[b"-"] * rest, *bodies[:1]]
        batch = EventBatch.from_lines([body + b"\n" for body in bodies]) if as_lines else EventBatch(bodies)
        assert on_bodies.hits(batch) == [index for index, body in enumerate(bodies) if on_bodies.found(body)]


@settings(deadline=None)  # the first use of a Unicode table takes long
@given(PATTERNS, st.lists(BODIES, max_size=12), st.integers(0, 30))
@example("ab\\s", [b"ab"], 30)
@example("ab\\nab", [b"ab", b"ab"], 0)
def test_the_lines_of_a_text_are_hit_as_its_bodies_are(pattern: str, bodies: list[bytes], rest: int) -> None:
    bodies = [body.replace(b"\n", b"") for body in [*bodies, *[b"-"] * rest, *bodies[:1]]]
    text = LineText(b"".join(body + b"\n" for body in bodies))
    if (on_bodies := compiled(pattern)) is not None and (places := on_bodies.hit_lines(text)) is not None:
        assert text.pick(places).lines() == [body + b"\n" for body in bodies if on_bodies.found(body)]


def test_a_literal_that_is_short_or_everywhere_is_not_looked_for_in_a_text() -> None:
    text = LineText(b"a ERROR\nb\n" * 1000)
    for literal in (b"", b"E", b"ERROR", b"a\nb"):
        assert lines_that_may_contain(literal, text) is None
    assert lines_that_may_contain(b"WARN", text) == []


@given(
    st.lists(st.sampled_from([b"", b"a", b"b", b"ab", b"xab\n", b"aab"]), max_size=12),
    st.integers(0, 60),
    st.booleans(),
)
def test_no_body_with_the_literal_is_overlooked(bodies: list[bytes], rest: int, as_lines: bool) -> None:
    bodies = [*bodies, *[b"-"] * rest]
    batch = EventBatch.from_lines([body + b"\n" for body in bodies]) if as_lines else EventBatch(bodies)
    found = may_contain(b"ab", batch)
    if found is not None:
        assert sorted(set(found)) == found
        assert {index for index, body in enumerate(bodies) if b"ab" in body} <= set(found)


@pytest.mark.parametrize("as_lines", [True, False])
def test_rare_hits_are_found_on_both_sides_of_every_span(as_lines: bool) -> None:
    count = FIRST_EVENTS + 2 * SPAN_EVENTS + 7
    expected = [
        0,
        FIRST_EVENTS - 1,
        FIRST_EVENTS,
        FIRST_EVENTS + SPAN_EVENTS - 1,
        FIRST_EVENTS + SPAN_EVENTS,
        count - 1,
    ]
    bodies = [b"ERROR here" if index in expected else b"all is well" for index in range(count)]
    batch = EventBatch.from_lines([body + b"\n" for body in bodies]) if as_lines else EventBatch(bodies)
    assert may_contain(b"ERROR", batch) == expected
    assert compile_for_bodies(r"^ERROR\s").hits(batch) == expected


def test_a_literal_that_is_short_or_everywhere_is_not_looked_for() -> None:
    batch = EventBatch([b"a ERROR", b"b"] * 1000)
    assert may_contain(b"", batch) is None
    assert may_contain(b"E", batch) is None
    assert may_contain(b"ERROR", batch) is None


def test_lines_are_not_cut_into_bodies_where_hits_are_rare() -> None:
    batch = EventBatch.from_lines([b"well\n"] * 100 + [b"an ERROR\n"])
    assert compile_for_bodies("ERROR$").hits(batch) == [100]
    assert batch._bodies is None
