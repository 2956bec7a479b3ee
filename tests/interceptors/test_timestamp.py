"""The timestamp interceptor."""

from flumepy.core.batch import EventBatch
from flumepy.interceptors.timestamp import TimestampInterceptor
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import FakeClock, build


class TestLaw(InterceptorConformance):
    def make(self) -> TimestampInterceptor:
        return build(TimestampInterceptor, clock=FakeClock())


class TestLawPreserving(InterceptorConformance):
    def make(self) -> TimestampInterceptor:
        return build(TimestampInterceptor, {"headerName": "host", "preserveExisting": "true"}, clock=FakeClock())


def test_a_batch_gets_one_shared_time_that_overwrites() -> None:
    interceptor = build(TimestampInterceptor, clock=FakeClock(12_345))
    batch = EventBatch([b"1", b"2"], {"timestamp": ["7", None]})
    assert interceptor.intercept(batch).headers == {"timestamp": "12345"}


def test_an_existing_time_is_kept_on_demand() -> None:
    interceptor = build(TimestampInterceptor, {"preserveExisting": "true", "headerName": "t"}, clock=FakeClock(9))
    batch = EventBatch([b"1", b"2"], {"t": ["7", None]})
    assert interceptor.intercept(batch).headers == {"t": ["7", "9"]}
