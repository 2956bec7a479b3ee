"""flumepy.formats.properties against answers of the real java.util.Properties (java_properties.json, see record.py)."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import Entry, load_properties, store_properties

CASES = json.loads(Path(__file__).with_name("java_properties.json").read_text())


def _pairs(data: bytes) -> list[tuple[str, str]]:
    return [(entry.key, entry.value) for entry in load_properties(data, "x.conf")]


def test_every_recorded_file_reads_as_java_reads_it() -> None:
    assert len(CASES) > 400
    for (_, text), (outcome, *fields) in CASES:
        if outcome == "error":
            with pytest.raises(ConfigurationError, match=r"^x\.conf:\d+: Malformed"):
                _pairs(text.encode("latin-1"))
            continue
        # Half of a surrogate pair is the one deliberate difference.
        expected = ["".join("?" if "\ud800" <= c <= "\udfff" else c for c in _joined(field)) for field in fields]
        assert _pairs(text.encode("latin-1")) == list(zip(expected[::2], expected[1::2], strict=True)), text


def _joined(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def test_line_is_where_the_key_begins() -> None:
    data = b"# c\n\na = 1\r\nb = 2 \\\n  3\\\n  4\rc=5\n\\\n  d = 6\n"
    assert load_properties(data, "f") == [
        Entry("a", "1", "f", 3), Entry("b", "2 34", "f", 4), Entry("c", "5", "f", 7), Entry("d", "6", "f", 9),
    ]  # fmt: skip


def test_equal_keys_are_separate_entries_in_file_order() -> None:
    assert [(e.value, e.line) for e in load_properties(b"k=1\nx=2\nk=3", "f") if e.key == "k"] == [("1", 1), ("3", 3)]


def test_malformed_unicode_escape_names_file_and_line() -> None:
    with pytest.raises(ConfigurationError, match=r"^dir/a\.conf:3: Malformed \\uxxxx encoding: \\u12$"):
        load_properties(b"a=1\n\nb=\\\n \\u12", "dir/a.conf")


@pytest.mark.parametrize(
    ("data", "value"),
    [("a=é€".encode(), "é€"), ("a=é".encode("latin-1"), "é"), (b"\xef\xbb\xbfa=b", "b"), (b"a=\xff\xfe", "ÿþ")],
)
def test_bytes_are_utf8_when_valid_and_latin1_otherwise(data: bytes, value: str) -> None:
    assert _pairs(data) == [("a", value)]


def test_two_thousand_lines_are_read_within_the_start_budget() -> None:
    data = "\n".join(f"agent.sources.source{i}.interceptors.i1.property = some value number {i}" for i in range(2000))
    best = min(_seconds(data.encode()) for _ in range(3))
    # About 40 ms; the bound leaves room for a busy machine and still catches anything quadratic.
    assert best < 0.4


def _seconds(data: bytes) -> float:
    begin = time.perf_counter()
    load_properties(data, "f")
    return time.perf_counter() - begin


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_what_is_stored_is_read_back(properties: dict[str, str]) -> None:
    stored = store_properties(properties)
    assert stored.isascii()
    assert stored.startswith(b"#")
    assert dict(_pairs(stored)) == properties


@given(st.binary(max_size=200) | st.text("ab=: \\\n\r\t\f#!u0041n").map(str.encode))
def test_any_bytes_give_entries_with_rising_lines_or_a_clear_error(data: bytes) -> None:
    try:
        lines = [entry.line for entry in load_properties(data, "f")]
    except ConfigurationError as error:
        message, lines = str(error), []
    else:
        message = "f:"
    assert message.startswith("f:")
    assert lines == sorted(set(lines))
    assert all(1 <= line <= len(data) + 1 for line in lines)
