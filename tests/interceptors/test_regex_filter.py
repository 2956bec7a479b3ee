"""The regex_filter interceptor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.core.line_text import LineText
from flumepy.interceptors.regex_filter import RegexFilterInterceptor
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class TestLawKeeping(InterceptorConformance):
    def make(self) -> RegexFilterInterceptor:
        return build(RegexFilterInterceptor, {"regex": "[a-z] ?$"})


class TestLawDropping(InterceptorConformance):
    def make(self) -> RegexFilterInterceptor:
        return build(RegexFilterInterceptor, {"regex": "^[ab]|ß", "excludeEvents": "true"})


BODIES = [b"INFO one", b"DEBUG two", b"", "größe DEBUG".encode(), b"\xffDEBUG"]


def test_the_default_keeps_everything_and_the_batch_itself() -> None:
    batch = EventBatch(BODIES)
    assert build(RegexFilterInterceptor).intercept(batch) is batch


def test_the_default_turned_round_drops_everything() -> None:
    result = build(RegexFilterInterceptor, {"excludeEvents": "true"}).intercept(EventBatch(BODIES, {"h": "x"}))
    assert len(result) == 0


def test_what_matches_is_kept() -> None:
    result = build(RegexFilterInterceptor, {"regex": "DEBUG"}).intercept(EventBatch(BODIES))
    assert result.bodies == [BODIES[1], BODIES[3], BODIES[4]]


def test_what_matches_is_dropped_on_demand_with_its_headers() -> None:
    batch = EventBatch(BODIES, {"n": ["0", "1", None, "3", "4"]})
    result = build(RegexFilterInterceptor, {"regex": "DEBUG", "excludeEvents": "true"}).intercept(batch)
    assert result.bodies == [BODIES[0], BODIES[2]]
    assert result.headers == {"n": ["0", None]}


def test_the_pattern_sees_characters_not_bytes() -> None:
    result = build(RegexFilterInterceptor, {"regex": "^.{11}$"}).intercept(EventBatch(BODIES))
    assert result.bodies == [BODIES[3]]


@given(st.lists(st.sampled_from(BODIES), max_size=8), st.integers(0, 40), st.booleans(), st.booleans())
def test_every_batch_is_filtered_event_by_event(some: list[bytes], rest: int, as_lines: bool, exclude: bool) -> None:
    bodies = [*some, *[b"INFO"] * rest]
    numbers = [str(index) for index in range(len(bodies))]
    batch = EventBatch(bodies, {"n": list(numbers), "h": "x"} if bodies else {})
    if as_lines:
        batch = EventBatch.from_lines([body + b"\n" for body in bodies], batch.headers)
    settings = {"regex": r"(^|\s)DEBUG\b", "excludeEvents": str(exclude).lower()}
    result = build(RegexFilterInterceptor, settings).intercept(batch)
    expected = [
        (body, number)
        for body, number in zip(bodies, numbers, strict=True)
        if (body in (BODIES[1], BODIES[3])) is not exclude
    ]
    assert list(zip(result.bodies, result.column("n"), strict=True)) == expected
    assert result.body_bytes() == sum(len(body) for body, _ in expected)


@given(st.lists(st.sampled_from(BODIES), max_size=8), st.integers(0, 40), st.booleans())
def test_a_text_of_lines_is_filtered_like_its_bodies(some: list[bytes], rest: int, exclude: bool) -> None:
    bodies = [*some, *[b"INFO"] * rest]
    text = LineText(b"".join(body + b"\n" for body in bodies))
    settings = {"regex": r"(^|\s)DEBUG\b", "excludeEvents": str(exclude).lower()}
    for headers in ({"h": "x"}, {"h": "x", "n": [str(index) for index in range(len(bodies))]} if bodies else {}):
        batch, same = EventBatch.from_text(text, dict(headers)), EventBatch(bodies, dict(headers))
        result = build(RegexFilterInterceptor, settings).intercept(batch)
        assert result == build(RegexFilterInterceptor, settings).intercept(same)
        assert result.body_bytes() == sum(map(len, result.bodies))


@pytest.mark.parametrize("exclude", ["true", "false"])
def test_a_text_is_not_cut_where_hits_are_rare(exclude: str) -> None:
    batch = EventBatch.from_text(LineText(b"well\n" * 100 + b"an ERROR\n"), {"h": "x"})
    result = build(RegexFilterInterceptor, {"regex": "ERROR$", "excludeEvents": exclude}).intercept(batch)
    assert result.text is not None
    assert result.text.text == (b"well\n" * 100 if exclude == "true" else b"an ERROR\n")
    assert result.headers == {"h": "x"}
    assert batch._lines is None


def test_a_bad_pattern_names_its_property() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(RegexFilterInterceptor, {"regex": "a{2"})
    assert caught.value.key == "regex"
