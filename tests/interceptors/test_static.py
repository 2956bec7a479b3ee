"""The static interceptor."""

from flumepy.core.batch import EventBatch
from flumepy.interceptors.static import StaticInterceptor
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class TestLaw(InterceptorConformance):
    def make(self) -> StaticInterceptor:
        return build(StaticInterceptor)


class TestLawOverwriting(InterceptorConformance):
    def make(self) -> StaticInterceptor:
        return build(StaticInterceptor, {"key": "host", "value": "x", "preserveExisting": "false"})


def test_the_defaults_add_key_value() -> None:
    assert build(StaticInterceptor).intercept(EventBatch([b"1"])).headers == {"key": "value"}


def test_an_empty_value_counts_as_absent() -> None:
    batch = build(StaticInterceptor, {"key": "k", "value": ""}).intercept(EventBatch([b"1"]))
    assert batch.headers == {"k": "value"}


def test_an_existing_header_wins_unless_told_otherwise() -> None:
    batch = EventBatch([b"1", b"2"], {"k": ["old", None]})
    assert build(StaticInterceptor, {"key": "k", "value": "new"}).intercept(batch).headers == {"k": ["old", "new"]}
    overwriting = build(StaticInterceptor, {"key": "k", "value": "new", "preserveExisting": "false"})
    assert overwriting.intercept(batch).headers == {"k": "new"}
