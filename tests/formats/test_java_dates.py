"""flumepy.formats.java_date and joda_date against answers of Java 17 and joda-time (java_sdf.json, java_joda.json)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import ConfigurationError, InputError
from flumepy.formats.date_text import java_zone
from flumepy.formats.java_date import SimpleDateFormat
from flumepy.formats.joda_date import JodaFormat

Format = SimpleDateFormat | JodaFormat
# The answers were recorded with these centuries, so that they do not age.
KINDS: dict[str, Callable[[str, str], Format]] = {
    "sdf": lambda pattern, zone: SimpleDateFormat(pattern, java_zone(zone), century_start_year=1990),
    "joda": lambda pattern, zone: JodaFormat(pattern, java_zone(zone), pivot_year=2000),
}
FIRST_GREGORIAN_MS = -12_219_292_800_000
END_OF_9999_MS = 253_402_300_799_999


def _cases(kind: str) -> list[tuple[list[str], list[str]]]:
    return json.loads(Path(__file__).with_name(f"java_{kind}.json").read_text())  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
def test_every_recorded_instant_is_written_as_java_writes_it(kind: str) -> None:
    compared = 0
    for (operation, pattern, zone, instant), answer in _cases(kind):
        if operation != f"{kind}_format":
            continue
        compared += 1
        if answer[0] == "ok":
            assert KINDS[kind](pattern, zone).format(int(instant)) == answer[1], (pattern, zone, instant)
        else:
            with pytest.raises(ConfigurationError, match="pattern"):
                KINDS[kind](pattern, zone)
    assert compared > 1500


@pytest.mark.parametrize("kind", KINDS)
def test_every_recorded_text_is_read_as_java_reads_it(kind: str) -> None:
    compared = 0
    for (operation, pattern, zone, text), answer in _cases(kind):
        if operation != f"{kind}_parse":
            continue
        # Outside these years the calendars differ, or Python has none.
        if answer[0] == "ok" and not FIRST_GREGORIAN_MS <= int(answer[1]) <= END_OF_9999_MS:
            continue
        compared += 1
        if answer[0] == "ok":
            assert KINDS[kind](pattern, zone).parse(text) == int(answer[1]), (pattern, zone, text)
        else:
            with pytest.raises(InputError):
                KINDS[kind](pattern, zone).parse(text)
    assert compared > 300


def test_a_text_that_does_not_fit_names_text_pattern_and_place() -> None:
    for make in (SimpleDateFormat, JodaFormat):
        with pytest.raises(InputError, match=r"'2024-xx' does not fit 'yyyy-MM' at position 5"):
            make("yyyy-MM").parse("2024-xx")


@pytest.mark.parametrize(("make", "pattern"), [(SimpleDateFormat, "yyyy-'W'ww"), (JodaFormat, "xxxx-'W'ww")])
def test_letters_that_cannot_be_read_are_refused_by_name(make: Callable[[str], Format], pattern: str) -> None:
    with pytest.raises(ConfigurationError, match=r"the letter '[wx]' cannot be read"):
        make(pattern).parse("2024-W05")


@pytest.mark.parametrize(
    ("make", "pattern", "letter"),
    [
        (SimpleDateFormat, "yyyy B", "B"),
        (JodaFormat, "yyyy b", "b"),
        (SimpleDateFormat, "zzzz", "zzzz"),
        (JodaFormat, "zzzz", "zzzz"),
    ],
)
def test_unknown_letters_are_refused_when_the_format_is_made(
    make: Callable[[str], Format], pattern: str, letter: str
) -> None:
    with pytest.raises(ConfigurationError, match=letter):
        make(pattern)


@pytest.mark.parametrize("text", ["12345", "0"])
def test_years_that_python_does_not_have_are_an_input_error(text: str) -> None:
    for make in (SimpleDateFormat, JodaFormat):
        with pytest.raises(InputError, match="out of range"):
            make("y", UTC).parse(text)


def test_without_a_zone_the_local_clock_is_used() -> None:
    instant = 1_706_700_672_000
    expected = datetime.fromtimestamp(instant // 1000).strftime("%Y-%m-%d %H:%M:%S")
    for make in (SimpleDateFormat, JodaFormat):
        assert make("yyyy-MM-dd HH:mm:ss").format(instant) == expected
        assert make("yyyy-MM-dd HH:mm:ss").parse(expected) == instant


def test_two_digit_years_fall_into_the_century_around_today() -> None:
    this_year = datetime.now(UTC).year
    for make in (SimpleDateFormat, JodaFormat):
        for year in (this_year - 79, this_year - 30, this_year, this_year + 19):
            found = make("yy-MM-dd", UTC).parse(f"{year % 100:02d}-01-01")
            assert found == int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000), (make, year)


def test_zone_names_of_java_are_known_and_others_refused() -> None:
    local = datetime(2024, 7, 1)
    for name, hours in (
        ("GMT+5:30", 5.5),
        ("GMT-3", -3),
        ("UTC", 0),
        ("Europe/Berlin", 2),
        ("PST", -7),
        ("GMT+0200", 2),
    ):
        offset = java_zone(name).utcoffset(local)
        assert offset is not None
        assert offset.total_seconds() == hours * 3600
    for name in ("Nowhere/City", "", "GMT+25", "../etc/passwd"):
        with pytest.raises(ConfigurationError, match="time zone"):
            java_zone(name)


@given(st.integers(0, END_OF_9999_MS - 86_400_000), st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata"]))
def test_what_is_written_with_an_offset_is_read_back(instant: int, zone: str) -> None:
    for kind in KINDS.values():
        form = kind("yyyy-MM-dd'T'HH:mm:ss.SSSZ", zone)
        assert form.parse(form.format(instant)) == instant


@given(st.text("yMdHhkKmsSEaDGzZX' -:/T0", max_size=12), st.text("0123456789 -:/TZ+JanMonAPDGUC", max_size=20))
def test_any_pattern_and_text_give_an_instant_or_one_of_our_errors(pattern: str, text: str) -> None:
    for make in (SimpleDateFormat, JodaFormat):
        try:
            result: object = make(pattern, UTC).parse(text)
        except (ConfigurationError, InputError) as error:
            result = error
        assert isinstance(result, int | ConfigurationError | InputError)
