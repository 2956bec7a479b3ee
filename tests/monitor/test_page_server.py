"""The server under the pages: limits, stalled and broken clients, taken ports, the end."""

import logging
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flumepy.core.component import Context
from flumepy.core.options import require_options
from flumepy.monitor.http import HttpMonitor
from flumepy.monitor.page_server import HEADER_BYTES, MAX_CONNECTIONS, PageServer
from flumepy.testing.fakes import wait_until
from tests.monitor.agents import FakeApplication, request, serving, three_components

GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


def read_all(client: socket.socket) -> bytes:
    answer = b""
    try:
        while part := client.recv(65536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def converse(server: PageServer, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return read_all(client)


def test_requests_of_one_connection_are_answered_in_order() -> None:
    with serving(HttpMonitor, FakeApplication()) as server:
        answer = converse(server, GET + GET.replace(b"/metrics", b"/nope") + GET)
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"what is this\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 2 * HEADER_BYTES + b" HTTP/1.1\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 2 * HEADER_BYTES + b"\r\n\r\n", b"431"),
        (b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", b"413"),
    ],
)
def test_what_breaks_the_limits_is_refused_and_the_next_client_is_served(data: bytes, status: bytes) -> None:
    with serving(HttpMonitor, FakeApplication()) as server:
        assert converse(server, data).startswith(b"HTTP/1.1 " + status)
        assert request(server, "/metrics")[1] == b"{}"


def test_a_client_that_stalls_in_a_request_does_not_hold_up_others() -> None:
    with serving(HttpMonitor, FakeApplication()) as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.sendall(GET[:-4])
            wait_until(lambda: server.connections)
            assert request(server, "/metrics")[0].status == 200
        wait_until(lambda: not server.connections)


def test_too_many_clients_cost_the_most_silent_one_its_place() -> None:
    with serving(HttpMonitor, FakeApplication()) as server:
        clients = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(MAX_CONNECTIONS)]
        try:
            wait_until(lambda: len(server.connections) == MAX_CONNECTIONS)
            clients[0].sendall(GET)
            assert clients[0].recv(65536).startswith(b"HTTP/1.1 200")
            assert request(server, "/metrics")[0].status == 200
            assert read_all(clients[1]) == b""
            clients[0].sendall(GET)
            assert clients[0].recv(65536).startswith(b"HTTP/1.1 200")
        finally:
            for client in clients:
                client.close()


def test_a_client_that_does_not_read_its_answers_is_not_read_for_ever() -> None:
    with serving(HttpMonitor, three_components()) as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            client.setblocking(False)
            sent, is_blocked = 0, False
            while sent < 64 * 1024 * 1024 and not is_blocked:
                try:
                    sent += client.send(GET * 1000)
                except BlockingIOError:
                    is_blocked = request(server, "/")[0].status == 200 and _stays_blocked(client)
            assert is_blocked
            assert request(server, "/metrics")[0].status == 200
        wait_until(lambda: not server.connections)


def _stays_blocked(client: socket.socket) -> bool:
    client.settimeout(0.2)
    try:
        client.send(GET * 1000)
    except TimeoutError:
        return True
    finally:
        client.setblocking(False)
    return False


class Hasty(HttpMonitor):
    idle_s = 0.1
    retry_s = 0.05


def test_clients_that_complete_no_request_in_time_are_closed() -> None:
    with serving(Hasty, FakeApplication()) as server:
        for data in (b"", GET[:-2], GET):
            with socket.create_connection(("127.0.0.1", server.port), 10) as client:
                client.sendall(data)
                assert read_all(client).count(b"200 OK") == data.count(GET)


def test_a_taken_port_is_said_once_and_taken_later(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = require_options(Hasty.Options, {"port": str(port), "bind": "127.0.0.1"})
        server = Hasty(Context("http"), options, FakeApplication())
        server.start()
        assert not server.is_listening
    try:
        errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
        assert errors == [
            f"Monitoring cannot listen on 127.0.0.1:{port}: Address already in use. The agent runs without it;"
            " trying again every 0.05 s."
        ]
        wait_until(lambda: server.is_listening)
        assert request(server, "/metrics")[1] == b"{}"
    finally:
        server.stop()


def test_stop_ends_the_thread_and_frees_the_port_with_clients_connected() -> None:
    before = set(threading.enumerate())
    with serving(HttpMonitor, FakeApplication()) as server:
        with socket.create_connection(("127.0.0.1", server.port), 10) as client:
            wait_until(lambda: server.connections)
            assert [thread.name for thread in set(threading.enumerate()) - before] == ["monitor-http"]
            server.stop()
            assert client.recv(1) == b""
        assert set(threading.enumerate()) <= before
        socket.create_server(("127.0.0.1", server.port)).close()


def test_stop_is_safe_without_start_twice_and_while_the_port_is_taken() -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"port": str(taken.getsockname()[1]), "bind": "127.0.0.1"}
        server = HttpMonitor(Context("http"), require_options(HttpMonitor.Options, settings), FakeApplication())
        server.stop()
        server.start()
        server.stop()
        server.stop()
        assert set(threading.enumerate()) <= before


def test_by_default_all_interfaces_are_served_over_both_protocols() -> None:
    with serving(HttpMonitor, FakeApplication(), bind="0.0.0.0") as server:
        for address in ("127.0.0.1", "::1"):
            with socket.create_connection((address, server.port), 10) as client:
                client.sendall(GET)
                assert client.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[PageServer]:
    with serving(HttpMonitor, FakeApplication()) as server:
        yield server


@settings(max_examples=60, deadline=None)
@given(
    chunks=st.lists(
        st.one_of(st.binary(max_size=200), st.sampled_from([GET, b"\r\n", b"GET / HTTP/1.1\r\n"])), max_size=6
    )
)
def test_no_bytes_from_a_client_end_the_server(fuzzed: PageServer, chunks: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", fuzzed.port), 10) as client:
        try:
            client.sendall(b"".join(chunks))
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused in the middle
        read_all(client)
    assert request(fuzzed, "/")[0].status == 200
