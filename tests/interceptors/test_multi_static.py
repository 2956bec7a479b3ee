"""The multi_static interceptor, with pairs as files in the wild write them."""

from flumepy.core.batch import EventBatch
from flumepy.core.problems import Problem
from flumepy.interceptors.multi_static import MultiStaticInterceptor
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class TestLaw(InterceptorConformance):
    def make(self) -> MultiStaticInterceptor:
        return build(MultiStaticInterceptor, {"keyValues": "host:84 module:接口日志", "preserveExisting": "false"})


def test_every_pair_becomes_a_header() -> None:
    interceptor = build(MultiStaticInterceptor, {"keyValues": "server:84 \t module:接口日志 url:http://x"})
    assert interceptor.intercept(EventBatch([b"1"])).headers == {
        "server": "84", "module": "接口日志", "url": "http://x",
    }  # fmt: skip


def test_another_separator_can_be_named() -> None:
    interceptor = build(MultiStaticInterceptor, {"keyValues": "key1=val1 empty=", "seperator": "="})
    assert interceptor.headers == {"key1": "val1", "empty": ""}


def test_existing_headers_win_unless_told_otherwise() -> None:
    batch = EventBatch([b"1"], {"k": "old"})
    assert build(MultiStaticInterceptor, {"keyValues": "k:new"}).intercept(batch).headers == {"k": "old"}
    overwriting = build(MultiStaticInterceptor, {"keyValues": "k:new", "preserveExisting": "false"})
    assert overwriting.intercept(batch).headers == {"k": "new"}


def test_what_is_no_pair_is_left_out_with_a_warning() -> None:
    problems: list[Problem] = []
    interceptor = build(MultiStaticInterceptor, {"keyValues": "a:1 b :2 a:3"}, report=problems.append)
    assert interceptor.headers == {"a": "3"}
    assert [problem.message.split(" is ")[0] for problem in problems] == ["'b'", "':2'"]


def test_without_pairs_nothing_happens() -> None:
    batch = EventBatch([b"1"])
    assert build(MultiStaticInterceptor).intercept(batch) is batch
