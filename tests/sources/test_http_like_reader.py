"""Where the answer of a like post goes: into the socket, or behind what the transport still holds."""

import os
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from flumepy.formats.http_answer import AnswerQueue, CommonHeaders
from flumepy.formats.http_message import ByteBudget, RequestLimits, RequestParser
from flumepy.sources.http_like_reader import LikeReader

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class HoldingTransport:
    """Keeps all that it is given."""

    def __init__(self) -> None:
        self.held = b""

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def write(self, data: bytes) -> None:
        self.held += data


class Bench:
    """A reader whose socket is a pipe."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        for descriptor in (self.read_end, self.write_end):
            os.set_blocking(descriptor, False)
        self.transport = HoldingTransport()
        common = CommonHeaders("flumepy", has_date=False)
        source: Any = SimpleNamespace(common_headers=common)
        connection: Any = SimpleNamespace(
            transport=self.transport, write=self.transport.write, is_ended=False, is_closed=False
        )
        self.answers = AnswerQueue(common)
        parser = RequestParser(RequestLimits(1024, 1024), ByteBudget(1024))
        self.reader = LikeReader(source, connection, parser, self.answers)
        self.reader.watch(self.write_end)

    def answer(self) -> None:
        self.answers.exchanges.append(self.reader.exchange)
        self.reader.accepted(self.reader.exchange, ANSWER, 0.0)

    def fill(self, room: int) -> None:
        """Leave so much room in the pipe."""
        with suppress(BlockingIOError):
            while True:
                os.write(self.write_end, bytes(4096))
        os.read(self.read_end, 4096)
        os.write(self.write_end, bytes(4096 - room))

    def close(self) -> None:
        os.close(self.read_end)
        os.close(self.write_end)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def test_an_answer_goes_into_the_socket_at_once(bench: Bench) -> None:
    bench.answer()
    assert os.read(bench.read_end, 4096) == ANSWER
    assert bench.transport.held == b""
    assert not bench.answers.exchanges


def test_what_a_full_socket_does_not_take_is_held_by_the_transport(bench: Bench) -> None:
    bench.fill(room=0)
    bench.answer()
    assert bench.transport.held == ANSWER


def test_nothing_overtakes_what_the_transport_holds(bench: Bench) -> None:
    bench.transport.held = b"earlier"
    bench.answer()
    assert bench.transport.held == b"earlier" + ANSWER
    with pytest.raises(BlockingIOError):
        os.read(bench.read_end, 1)


def test_a_socket_that_has_failed_is_left_to_the_transport(bench: Bench) -> None:
    os.close(bench.read_end)
    bench.answer()
    assert bench.transport.held == ANSWER
    bench.read_end = os.open(os.devnull, os.O_RDONLY)


def test_an_answer_behind_another_waits_for_its_turn(bench: Bench) -> None:
    written: list[bool] = []
    bench.reader._connection.write_soon = lambda: written.append(True)  # type: ignore[method-assign]
    bench.answers.go_on()
    bench.answer()
    assert written == [True]
    assert [exchange.answer_bytes for exchange in bench.answers.exchanges][1:] == [ANSWER]
