"""The millis serializer; its patterns are tested with Joda's own answers in tests/formats."""

from datetime import datetime

import pytest

from flumepy.core.errors import ConfigurationError, InputError
from flumepy.regex_serializers.millis import MillisRegexSerializer
from flumepy.testing.conformance import ComponentConformance
from flumepy.testing.fakes import build


class TestLaw(ComponentConformance):
    def make(self) -> MillisRegexSerializer:
        return build(MillisRegexSerializer, {"pattern": "yyyy-MM-dd HH:mm"})


def test_a_date_becomes_milliseconds_of_local_time() -> None:
    serializer = build(MillisRegexSerializer, {"pattern": "yyyy-MM-dd HH:mm"})
    expected = int(datetime(2012, 10, 18, 18, 47).timestamp() * 1000)
    assert serializer.serialize("2012-10-18 18:47") == str(expected)


def test_a_zone_in_the_pattern_decides() -> None:
    serializer = build(MillisRegexSerializer, {"pattern": "yyyy-MM-dd HH:mm Z"})
    column = serializer.serialize_column(["2012-10-18 18:47 -0700", "1970-01-01 00:00 +0000"] * 2)
    assert column == ["1350611220000", "0"] * 2


@pytest.mark.parametrize("text", ["", "2012-10-18", "2012-10-18 18:47 ", "2012-13-18 18:47"])
def test_a_text_that_does_not_fit_fails(text: str) -> None:
    serializer = build(MillisRegexSerializer, {"pattern": "yyyy-MM-dd HH:mm"})
    with pytest.raises(InputError):
        serializer.serialize_column(["2012-10-18 18:47", text])


def test_a_group_that_took_no_part_fails() -> None:
    with pytest.raises(InputError, match="took no part"):
        build(MillisRegexSerializer, {"pattern": "yyyy"}).serialize_column(["2012", None])


@pytest.mark.parametrize("settings", [{}, {"pattern": "yyyy-bb"}, {"pattern": "xxxx-ww"}])
def test_a_pattern_that_cannot_be_used_is_refused_at_once(settings: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(MillisRegexSerializer, settings)
    assert caught.value.key == "pattern"
