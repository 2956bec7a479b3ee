"""The remove_header interceptor."""

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.interceptors.remove_header import RemoveHeaderInterceptor
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class TestLaw(InterceptorConformance):
    def make(self) -> RemoveHeaderInterceptor:
        return build(RemoveHeaderInterceptor, {"withName": "host", "fromList": "id", "matching": "t.*"})


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ({}, {"a", "ab", "B", "c"}),
        ({"withName": "a"}, {"ab", "B", "c"}),
        ({"withName": "b"}, {"a", "ab", "B", "c"}),
        ({"fromList": "a , B,c"}, {"ab"}),
        ({"fromList": "a;B", "fromListSeparator": ";"}, {"ab", "c"}),
        ({"fromList": "a1B", "fromListSeparator": r"(\d)"}, {"ab", "c"}),
        ({"matching": "a"}, {"ab", "B", "c"}),
        ({"matching": r"\p{Lower}+"}, {"B"}),
        ({"withName": "c", "fromList": "B", "matching": "a.+"}, {"a"}),
    ],
)
def test_headers_are_removed(settings: dict[str, str], left: set[str]) -> None:
    batch = EventBatch([b"1", b"2"], {"a": "1", "ab": ["1", None], "B": "2", "c": [None, "3"]})
    assert set(build(RemoveHeaderInterceptor, settings).intercept(batch).headers) == left


def test_a_bad_pattern_names_its_property() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(RemoveHeaderInterceptor, {"matching": "("})
    assert caught.value.key == "matching"
