"""The regex_filter interceptor."""

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError
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


def test_a_bad_pattern_names_its_property() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(RegexFilterInterceptor, {"regex": "a{2"})
    assert caught.value.key == "regex"
