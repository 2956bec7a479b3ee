"""Datagrams in, events out."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flumepy.channels.memory import MemoryChannel
from flumepy.core.channel import Channel
from flumepy.core.errors import ChannelError, ConfigurationError, StartError
from flumepy.sources.netcatudp import NetcatudpSource, java_socket_address
from flumepy.testing.fakes import ListChannel, build, connect, wait_until


@contextmanager
def running(channel: Channel[Any], **options: str) -> Iterator[NetcatudpSource]:
    source = build(NetcatudpSource, {"bind": "127.0.0.1", "port": "0", **options})
    connect(source, channel)
    source.start()
    try:
        yield source
    finally:
        source.stop()


@contextmanager
def sender(source: NetcatudpSource, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.connect((host, source.port))
        yield made


def test_a_datagram_is_an_event_up_to_its_first_line_feed() -> None:
    channel = ListChannel()
    with running(channel) as source, sender(source) as out:
        for datagram in (b"one", b"two\nthree\n", b"", b"\n", b"\xff\x00", b"x" * 5000):
            out.send(datagram)
        wait_until(lambda: channel.size == 6)
    assert channel.bodies == [b"one", b"two", b"", b"", b"\xff\x00", b"x" * 2048]
    assert channel.events[0].headers == {}


def test_the_senders_address_is_written_as_java_writes_it() -> None:
    channel = ListChannel()
    with running(channel, remoteAddress="from") as source, sender(source) as one, sender(source) as two:
        for out in (one, two, one):
            out.send(b"x")
        wait_until(lambda: channel.size == 3)
        expected = [f"/127.0.0.1:{out.getsockname()[1]}" for out in (one, two, one)]
    assert [event.headers for event in channel.events] == [{"from": text} for text in expected]


def test_without_bind_both_ip_versions_are_heard() -> None:
    channel = ListChannel()
    with running(channel, bind="", remoteAddress="from") as source:
        for host in ("127.0.0.1", "::1"):
            with sender(source, host) as out:
                out.send(host.encode())
        wait_until(lambda: channel.size == 2)
    addresses = {event.body: event.headers["from"].rpartition(":")[0] for event in channel.events}
    assert addresses == {b"127.0.0.1": "/127.0.0.1", b"::1": "/[0:0:0:0:0:0:0:1]"}


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("10.0.0.1", 5), "/10.0.0.1:5"),
        (("::ffff:10.0.0.1", 5, 0, 0), "/10.0.0.1:5"),
        (("fe80::1:a", 5, 0, 999_999), "/[fe80:0:0:0:0:0:1:a%999999]:5"),
        (("fe80::1%lo", 5, 0, 1), "/[fe80:0:0:0:0:0:0:1%lo]:5"),
    ],
)
def test_addresses(address: tuple[Any, ...], text: str) -> None:
    assert java_socket_address(address) == text


def test_a_full_channel_loses_datagrams_and_the_source_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    channel = build(MemoryChannel, {"capacity": "5", "transactionCapacity": "2", "keep-alive": "0"})
    with running(channel) as source, sender(source) as out:
        for number in range(8):
            out.send(str(number).encode())
        wait_until(lambda: channel.size + source.lost == 8)
        assert channel.size == 5
        with channel.transaction() as transaction:
            transaction.take(2)
        out.send(b"later")
        wait_until(lambda: channel.size == 4)
    assert "Datagrams are lost" in caplog.text


def test_datagrams_wait_in_the_kernel_while_a_commit_is_open() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "60"})
    taken: list[bytes] = []

    def take() -> bool:
        with channel.transaction() as transaction:
            taken.extend(body for batch in transaction.take(1) for body in batch.bodies)
        return len(taken) == 20

    with running(channel) as source, sender(source) as out:
        for number in range(20):
            out.send(b"%d" % number)
        wait_until(take)
        assert source.lost == 0
    assert taken == [b"%d" % number for number in range(20)]


def test_what_the_kernel_holds_at_the_stop_is_taken() -> None:
    channel = ListChannel()
    with running(channel) as source, sender(source) as out:
        for _ in range(50):
            out.send(b"x")
    assert channel.size == 50
    source.stop()


def test_a_failing_channel_is_survived() -> None:
    channel = ListChannel()
    channel.failures = [ChannelError("disk")]
    with running(channel) as source, sender(source) as out:
        out.send(b"1")
        wait_until(lambda: source.lost == 1)
        out.send(b"2")
        wait_until(lambda: channel.bodies == [b"2"])


def test_a_port_in_use_is_a_start_error() -> None:
    with running(ListChannel()) as source:
        other = build(NetcatudpSource, {"bind": "127.0.0.1", "port": str(source.port)})
        connect(other, ListChannel())
        with pytest.raises(StartError, match="in use"):
            other.start()
        other.stop()


def test_the_port_is_needed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(NetcatudpSource, {})
    assert caught.value.key == "port"


@pytest.fixture(scope="module")
def shared() -> Any:
    channel = ListChannel()
    with running(channel) as source, sender(source) as out:
        yield channel, out


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=20))
def test_every_datagram_arrives_in_order(shared: Any, datagrams: list[bytes]) -> None:
    channel, out = shared
    before = channel.size
    for datagram in datagrams:
        out.send(datagram)
    wait_until(lambda: channel.size == before + len(datagrams))
    assert channel.bodies[before:] == [datagram[:2048].partition(b"\n")[0] for datagram in datagrams]
