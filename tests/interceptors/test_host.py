"""The host interceptor, on the machine that runs the test."""

import ipaddress
import socket

import pytest

from flumepy.core.batch import EventBatch
from flumepy.interceptors.host import HostInterceptor, canonical_name, local_address
from flumepy.testing.conformance import InterceptorConformance
from flumepy.testing.fakes import build


class TestLaw(InterceptorConformance):
    def make(self) -> HostInterceptor:
        return build(HostInterceptor)


def test_events_get_the_address_of_the_local_host_name() -> None:
    interceptor = build(HostInterceptor)
    interceptor.start()
    header = interceptor.intercept(EventBatch([b"1", b"2"], {"host": ["other", None]})).headers["host"]
    assert header == local_address(socket.gethostname())
    assert ipaddress.ip_address(str(header))


def test_events_get_the_name_on_demand() -> None:
    interceptor = build(HostInterceptor, {"useIP": "false", "hostHeader": "h"})
    interceptor.start()
    address = local_address(socket.gethostname())
    assert interceptor.intercept(EventBatch([b"1"])).headers == {"h": canonical_name(address)}


def test_an_existing_host_is_kept_on_demand() -> None:
    interceptor = build(HostInterceptor, {"preserveExisting": "true"})
    interceptor.start()
    headers = interceptor.intercept(EventBatch([b"1", b"2"], {"host": ["other", None]})).headers
    assert headers["host"] == ["other", interceptor.host]


def test_where_the_name_does_not_resolve_events_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    interceptor = build(HostInterceptor)
    interceptor.resolve("x" * 64)
    batch = EventBatch([b"1"], {"host": "other"})
    assert interceptor.intercept(batch) is batch
    assert "events get no host header" in caplog.text


def test_an_address_comes_first_as_ipv4() -> None:
    assert local_address("localhost") == "127.0.0.1"


def test_a_canonical_name_leads_back_to_its_address() -> None:
    name = canonical_name("127.0.0.1")
    assert local_address(name) == "127.0.0.1"
