"""The search_replace interceptor."""

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.interceptors.search_replace import SearchReplaceInterceptor
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class TestLaw(InterceptorConformance):
    def make(self) -> SearchReplaceInterceptor:
        return build(SearchReplaceInterceptor, {"searchPattern": "([a-z])(.)", "replaceString": "$2ü$1"})


def replaced(body: bytes, pattern: str, replacement: str | None = None, **settings: str) -> bytes:
    """Return one body after the interceptor."""
    text = {"searchPattern": pattern, **settings}
    if replacement is not None:
        text["replaceString"] = replacement
    return build(SearchReplaceInterceptor, text).intercept(EventBatch([body])).bodies[0]


@pytest.mark.parametrize(
    ("body", "pattern", "replacement", "result"),
    [
        (b"a1b22", r"\d+", "#", b"a#b#"),
        (b"a1b22", r"\d+", None, b"ab"),
        (b"john smith", r"(\w+) (\w+)", "$2, $1", b"smith, john"),
        (b"price 5", r"(?<n>\d)", r"${n} \$", b"price 5 $"),
        (b"a\nb", "^.", "x", b"x\nb"),
        (b"a\nb", "(?m)^.", "x", b"x\nx"),
        ("äb".encode(), "b", "ö", "äö".encode()),
        (b"ab", "b", "ö", "aö".encode()),
        (b"\xffa", "x", "y", "\ufffda".encode()),
        (b"a\rb", "a.", "x", b"a\rb"),
        (b"abc", "x*", "-", b"-a-b-c-"),
        (b"\\", r"\\", r"\\n", rb"\n"),
    ],
)
def test_every_match_is_replaced(body: bytes, pattern: str, replacement: str | None, result: bytes) -> None:
    assert replaced(body, pattern, replacement) == result


def test_bodies_are_read_and_written_in_the_charset() -> None:
    assert replaced("fünf".encode("latin-1"), "ü", "ue", charset="ISO-8859-1") == b"fuenf"
    assert replaced(b"five", "i", "ö", charset="ISO-8859-1") == b"f\xf6ve"
    assert replaced("ab".encode("utf-16-be"), "b", "c", charset="UTF-16BE") == "ac".encode("utf-16-be")


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"searchPattern": "("}, "searchPattern"),
        ({}, "searchPattern"),
        ({"searchPattern": "a", "replaceString": "$1"}, "replaceString"),
        ({"searchPattern": "a", "charset": "UTF-99"}, "charset"),
    ],
)
def test_bad_settings_name_their_property(settings: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(SearchReplaceInterceptor, settings)
    assert caught.value.key == key


def test_headers_and_order_stay() -> None:
    interceptor = build(SearchReplaceInterceptor, {"searchPattern": "x", "replaceString": "y"})
    batch = interceptor.intercept(EventBatch([b"1x", b"2", b"x3"], {"n": ["1", None, "3"]}))
    assert batch == EventBatch([b"1y", b"2", b"y3"], {"n": ["1", None, "3"]})
