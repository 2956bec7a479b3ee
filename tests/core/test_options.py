"""Options are read by Flume's rules; every problem is told at once, with the key."""

from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError, model_validator

from flumepy.core.errors import ConfigurationError
from flumepy.core.options import (
    AnyOptions,
    NoOptions,
    Options,
    Reading,
    convert,
    opt,
    option_fields,
    read_options,
    require_options,
)
from flumepy.core.problems import Severity


class Colour(Enum):
    """A choice."""

    RED = "red"
    DARK_BLUE = "Dark_Blue"


class Sample(Options):
    """One option of each sort."""

    port: int = opt("port", doc="Required.", ge=1, le=65535)
    count: int = opt("count", 7, doc="Falls back.", on_bad="default", ge=0)
    big: int = opt("big", 0, doc="64 bits.", long=True)
    flag: bool = opt("flag", False, doc="A claim.")
    ratio: float = opt("ratio", 0.5, doc="A number.")
    colour: Colour = opt("colour", Colour.RED, doc="A choice.")
    names: list[str] = opt("names", [], doc="A list.")
    text: str | None = opt("text", None, doc="Maybe.")
    new: str = opt("new", "x", doc="Renamed.", deprecated_keys=("old", "older"))
    password: str = opt("password", "", doc="Secret.", secret=True)
    legacy: str | None = opt("legacy", None, doc="No effect.", ignored="there is no heap")
    below: dict[str, str] = opt("map.", {}, doc="All below.")


def read(**settings: str) -> Reading[Sample]:
    """Read settings beside a port; "__" stands for a dot."""
    return read_options(Sample, {"port": "1", **{key.replace("__", "."): text for key, text in settings.items()}})


def problems(reading: Reading[Sample]) -> list[tuple[str, str | None]]:
    """Return severity and key of each problem."""
    return [(problem.severity.value, problem.key) for problem in reading.problems]


def value(name: str, text: str) -> object:
    """Return what one option became."""
    reading = read(**{name: text})
    assert reading.options is not None, reading.problems
    return getattr(reading.options, name)


def test_defaults_stand_without_settings() -> None:
    options = require_options(Sample, {"port": "44444"})
    assert options == Sample(port=44444)
    assert (options.count, options.colour, options.names, options.below) == (7, Colour.RED, [], {})


def test_values_are_trimmed_and_empty_ones_are_absent() -> None:
    assert value("count", "  12\t") == 12
    assert value("text", "   ") is None
    assert value("new", "") == "x"


@pytest.mark.parametrize(
    ("text", "expected"), [("true", True), ("TRUE", True), ("True", True), ("yes", False), ("1", False), ("on", False)]
)
def test_only_true_is_true(text: str, expected: bool) -> None:
    assert value("flag", text) is expected


@pytest.mark.parametrize("text", ["1.0", "0x10", "1_000", "ten", "1 0", "2147483648", "٣", "--1", "+"])
def test_what_java_would_not_read_as_an_integer_is_refused(text: str) -> None:
    reading = read(port=text)
    assert reading.options is None
    assert problems(reading) == [("error", "port")]
    assert f'For input string: "{text}"' in reading.problems[0].message


@pytest.mark.parametrize(("text", "expected"), [("+5", 5), ("-2147483648", -(1 << 31)), ("007", 7)])
def test_what_java_reads_as_an_integer_is_taken(text: str, expected: int) -> None:
    assert convert(text, int) == expected


@given(st.integers(-(1 << 64), 1 << 64))
def test_integers_have_32_or_64_bits(number: int) -> None:
    for bits, is_long in ((31, False), (63, True)):
        if -(1 << bits) <= number < 1 << bits:
            assert convert(str(number), int, long=is_long) == number
        else:
            with pytest.raises(ValueError, match="For input string"):
                convert(str(number), int, long=is_long)


def test_lists_choices_and_numbers_are_converted() -> None:
    assert value("names", " a  b\tc ") == ["a", "b", "c"]
    assert value("colour", "DARK_blue") is Colour.DARK_BLUE
    assert value("ratio", "0.25") == 0.25
    reading = read(colour="green")
    assert problems(reading) == [("error", "colour")]
    assert "red, Dark_Blue" in reading.problems[0].message


def test_a_bad_value_falls_back_where_flume_falls_back() -> None:
    for text in ("many", "-1"):
        reading = read(count=text)
        assert reading.options is not None
        assert reading.options.count == 7
        assert problems(reading) == [("warning", "count")]
        assert "the default 7 is used, as in Flume" in reading.problems[0].message


def test_every_problem_is_told_at_once() -> None:
    reading = read_options(Sample, {"port": "0", "ratio": "half", "count": "x", "unknown": "1"})
    assert reading.options is None
    assert ("error", "ratio") in problems(reading)
    assert ("error", "port") in problems(reading)
    assert ("warning", "count") in problems(reading)
    assert ("warning", "unknown") in problems(reading)


def test_a_missing_required_option_names_a_misspelling() -> None:
    reading = read_options(Sample, {"prot": "1"})
    assert reading.options is None
    error = next(problem for problem in reading.problems if problem.severity is Severity.ERROR)
    assert (error.key, error.message) == ("port", "is required")
    assert error.hint == "is it spelled 'prot' here?"


def test_an_unknown_key_gets_a_hint() -> None:
    reading = read(colur="red")
    assert problems(reading) == [("warning", "colur")]
    assert reading.problems[0].hint == "did you mean 'colour'?"


def test_an_old_name_works_with_a_note_and_the_new_one_wins() -> None:
    reading = read(older="y")
    assert reading.options is not None
    assert reading.options.new == "y"
    assert problems(reading) == [("note", "older")]
    both = read(new="n", old="o")
    assert both.options is not None
    assert both.options.new == "n"


def test_an_option_without_effect_says_so() -> None:
    reading = read(legacy="1")
    assert problems(reading) == [("note", "legacy")]
    assert "there is no heap" in reading.problems[0].message


def test_a_prefix_takes_what_is_below_it() -> None:
    reading = read(map__a="1", map__b__c="2")
    assert reading.options is not None
    assert reading.options.below == {"a": "1", "b.c": "2"}
    assert reading.problems == []


def test_plugins_may_take_everything() -> None:
    assert require_options(AnyOptions, {"a": " 1 ", "b.c": "2", "empty": ""}).settings == {"a": "1", "b.c": "2"}


def test_a_component_without_options_warns_of_each_key() -> None:
    reading = read_options(NoOptions, {"a": "1", "b": "2"})
    assert reading.options == NoOptions()
    assert [problem.key for problem in reading.problems] == ["a", "b"]


def test_requiring_options_raises_the_first_error_with_its_key() -> None:
    with pytest.raises(ConfigurationError, match="is required") as caught:
        require_options(Sample, {"count": "x"})
    assert caught.value.key == "port"


class Pair(Options):
    """Two options that must fit."""

    low: int = opt("low", 1, doc="Low.")
    high: int = opt("high", 5, doc="High.")

    @model_validator(mode="after")
    def _fits(self) -> "Pair":
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


def test_a_rule_over_several_options_is_told_in_its_own_words() -> None:
    reading = read_options(Pair, {"low": "9"})
    assert reading.options is None
    assert [problem.message for problem in reading.problems] == ["low 9 is above high 5"]


def test_secrets_are_neither_printed_nor_told() -> None:
    options = require_options(Sample, {"port": "1", "password": "hunter2"})
    assert "hunter2" not in repr(options)
    assert "hunter2" not in str(options)


def test_options_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Sample(port=1).port = 2  # type: ignore[misc]


def test_what_is_declared_can_be_listed() -> None:
    fields = {option.key: option for option in option_fields(Sample)}
    assert list(fields)[:2] == ["port", "count"]
    assert fields["port"].is_required
    assert (fields["count"].default, fields["count"].on_bad) == (7, "default")
    assert fields["map."].is_prefix
    assert fields["password"].secret
    assert fields["new"].deprecated_keys == ("old", "older")
    assert fields["names"].default == []


def test_mutable_defaults_are_not_shared() -> None:
    one, other = Sample(port=1), Sample(port=1)
    assert one.names is not other.names


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=6))
def test_any_settings_give_options_or_errors(settings: dict[str, str]) -> None:
    reading = read_options(Sample, settings)
    assert (reading.options is None) == any(problem.severity is Severity.ERROR for problem in reading.problems)


class _Tuned(Options):
    pool: dict[str, str] = opt("Pool.", {}, doc="Somebody else's tuning.", ignored="there is no pool")


def test_every_property_below_an_ignored_prefix_is_noted() -> None:
    problems = read_options(_Tuned, {"Pool.size": "3", "Pool.kind": "x"}).problems
    assert [(p.severity, p.key) for p in problems] == [(Severity.NOTE, "Pool.size"), (Severity.NOTE, "Pool.kind")]
    assert "there is no pool" in problems[0].message
