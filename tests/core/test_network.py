"""The base of network sources, with a source of lines on it: one unit a line, one answer a unit."""

import asyncio
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.channel import Channel
from flumepy.core.component import Context
from flumepy.core.errors import ChannelError, FlumeError, StartError
from flumepy.core.intake import Parcel
from flumepy.core.network import Connection, NetworkSource, bound_socket, format_peer
from flumepy.core.options import NoOptions
from flumepy.core.ssl_options import NameFilter, SslSettings, Store
from flumepy.formats.tls import client_context, server_context
from flumepy.testing.fakes import ListChannel, build, connect, wait_until
from tests.core.rests import rest_for_a_minute

STORES = Path(__file__).parent.parent / "formats" / "stores"


class LineSource(NetworkSource[NoOptions]):
    """Answers each line with `ok` or `no`, then the line. A line `bug` meets a bug."""

    Options = NoOptions
    port = 0
    tls: ssl.SSLContext | None = None
    failure: Exception | None = None

    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.failure is not None:
            raise self.failure
        listening = bound_socket("127.0.0.1", self.port)
        self.port = listening.getsockname()[1]
        self.listeners.append(await loop.create_server(lambda: LineConnection(self), sock=listening, ssl=self.tls))


class LineConnection(Connection):
    shares_turns = False

    def __init__(self, source: LineSource) -> None:
        super().__init__(source)
        self._rest = b""

    def received(self, data: memoryview) -> None:
        if self.shares_turns:
            self.read_together()
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not lines:
            return
        if lines == [b"bug"]:
            raise ZeroDivisionError
        waiting = iter(lines)

        def answer(units: int, error: FlumeError | None) -> None:
            word = b"ok " if error is None else b"no "
            self.transport.write(b"".join(word + next(waiting) + b"\n" for _ in range(units)))

        self.source.intake.add(Parcel(EventBatch(lines), answer))


@pytest.fixture(autouse=True, params=[False, True], ids=["alone", "together"])
def _reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LineConnection, "shares_turns", request.param)


def line_source(*channels: Channel[Any]) -> LineSource:
    source = LineSource(Context("r1", "a1.sources.r1"), NoOptions())
    connect(source, *channels)
    return source


@contextmanager
def running(*channels: Channel[Any]) -> Iterator[LineSource]:
    source = line_source(*channels)
    source.start()
    try:
        yield source
    finally:
        source.stop()


@contextmanager
def client(source: LineSource) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", source.port), timeout=10) as made:
        yield made


def read_all(connection: socket.socket) -> bytes:
    data = b""
    while chunk := connection.recv(1 << 16):
        data += chunk
    return data


def read_lines(connection: socket.socket, count: int) -> list[bytes]:
    data = b""
    while data.count(b"\n") < count:
        chunk = connection.recv(1 << 16)
        assert chunk, f"the end came after {data!r}"
        data += chunk
    return data.splitlines()


def numbers(count: int) -> bytes:
    return b"".join(b"%d\n" % number for number in range(count))


def test_many_connections_are_answered_each_in_its_own_order() -> None:
    channel = build(MemoryChannel, {"capacity": "100000", "transactionCapacity": "100"})
    outcome: dict[int, list[bytes]] = {}

    def work(which: int) -> None:
        with client(source) as made:
            made.sendall(numbers(500))
            outcome[which] = read_lines(made, 500)

    with running(channel) as source:
        workers = [threading.Thread(target=work, args=(which,)) for which in range(10)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert all(outcome[which] == [b"ok %d" % number for number in range(500)] for which in range(10))
    assert channel.size == 5000


def test_a_full_channel_with_room_for_40_of_150_takes_the_first_40() -> None:
    channel = build(MemoryChannel, {"capacity": "100", "transactionCapacity": "100", "keep-alive": "0"})
    with channel.transaction() as transaction:
        transaction.put(EventBatch([b"x"] * 60))
    with running(channel) as source, client(source) as made:
        made.sendall(numbers(150))
        lines = read_lines(made, 150)
    assert lines == [b"ok %d" % n for n in range(40)] + [b"no %d" % n for n in range(40, 150)]


def test_nobody_is_read_while_a_commit_is_open_and_all_go_on_afterwards() -> None:
    channel = build(MemoryChannel, {"capacity": "10", "transactionCapacity": "10", "keep-alive": "60"})
    with running(channel) as source, client(source) as one, client(source) as two:
        one.sendall(numbers(20))
        wait_until(lambda: source.is_paused)
        two.settimeout(0.5)
        with pytest.raises(TimeoutError):
            two.sendall(b"y\n" * 50_000_000)
        with client(source) as three:
            three.sendall(b"late\n")
            taken = 0
            while taken < 20:
                with channel.transaction() as transaction:
                    taken += sum(map(len, transaction.take(10)))
            assert read_lines(one, 20) == [b"ok %d" % n for n in range(20)]
            source.outlet.interrupt()
            wait_until(lambda: not source.is_paused or source.intake.is_idle)


def test_a_half_closed_peer_gets_all_answers_and_then_the_end() -> None:
    channel = build(MemoryChannel, {"capacity": "5", "transactionCapacity": "5", "keep-alive": "60"})
    with running(channel) as source, client(source) as made:
        made.sendall(numbers(10) + b"cut off")
        made.shutdown(socket.SHUT_WR)
        assert read_lines(made, 5) == [b"ok %d" % n for n in range(5)]
        with channel.transaction() as transaction:
            transaction.take(5)
        assert read_all(made).splitlines() == [b"ok %d" % n for n in range(5, 10)]
        wait_until(lambda: not source.connections)


def test_peers_that_vanish_while_their_commit_is_open_do_no_harm() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "60"})
    with running(channel) as source:
        for _ in range(3):
            with client(source) as made:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                made.sendall(b"a\nb\nc")
        taken: list[bytes] = []

        def drained() -> bool:
            with channel.transaction() as transaction:
                taken.extend(body for batch in transaction.take(1) for body in batch.bodies)
            return source.intake.is_idle and not source.connections

        wait_until(drained)
        with client(source) as made:
            made.sendall(b"d\n")
            made.setblocking(False)
            wait_until(lambda: (drained(), select.select([made], [], [], 0)[0])[1])
            assert made.recv(100) == b"ok d\n"


def test_a_peer_that_does_not_read_its_answers_is_not_read_either() -> None:
    with running(ListChannel()) as source, client(source) as made, client(source) as other:
        made.settimeout(0.5)
        with pytest.raises(TimeoutError):
            made.sendall(b"x" * 1000 + b"\n" + b"y\n" * 50_000_000)
        other.sendall(b"z\n")
        assert read_lines(other, 1) == [b"ok z"]
        made.settimeout(10)
        assert read_lines(made, 1000)[0] == b"ok " + b"x" * 1000


def test_a_write_block_that_ends_during_a_pause_does_not_leave_the_connection_deaf() -> None:
    source = line_source(ListChannel())
    source.loop = asyncio.new_event_loop()
    connection = LineConnection(source)
    connection.transport = FakeTransport()
    connection.pause_writing()
    source.pause()
    connection.resume_writing()
    assert connection.transport.is_reading() is False
    source.resume()
    assert connection.transport.is_reading() is True
    source.loop.close()


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.reading = True

    def is_closing(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return self.reading

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


def test_stop_answers_what_waits_and_closes() -> None:
    channel = build(MemoryChannel, {"capacity": "2", "transactionCapacity": "2", "keep-alive": "60"})
    source = line_source(channel)
    source.start()
    with client(source) as made:
        made.sendall(numbers(5))
        assert read_lines(made, 2) == [b"ok 0", b"ok 1"]
        source.stop()
        assert read_all(made).splitlines() == [b"no 2", b"no 3", b"no 4"]
    assert channel.size == 2
    assert not any(thread.name == "source-r1" for thread in threading.enumerate())


def test_stop_does_not_wait_for_a_peer_that_keeps_sending_or_never_reads() -> None:
    source = line_source(ListChannel())
    source.start()
    ended = threading.Event()

    def chatter() -> None:
        with client(source) as made:
            while not ended.is_set():
                try:
                    made.sendall(b"x\n" * 1000)
                except OSError:
                    return

    worker = threading.Thread(target=chatter)
    worker.start()
    wait_until(lambda: source.connections)
    began_s = time.monotonic()
    source.stop()
    assert time.monotonic() - began_s < 6
    ended.set()
    worker.join()


def test_a_stopped_source_starts_again_on_the_same_port() -> None:
    channel = ListChannel()
    source = line_source(channel)
    for round_number in range(3):
        source.start()
        source.start()
        with client(source) as made:
            made.sendall(b"%d\n" % round_number)
            assert read_lines(made, 1) == [b"ok %d" % round_number]
        source.stop()
        source.stop()
        source.outlet.start()
    assert channel.bodies == [b"0", b"1", b"2"]


def test_stop_without_start_is_harmless() -> None:
    line_source(ListChannel()).stop()


def test_a_port_in_use_is_a_start_error_that_names_the_source_and_the_address() -> None:
    with running(ListChannel()) as source:
        other = line_source(ListChannel())
        other.port = source.port
        with pytest.raises(StartError, match=f"a1.sources.r1: cannot listen: 127.0.0.1:{source.port}: .*in use"):
            other.start()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_open_is_a_start_error_and_not_a_hang() -> None:
    source = line_source(ListChannel())
    source.failure = KeyError("bug")
    with pytest.raises(StartError):
        source.start()


def test_more_connections_than_allowed_are_closed_at_once(caplog: pytest.LogCaptureFixture) -> None:
    with running(ListChannel()) as source:
        source.max_connections = 1
        with client(source) as first:
            first.sendall(b"a\n")
            assert read_lines(first, 1) == [b"ok a"]
            for _ in range(3):
                with client(source) as more:
                    assert more.recv(1) == b""
    assert caplog.text.count("More than 1 connections") == 1


def test_a_failing_channel_answers_and_the_next_line_passes() -> None:
    channel = ListChannel()
    channel.failures = [ChannelError("disk")]
    with running(channel) as source, client(source) as made:
        made.sendall(b"a\n")
        assert read_lines(made, 1) == [b"no a"]
        made.sendall(b"b\n")
        assert read_lines(made, 1) == [b"ok b"]


def test_the_same_works_over_tls(caplog: pytest.LogCaptureFixture) -> None:
    none = NameFilter((), ())
    source = line_source(ListChannel())
    source.tls = server_context(SslSettings(Store(STORES / "server.jks", "secret", "JKS"), none, none))
    source.start()
    trusting = client_context(SslSettings(Store(STORES / "trust.jks", "changeit", "JKS"), none, none))
    with client(source) as plain, trusting.wrap_socket(plain, server_hostname="localhost") as made:
        made.sendall(numbers(50_000))
        assert read_lines(made, 50_000)[-1] == b"ok 49999"
        made.unwrap().close()
    wait_until(lambda: not source.connections)
    source.stop()
    assert caplog.text == ""


def test_an_error_while_reading_costs_its_connection_only() -> None:
    channel = ListChannel()
    with running(channel) as source, client(source) as broken, client(source) as whole:
        for number in (b"1\n", b"2\n"):
            for made in (broken, whole):
                made.sendall(number)
                assert read_lines(made, 1) == [b"ok " + number[:-1]]
        broken.sendall(b"bug\n")
        assert broken.recv(10) == b""
        whole.sendall(b"3\n")
        assert read_lines(whole, 1) == [b"ok 3"]
        wait_until(lambda: len(source.connections) == 1)


def test_peers_are_printed_as_host_and_port() -> None:
    assert format_peer(("10.0.0.1", 5)) == "10.0.0.1:5"
    assert format_peer(None) == "unknown"


def test_a_host_without_an_address_cannot_be_bound() -> None:
    with pytest.raises(OSError, match=r"\w"):
        bound_socket("no.such.host.invalid", 0)


@pytest.mark.parametrize("can_rest", [True, False])
def test_a_source_whose_peers_wait_for_no_answers_rests_and_a_stop_ends_it(
    can_rest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_for_a_minute(monkeypatch)
    channel = ListChannel()
    source = line_source(channel)
    source.can_rest = can_rest
    source.start()
    with client(source) as peer:
        peer.sendall(b"line\n")
        sent = 1
        while sent < 20 and not is_silent(peer):
            peer.sendall(b"line\n")
            sent += 1
        wait_until(lambda: channel.size == sent - can_rest, what="what is read at once")
        assert (sent < 20) is can_rest
        began_s = time.monotonic()
        source.stop()
        assert time.monotonic() - began_s < 5


def is_silent(peer: socket.socket) -> bool:
    """Tell whether no answer comes, and take the one that does."""
    if not select.select([peer], [], [], 1)[0]:
        return True
    peer.recv(100)
    return False
