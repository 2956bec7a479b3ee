"""The http source end to end over plain sockets: statuses, order, limits, slow and rude clients."""

import socket
import threading
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Interceptor
from flumepy.core.errors import ChannelError, ConfigurationError, StartError
from flumepy.core.options import NoOptions
from flumepy.testing.fakes import ListChannel, build, connect, wait_until
from tests.sources.http_client import Client, build_source, post, running

BLOB = "org.apache.flume.source.http.BLOBHandler"
MORPHLINE = "org.apache.flume.sink.solr.morphline.BlobHandler"


def test_events_are_in_the_channel_when_the_200_arrives() -> None:
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        status, headers, body = client.ask(post('[{"headers":{"a":"b"},"body":"x"},{"body":"y"}]'))
        assert (status, body) == (200, b"")
        assert channel.bodies == [b"x", b"y"]
        assert headers["server"] == "flumepy"
        assert "date" in headers
        assert (
            source.counters.snapshot()
            | {
                "EventReceivedCount": 2,
                "EventAcceptedCount": 2,
                "AppendBatchReceivedCount": 1,
                "AppendBatchAcceptedCount": 1,
            }
            == source.counters.snapshot()
        )


def test_one_request_is_one_transaction_answered_in_order() -> None:
    channel = ListChannel(transaction_capacity=3)
    with running(channel) as source, Client(source) as client:
        client.send(
            post('[{"body":"1"},{"body":"2"}]')
            + post("{")
            + post("[]")
            + post('[{"body":"3"},{"body":"4"}]')
            + post('[{"body":"5"},{"body":"6"},{"body":"7"},{"body":"8"}]')
            + post("", method="PUT")
            + post('[{"body":"9"}]')
        )
        assert [client.response()[0] for _ in range(7)] == [200, 400, 200, 200, 503, 405, 200]
        assert channel.bodies == [b"1", b"2", b"3", b"4", b"9"]
        assert all(len(batch) <= 3 for batch in channel.put_batches)


@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 403), ("TRACE", 403), ("PUT", 405), ("DELETE", 405), ("PATCH", 501), ("GET", 200), ("POST", 200)],
)
def test_methods_have_flumes_answers(method: str, status: int) -> None:
    with running(ListChannel()) as source, Client(source) as client:
        assert client.ask(post("[]", method=method))[0] == status
        assert client.ask(post("[]"))[0] == 200


def test_head_has_the_length_of_the_page_and_no_page() -> None:
    with running(ListChannel()) as source, Client(source) as client:
        client.send(post("", method="HEAD"))
        status, headers, _ = client.response(head=True)
        assert status == 500
        assert int(headers["content-length"]) > 100
        assert client.ask(post("[]"))[0] == 200


def test_error_pages_carry_the_message_and_escape_it() -> None:
    with running(ListChannel()) as source, Client(source) as client:
        status, headers, page = client.ask(post("{", path="/<a>?secret"))
        assert (status, headers["content-type"]) == (400, "text/html;charset=utf-8")
        assert b"<title>Error 400 Bad request from client. Request has invalid JSON Syntax." in page
        assert b"<a>" not in page
        status, headers, page = client.ask(post("{", "Accept: application/json"))
        assert headers["content-type"] == "application/json"
        assert b'"status":"400"' in page


def test_a_full_channel_is_503_and_others_fit_in() -> None:
    channel = build(MemoryChannel, {"capacity": "3", "transactionCapacity": "3", "keep-alive": "0"})
    with running(channel) as source, Client(source) as client:
        assert client.ask(post('[{"body":"1"},{"body":"2"}]'))[0] == 200
        status, _, page = client.ask(post('[{"body":"3"},{"body":"4"}]'))
        assert status == 503
        assert b"Error appending event to channel. Channel might be full." in page
        assert client.ask(post('[{"body":"5"}]'))[0] == 200
        assert channel.size == 3
        assert source.counters.channel_write_fail == 1


def test_any_other_failure_while_putting_is_500() -> None:
    class Broken(Interceptor[NoOptions]):
        def intercept(self, batch: EventBatch) -> EventBatch:
            raise KeyError("plugin")

    with running(ListChannel(), interceptors=[Broken(Context("i"), NoOptions())]) as source, Client(source) as client:
        status, _, page = client.ask(post('[{"body":"1"}]'))
        assert status == 500
        assert b"Unexpected error while appending event to channel." in page
        assert source.counters.generic_processing_fail == 1
        assert client.ask(post("[]"))[0] == 200


def test_chunked_bodies_and_expectations_work() -> None:
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert client.ask(head + b'5\r\n[{"bo\r\n9\r\ndy":"x"}]\r\n0\r\nTrailer: a\r\n\r\n')[0] == 200
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.response()[0] == 100
        assert client.ask(b"[]")[0] == 200
        assert channel.bodies == [b"x"]


def test_an_upgrade_is_not_taken_and_the_request_is_served() -> None:
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        request = post('[{"body":"u"}]', "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA")
        assert client.ask(request)[0] == 200
        assert client.ask(post('[{"body":"v"}]'))[0] == 200
        assert channel.bodies == [b"u", b"v"]


@pytest.mark.parametrize(
    ("request_bytes", "is_open"),
    [
        (post("[]", "Connection: close"), False),
        (b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n[]", False),
        (b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n[]", True),
    ],
)
def test_the_connection_lives_as_long_as_the_client_wants(request_bytes: bytes, is_open: bool) -> None:
    with running(ListChannel()) as source, Client(source) as client:
        assert client.ask(request_bytes)[0] == 200
        assert (client.ask(post("[]"))[0] == 200) if is_open else client.is_at_end()


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"blah\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 400_000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 20_000, 431),
        (b"POST /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 2000, 413),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
def test_a_broken_or_too_large_request_is_refused_after_those_before_it(request_bytes: bytes, status: int) -> None:
    with running(ListChannel(), {"max-request-bytes": "1000"}) as source, Client(source) as client:
        client.send(post("[]"))
        client.send(request_bytes)
        assert client.response()[0] == 200
        assert client.response()[0] == status
        assert client.is_at_end()
        assert source.counters.event_read_fail == 1


def test_a_post_of_a_gigabyte_sees_413_and_costs_no_memory() -> None:
    with running(ListChannel()) as source, Client(source) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(64):
            client.send(bytes(1 << 20))
        assert client.response()[0] == 413
        assert source.budget.used == 0


def test_incomplete_bodies_share_one_budget() -> None:
    options = {"max-buffered-bytes": "1000", "max-request-bytes": "800"}
    begun = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 700\r\n\r\n"
    with running(ListChannel(), options) as source, Client(source) as first, Client(source) as second:
        first.send(begun + bytes(600))
        wait_until(lambda: source.budget.used == 600)
        second.send(begun + bytes(600))
        assert second.response()[0] == 503
        first.socket.close()
        wait_until(lambda: source.budget.used == 0)


def test_too_many_connections_are_closed() -> None:
    with running(ListChannel(), {"max-connections": "1"}) as source, Client(source) as first:
        assert first.ask(post("[]"))[0] == 200
        with Client(source) as second:
            assert second.is_at_end()
        assert first.ask(post("[]"))[0] == 200


def test_idle_connections_are_closed_and_slow_requests_refused() -> None:
    options = {"ServerConnector.idleTimeout": "200"}
    with running(ListChannel(), options) as source, Client(source) as idle, Client(source) as slow:
        slow.send(b"POST / HTTP/1.1\r\nHost")
        assert slow.response()[0] == 408
        assert idle.is_at_end()


def test_a_request_that_trickles_in_is_refused_in_the_end() -> None:
    with running(ListChannel(), {"request-timeout": "1"}) as source, Client(source) as client:
        client.send(post("[]", "X: y")[:-3])
        ended = threading.Event()

        def trickle() -> None:
            while not ended.wait(0.1):
                try:
                    client.send(b"")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        assert client.response()[0] == 408
        ended.set()
        thread.join()


def test_a_client_that_half_closes_gets_its_answers() -> None:
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        client.send(post('[{"body":"1"}]') * 3 + post("[]")[:-1])
        client.socket.shutdown(socket.SHUT_WR)
        assert [client.response()[0] for _ in range(3)] == [200] * 3
        assert client.is_at_end()
        wait_until(lambda: not source.connections)


def test_clients_that_drop_in_the_middle_leave_nothing_behind() -> None:
    channel = ListChannel()
    with running(channel) as source:
        for cut in range(1, 100, 7):
            with Client(source) as client:
                client.send(post('[{"body":"1"}]')[:cut])
        wait_until(lambda: not source.connections)
        with Client(source) as client:
            assert client.ask(post('[{"body":"2"}]'))[0] == 200
        assert b"2" in channel.bodies


def test_a_client_that_never_reads_is_not_read_for_ever() -> None:
    with running(ListChannel(), {"ServerConnector.idleTimeout": "400"}) as source, Client(source) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(0.3)
        with pytest.raises(OSError):  # noqa: PT011  # timed out or reset, both fine
            client.send(post("{") * 1_000_000)
        with Client(source) as other:
            assert other.ask(post("[]"))[0] == 200
        wait_until(lambda: len(source.connections) == 0, what="the end of the rude client")


def test_stop_answers_what_waits_for_a_full_channel() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "60"})
    source = build_source()
    connect(source, channel)
    source.start()
    with Client(source) as client:
        assert client.ask(post('[{"body":"1"}]'))[0] == 200
        client.send(post('[{"body":"2"}]'))
        wait_until(lambda: not source.intake.is_idle)
        began_s = time.monotonic()
        source.stop()
        assert time.monotonic() - began_s < 10
        assert client.response()[0] == 503
        assert client.is_at_end()
    source.stop()


def test_a_port_in_use_is_a_start_error_and_the_next_try_succeeds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        source = build_source({"port": str(taken.getsockname()[1])})
        connect(source, ListChannel())
        with pytest.raises(StartError, match="in use"):
            source.start()
    source.start()
    with Client(source) as client:
        assert client.ask(post("[]"))[0] == 200
    source.stop()


def test_the_default_address_serves_both_ip_versions() -> None:
    source = build_source({"bind": ""})
    connect(source, ListChannel())
    source.start()
    try:
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, source.port), timeout=10) as client:
                client.sendall(post("[]"))
                assert client.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        source.stop()


def test_the_blob_handler_keeps_the_body_and_takes_the_query() -> None:
    channel = ListChannel()
    with running(channel, {"handler": BLOB, "handler.mandatoryParameters": "k"}) as source, Client(source) as client:
        assert client.ask(post(b"\x00hello", path="/?k=v&k=w&j=%20a+b"))[0] == 200
        status, _, page = client.ask(post("x", path="/?j=1"))
        assert status == 500
        assert b"Please specify k parameter in the request." in page
        form = post("k=1&z=2", path="/?k=v", content_type="application/x-www-form-urlencoded")
        assert client.ask(form)[0] == 200
        assert [(e.body, e.headers) for e in channel.events] == [
            (b"\x00hello", {"k": "v", "j": " a b"}),
            (b"k=1&z=2", {"k": "v"}),
        ]


def test_the_blob_handler_without_mandatory_parameters_takes_everything() -> None:
    channel = ListChannel()
    with running(channel, {"handler": BLOB}) as source, Client(source) as client:
        assert client.ask(post("x"))[0] == 200
        assert channel.bodies == [b"x"]


def test_the_morphline_handler_cuts_the_body_and_keeps_the_type() -> None:
    channel = ListChannel()
    with running(channel, {"handler": MORPHLINE, "handler.maxBlobLength": "10"}) as source, Client(source) as client:
        assert client.ask(post("hello world long", path="/?k=v&q=1&q=2", content_type="text/plain"))[0] == 200
        assert client.ask(post("k=1&z=2", path="/?k=v", content_type="application/x-www-form-urlencoded"))[0] == 200
        assert client.ask(b"GET /?a=b HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
        assert client.ask(post(bytes(100_000), content_type=""))[0] == 200
        assert [(e.body, e.headers) for e in channel.events] == [
            (b"hello worl", {"k": "v", "q": "1", "Content-Type": "text/plain"}),
            (b"", {"k": "v", "z": "2", "Content-Type": "application/x-www-form-urlencoded"}),
            (b"", {"a": "b"}),
            (bytes(10), {}),
        ]


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"port": "x"}, "port"),
        ({"ServerConnector.idleTimeout": "x"}, "ServerConnector.idleTimeout"),
        ({"SslContextFactory.needClientAuth": "true"}, "SslContextFactory.needClientAuth"),
        ({"handler": MORPHLINE, "handler.maxBlobLength": "0"}, "maxBlobLength"),
        ({"handler": "no.such.Handler"}, None),
        ({"ssl": "true"}, "keystore"),
    ],
)
def test_settings_that_cannot_work_name_their_key(options: dict[str, str], key: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build_source(options)
    assert caught.value.key == key


def test_jetty_settings_work_or_are_named(caplog: pytest.LogCaptureFixture) -> None:
    options = {
        "HttpConfiguration.sendServerVersion": "false",
        "HttpConfiguration.requestHeaderSize": "20000",
        "HttpConfiguration.outputBufferSize": "1",
        "QueuedThreadPool.maxThreads": "5",
    }
    with caplog.at_level("INFO"), running(ListChannel(), options) as source, Client(source) as client:
        status, headers, _ = client.ask(post("[]", "X: " + "a" * 15_000))
        assert status == 200
        assert "server" not in headers
    assert "HttpConfiguration.outputBufferSize is accepted and has no effect" in caplog.text


@pytest.mark.parametrize("old", ["enableSSL"])
def test_old_names_count_only_where_the_new_one_is_absent(old: str) -> None:
    assert build_source({old: "true", "ssl": "false"}).options.ssl is False


REQUESTS: list[tuple[bytes, int]] = [
    (post('[{"body":"a"}]'), 200),
    (post("[]"), 200),
    (post("{"), 400),
    (post(""), 500),
    (post("x", method="DELETE"), 405),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n", 200),
    (b"GET /?x=%zz HTTP/1.1\r\nHost: x\r\n\r\n", 500),
]


@pytest.fixture(scope="module")
def shared_source() -> Any:
    with running(ListChannel()) as source:
        yield source


FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=8), st.lists(st.integers(1, 60), max_size=20))
def test_every_complete_request_is_answered_however_it_is_cut(
    shared_source: Any, requests: list[tuple[bytes, int]], cuts: list[int]
) -> None:
    data = b"".join(request for request, _ in requests)
    with Client(shared_source) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in cuts:
            client.send(data[:cut])
            data = data[cut:]
        client.send(data)
        assert [client.response()[0] for _ in requests] == [status for _, status in requests]


@FUZZ
@given(
    st.binary(max_size=200) | st.text(alphabet="POST GE/HT1.:\r\n0[]x", max_size=120).map(str.encode),
    st.integers(0, 120),
)
def test_garbage_never_hurts_the_next_client(shared_source: Any, garbage: bytes, at: int) -> None:
    request = post('[{"body":"a"}]', "Transfer-Encoding: chunked" if at % 7 == 0 else "X: y")
    with Client(shared_source) as client:
        client.send(request[:at] + garbage + request[at:])
        client.socket.shutdown(socket.SHUT_WR)
        while not client.is_at_end():
            client._buffer = b""
    with Client(shared_source) as client:
        assert client.ask(post('[{"body":"b"}]'))[0] == 200


def test_a_failed_required_channel_is_503_for_each_of_its_requests() -> None:
    channel = ListChannel()
    channel.failures = [ChannelError("disk"), ChannelError("disk")]
    with running(channel) as source, Client(source) as client:
        assert [client.ask(post('[{"body":"1"}]'))[0] for _ in range(3)] == [503, 503, 200]
