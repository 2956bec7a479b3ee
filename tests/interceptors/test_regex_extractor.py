"""The regex_extractor interceptor with its serializers."""

from collections.abc import Mapping
from typing import Any

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.component import Component, Context
from flumepy.core.errors import ConfigurationError, InputError, UnknownTypeError
from flumepy.core.options import NoOptions, require_options
from flumepy.core.parts import RegexSerializer
from flumepy.interceptors.regex_extractor import RegexExtractorInterceptor
from flumepy.regex_serializers.millis import MillisRegexSerializer
from flumepy.regex_serializers.pass_through import PassThroughRegexSerializer
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class Upper(RegexSerializer[NoOptions]):
    """What a plugin would write."""

    def serialize(self, value: str) -> str:
        return value.upper()


SERIALIZERS: dict[str, type[Component[Any]]] = {
    "DEFAULT": PassThroughRegexSerializer, "millis": MillisRegexSerializer, "upper": Upper,
}  # fmt: skip


def builder(kind: str, type_name: str, settings: Mapping[str, str], context: Context) -> Component[Any]:
    """Build the serializers of these tests."""
    if kind != "regex_serializer" or type_name not in SERIALIZERS:
        raise UnknownTypeError(f"no {kind} type is called {type_name!r}", key="type")
    component = SERIALIZERS[type_name]
    return component(context, require_options(component.Options, settings))


def extractor(regex: str, serializers: str, **settings: str) -> RegexExtractorInterceptor:
    """Return an interceptor; a serializer's header has the serializer's name unless set otherwise."""
    texts = {f"serializers.{name}.name": name for name in serializers.split()}
    texts |= {f"serializers.{key.replace('__', '.')}": text for key, text in settings.items()}
    return build(
        RegexExtractorInterceptor, {"regex": regex, "serializers": serializers, **texts}, builder=builder
    )  # fmt: skip


class TestLaw(InterceptorConformance):
    def make(self) -> RegexExtractorInterceptor:
        return extractor("([a-z])(.)?", "key second")


class TestLawOnText(InterceptorConformance):
    def make(self) -> RegexExtractorInterceptor:
        return extractor("(ß|o)", "host")

    def batches(self) -> list[EventBatch]:
        return [*super().batches(), EventBatch(["größe".encode(), b"one", b"a\nb o"], {"host": ["x", None, None]})]


def test_groups_become_headers_as_in_the_guide() -> None:
    interceptor = extractor(r"(\d):(\d):(\d)", "one two three")
    batch = interceptor.intercept(EventBatch([b"1:2:3.4foobar5"]))
    assert batch.headers == {"one": "1", "two": "2", "three": "3"}


def test_only_the_first_match_counts() -> None:
    assert extractor("([a-z])", "s").intercept(EventBatch([b"12ab"])).headers == {"s": "a"}


def test_an_event_without_a_match_stays_as_it_is() -> None:
    batch = EventBatch([b"a1", b"b", b"c3"], {"n": ["x", "y", None]})
    assert extractor(r"(\d)", "n").intercept(batch).headers == {"n": ["1", "y", "3"]}


def test_where_nothing_matches_the_batch_is_the_same() -> None:
    batch = EventBatch([b"a", b"b"])
    assert extractor(r"(\d)", "n").intercept(batch) is batch


def test_existing_headers_are_overwritten() -> None:
    assert extractor("(.)", "n").intercept(EventBatch([b"1", b"2"], {"n": "old"})).headers == {"n": ["1", "2"]}


def test_groups_and_serializers_without_a_partner_are_ignored() -> None:
    assert extractor("(.)(.)", "one").intercept(EventBatch([b"ab"])).headers == {"one": "a"}
    assert extractor("(.)", "one two").intercept(EventBatch([b"ab"])).headers == {"one": "a"}
    assert extractor("a", "one").intercept(EventBatch([b"ab"])).headers == {}


def test_a_group_that_took_no_part_leaves_the_header_alone() -> None:
    batch = EventBatch([b"ab", b"a", b"ac"], {"two": "old"})
    assert extractor("(a)(b)?", "one two").intercept(batch).headers == {"one": "a", "two": ["b", "old", "old"]}


def test_the_body_is_text_in_utf_8() -> None:
    headers = extractor("^(.)(.)", "a b").intercept(EventBatch(["öß".encode(), b"\xffx", b"a\nb"])).headers
    assert headers == {"a": ["ö", "\ufffd", None], "b": ["ß", "x", None]}


def test_a_body_with_line_feeds_is_one_text() -> None:
    assert extractor(r"(?s)(a.b)", "s").intercept(EventBatch([b"a\nb", b"x"])).headers == {"s": ["a\nb", None]}


def test_serializers_are_built_by_type_with_their_properties() -> None:
    interceptor = extractor(
        r"(\d{4}-\d\d) (\w+)", "t name", t__type="millis", t__pattern="yyyy-MM", name__type="upper"
    )  # fmt: skip
    headers = interceptor.intercept(EventBatch([b"2012-10 bob", b"-"])).headers
    assert headers["name"] == ["BOB", None]
    millis = MillisRegexSerializer(Context("m"), require_options(MillisRegexSerializer.Options, {"pattern": "yyyy-MM"}))
    assert headers["t"] == [millis.serialize("2012-10"), None]


def test_a_date_that_cannot_be_read_fails_the_batch() -> None:
    interceptor = extractor(r"^(\S+)", "t", t__type="millis", t__pattern="yyyy")
    with pytest.raises(InputError):
        interceptor.intercept(EventBatch([b"2012", b"soon"]))


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"serializers": "s", "serializers.s.name": "n"}, "regex"),
        ({"regex": "("}, "serializers"),
        ({"regex": "(", "serializers": "s", "serializers.s.name": "n"}, "regex"),
        ({"regex": "(a)", "serializers": "s"}, "serializers.s.name"),
        ({"regex": "(a)", "serializers": "s", "serializers.s.name": "n", "serializers.s.type": "no"}, "serializers.s"),
    ],
)
def test_bad_settings_name_their_property(settings: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(RegexExtractorInterceptor, settings, builder=builder)
    assert caught.value.key == key
