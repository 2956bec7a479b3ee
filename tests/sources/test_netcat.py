"""The netcat source, talked to over real sockets."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flumepy.channels.memory import MemoryChannel
from flumepy.core.channel import Channel
from flumepy.core.errors import ConfigurationError, StartError
from flumepy.sources.netcat import TAIL_BYTES, NetcatSource, end_of_lines
from flumepy.testing.conformance.source import SourceConformance
from flumepy.testing.fakes import ListChannel, build, connect, wait_until

TOO_LONG = b"FAILED: Event exceeds the maximum length (512 chars, including newline)\n"


@contextmanager
def listening(channel: Channel, **options: str) -> Iterator[NetcatSource]:
    settings = {"bind": "127.0.0.1", "port": "0", **{key.replace("_", "-"): text for key, text in options.items()}}
    source = build(NetcatSource, settings, name="r1")
    connect(source, channel)
    source.start()
    try:
        yield source
    finally:
        source.stop()


def converse(source: NetcatSource, data: bytes, *, chunk: int | None = None) -> bytes:
    """Send everything, then read until the server closes."""
    with socket.create_connection(("127.0.0.1", source.port), 10) as client:
        try:
            for start in range(0, len(data), chunk or len(data) or 1):
                client.sendall(data[start : start + (chunk or len(data))])
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # refused in the middle: what it answered still counts
        answer = b""
        try:
            while part := client.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def test_each_line_is_stored_and_answered_with_ok() -> None:
    channel = ListChannel()
    with listening(channel) as source:
        assert converse(source, b"one\ntwo\n\nfour\r\n") == b"OK\n" * 4
    assert channel.bodies == [b"one", b"two", b"", b"four\r"]


def test_without_acknowledgements_nothing_is_answered() -> None:
    channel = ListChannel()
    with listening(channel, ack_every_event="false") as source:
        assert converse(source, b"one\ntwo\n") == b""
    assert channel.bodies == [b"one", b"two"]


def test_data_after_the_last_newline_is_dropped_at_the_end() -> None:
    channel = ListChannel()
    with listening(channel) as source:
        assert converse(source, b"one\ntw") == b"OK\n"
    assert channel.bodies == [b"one"]


@settings(max_examples=30, deadline=None)
@given(
    lines=st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30)),
    chunk=st.integers(1, 9),
)
def test_lines_survive_any_cutting_of_the_stream(lines: list[str], chunk: int) -> None:
    channel = ListChannel()
    with listening(channel) as source:
        answer = converse(source, b"".join(f"{line}\n".encode() for line in lines), chunk=chunk)
    assert channel.bodies == [line.encode() for line in lines]
    assert answer == b"OK\n" * len(lines)


def test_what_arrives_together_stays_one_text() -> None:
    channel = build(MemoryChannel, {}, name="c1")
    with listening(channel, encoding="ISO-8859-1") as source:
        assert converse(source, b"one\ncaf\xe9\nrest") == b"OK\nOK\n"
    with channel.transaction() as transaction:
        [batch] = transaction.take(9)
    assert batch.text is not None
    assert batch.text.text == "one\ncafé\n".encode()


def test_lines_before_a_long_rest_are_found() -> None:
    rest = b"x" * (TAIL_BYTES + 1)
    for data, end in (
        (b"", 0),
        (b"x", 0),
        (b"x\n", 2),
        (b"\nx", 1),
        (b"one\n" + rest, 4),
        (rest, 0),
        (rest + b"\n", len(rest) + 1),
    ):
        assert end_of_lines(memoryview(data)) == end
    channel = ListChannel()
    with listening(channel, max_line_length="10000") as source:
        assert converse(source, b"one\n" + rest + b"\ntwo\n", chunk=4 + TAIL_BYTES) == b"OK\n" * 3
    assert channel.bodies == [b"one", rest, b"two"]


def stored_lines(data: bytes, limit: int) -> list[bytes]:
    """Return the lines before the first that is refused: one that is too long, or no text."""
    stored = []
    for line in data.split(b"\n")[:-1]:
        try:
            if len(line.decode()) >= limit:
                return stored
        except UnicodeDecodeError:
            return stored
        stored.append(line)
    return stored


def test_only_the_lines_before_a_refused_one_are_stored() -> None:
    channel = ListChannel()
    pieces = st.sampled_from([b"a", b"bb\r", "é".encode(), "😀".encode(), b"\n", b"\n", b"\n\n", b"\xff", b"\xc3"])
    streams = st.lists(pieces, max_size=40).map(b"".join)

    with listening(channel, max_line_length="4") as source:

        @settings(max_examples=100, deadline=None)
        @given(data=streams, chunk=st.integers(1, 30))
        def stores_them(data: bytes, chunk: int) -> None:
            before = channel.size
            converse(source, data, chunk=chunk)
            assert channel.bodies[before:] == stored_lines(data, 4)

        stores_them()


@pytest.mark.parametrize("line", [b"x" * 511, "é".encode() * 511], ids=["ascii", "two bytes each"])
def test_the_longest_line_counts_characters_with_its_newline(line: bytes) -> None:
    channel = ListChannel()
    with listening(channel) as source:
        assert converse(source, line + b"\n") == b"OK\n"
    assert channel.bodies == [line]


@pytest.mark.parametrize(
    "line", [b"x" * 512 + b"\n", "é".encode() * 512 + b"\n", b"x" * 513], ids=["ascii", "two bytes", "no end"]
)
def test_a_longer_line_is_refused_and_the_connection_closed_after_the_lines_before(line: bytes) -> None:
    channel = ListChannel()
    with listening(channel) as source:
        assert converse(source, b"before\n" + line) == b"OK\n" + TOO_LONG
    assert channel.bodies == [b"before"]


def test_a_line_without_end_costs_no_memory() -> None:
    channel = ListChannel()
    with listening(channel) as source, socket.create_connection(("127.0.0.1", source.port), 10) as client:
        refused = False
        while not refused:
            try:
                client.sendall(b"x" * 100_000)
            except OSError:
                refused = True
        wait_until(lambda: not source.connections, what="the end of the connection")
    assert channel.bodies == []


def test_text_that_is_not_utf_8_closes_the_connection_without_a_reply() -> None:
    channel = ListChannel()
    with listening(channel) as source:
        assert converse(source, b"good\nb\xff d\nlost\n") == b"OK\n"
    assert channel.bodies == [b"good"]


def test_other_encodings_become_utf_8_bodies_and_shape_the_reply() -> None:
    channel = ListChannel()
    with listening(channel, encoding="ISO-8859-1") as source:
        assert converse(source, b"caf\xe9\n") == b"OK\n"
    assert channel.bodies == ["café".encode()]
    with listening(channel, encoding="UTF-16LE") as source:
        assert converse(source, "wide\n".encode("utf-16-le"), chunk=3) == "OK\n".encode("utf-16-le")
    assert channel.bodies[-1] == b"wide"


def test_an_unknown_encoding_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="no-such"):
        build(NetcatSource, {"bind": "127.0.0.1", "port": "0", "encoding": "no-such"})


def test_a_nearly_full_channel_takes_what_fits_and_refuses_the_rest_by_line() -> None:
    channel = build(MemoryChannel, {"capacity": "40", "transactionCapacity": "40", "keep-alive": "0"}, name="c1")
    channel.start()
    with listening(channel, ack_every_event="false") as source:
        answer = converse(source, b"line\n" * 150)
    assert answer.count(b"FAILED: Space for commit to queue couldn't be acquired.") == 110
    assert channel.size == 40


def test_the_lines_that_fit_are_answered_before_the_keep_alive_of_the_others() -> None:
    channel = build(MemoryChannel, {"capacity": "40", "transactionCapacity": "40", "keep-alive": "60"}, name="c1")
    channel.start()
    with listening(channel) as source, socket.create_connection(("127.0.0.1", source.port), 10) as client:
        client.sendall(b"line\n" * 150)
        answer = b""
        while len(answer) < 40 * 3:
            answer += client.recv(4096)
        assert answer == b"OK\n" * 40
        with channel.transaction() as transaction:
            transaction.take(40)
        while len(answer) < 80 * 3:
            answer += client.recv(4096)
        assert answer == b"OK\n" * 80


def test_a_channel_that_fails_once_is_answered_with_failed_and_the_connection_stays() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "0"}, name="c1")
    with listening(channel) as source, socket.create_connection(("127.0.0.1", source.port), 10) as client:
        stream = client.makefile("rb")
        client.sendall(b"one\ntwo\n")
        assert stream.readline() == b"OK\n"
        assert stream.readline().startswith(b"FAILED: Space for commit")
        with channel.transaction() as transaction:
            transaction.take(1)
        client.sendall(b"three\n")
        assert stream.readline() == b"OK\n"
        stream.close()


def test_two_connections_keep_their_own_order() -> None:
    channel = ListChannel()
    with listening(channel) as source:
        first = socket.create_connection(("127.0.0.1", source.port), 10)
        second = socket.create_connection(("127.0.0.1", source.port), 10)
        with first, second:
            for number in range(50):
                first.sendall(b"a%d\n" % number)
                second.sendall(b"b%d\n" % number)
            for client in (first, second):
                answer = b""
                while len(answer) < 150:
                    answer += client.recv(4096)
                assert answer == b"OK\n" * 50
    assert [body for body in channel.bodies if body[:1] == b"a"] == [b"a%d" % number for number in range(50)]
    assert [body for body in channel.bodies if body[:1] == b"b"] == [b"b%d" % number for number in range(50)]


def test_a_port_in_use_fails_to_start_and_can_be_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        source = build(NetcatSource, {"bind": "127.0.0.1", "port": str(taken.getsockname()[1])}, name="r1")
        connect(source, ListChannel())
        with pytest.raises(StartError, match="in use"):
            source.start()
    source.start()
    source.stop()


def test_a_port_that_no_machine_has_fails_to_start() -> None:
    source = build(NetcatSource, {"bind": "127.0.0.1", "port": "80081"}, name="r1")
    connect(source, ListChannel())
    with pytest.raises(StartError, match="65535"):
        source.start()


def test_stop_ends_a_wait_for_room_and_answers_the_waiting_lines() -> None:
    channel = build(MemoryChannel, {"capacity": "1", "transactionCapacity": "1", "keep-alive": "3600"}, name="c1")
    with listening(channel) as source:
        client = socket.create_connection(("127.0.0.1", source.port), 10)
        client.sendall(b"one\ntwo\n")
        assert client.recv(3) == b"OK\n"
    with client:
        assert client.recv(4096).startswith(b"FAILED: ")


def test_answers_to_a_client_that_has_gone_are_dropped_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    channel = build(MemoryChannel, {"capacity": "10", "transactionCapacity": "10", "keep-alive": "1"}, name="c1")
    with listening(channel) as source:
        with socket.create_connection(("127.0.0.1", source.port), 10) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(b"line\n" * 100)
            wait_until(lambda: channel.size == 10)
            with suppress(ConnectionResetError):
                client.sendall(b"line\n" * 100_000)
        wait_until(lambda: not source.connections)
    assert not [record for record in caplog.records if record.name == "asyncio"]


class TestNetcatObeysTheLawOfSources(SourceConformance):
    """The conformance suite, over one connection."""

    def make(self) -> NetcatSource:
        return build(NetcatSource, {"bind": "127.0.0.1", "port": "0", "ack-every-event": "false"}, name="r1")

    def feed(self, source: NetcatSource, bodies: list[bytes]) -> None:
        with socket.create_connection(("127.0.0.1", source.port), 10) as client:
            client.sendall(b"".join(body + b"\n" for body in bodies))


@pytest.mark.parametrize(("acks", "expected"), [("true", False), ("false", True)])
def test_reading_may_rest_only_where_nobody_waits_for_an_ok(acks: str, expected: bool) -> None:
    settings = {"bind": "127.0.0.1", "port": "0", "ack-every-event": acks}
    assert build(NetcatSource, settings, name="r1").can_rest is expected
