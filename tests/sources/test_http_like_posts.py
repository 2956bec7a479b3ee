"""Posts like the one before, over connections that are read together: they take the short way, and nobody can tell."""

import json
import threading
from contextlib import ExitStack

import pytest

from flumepy.channels.memory import MemoryChannel
from flumepy.core.batch import EventBatch
from flumepy.core.shared_reader import SharedReader
from flumepy.formats.http_request import HttpRequest
from flumepy.http_handlers.handler import LikePost
from flumepy.http_handlers.json import JsonHandler
from flumepy.sources.http import HttpSource
from flumepy.testing.fakes import ListChannel, build, wait_until
from tests.sources.http_client import HANDLERS, Client, post, running

pytestmark = pytest.mark.skipif(not SharedReader.is_possible, reason="no epoll here")


class Groups:
    """How many events each post had that was taken the short way."""

    def __init__(self) -> None:
        self.counts: list[int] = []


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> Groups:
    seen = Groups()
    like_post = JsonHandler.like_post

    def watched(self: JsonHandler, request: HttpRequest) -> LikePost | None:
        like = like_post(self, request)
        if like is None:
            return None

        def cut(data: bytes, start: int) -> tuple[bytes, int] | None:
            events = like.cut(data, start)
            if events is not None:
                seen.counts.append(events[1])
            return events

        return LikePost(cut, like.headers)

    monkeypatch.setattr(JsonHandler, "like_post", watched)
    return seen


def events(*bodies: str, **headers: str) -> bytes:
    return post(json.dumps([{"headers": headers, "body": body} for body in bodies], separators=(",", ":")))


def warmed(client: Client, *, posts: int = 2) -> Client:
    """Send what lets the source know the client."""
    for _ in range(posts):
        assert client.ask(events("a", "b"))[0] == 200
    return client


def counted(source: HttpSource) -> tuple[int, int, int, int]:
    counters = source.counters
    return (
        counters.append_batch_received,
        counters.append_batch_accepted,
        counters.event_received,
        counters.event_accepted,
    )


def test_like_posts_are_taken_the_short_way_and_counted_as_all(groups: Groups) -> None:
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        warmed(client)
        assert not groups.counts
        for number in range(3):
            status, headers, body = client.ask(events(f"x{number}", "y", "z"))
            assert (status, body, headers["server"]) == (200, b"", "flumepy")
            assert "date" in headers
        assert groups.counts == [3, 3, 3]
        assert channel.bodies == [b"a", b"b"] * 2 + [b"x0", b"y", b"z", b"x1", b"y", b"z", b"x2", b"y", b"z"]
        assert counted(source) == (5, 5, 13, 13)


def test_many_connections_share_transactions_and_keep_their_order(groups: Groups) -> None:
    channel = build(MemoryChannel, {"capacity": "10000", "transactionCapacity": "100"})
    with running(channel) as source, ExitStack() as stack:
        clients = [warmed(stack.enter_context(Client(source))) for _ in range(6)]
        for number in range(30):
            for which, client in enumerate(clients):
                client.send(events(f"{which} {number} first", f"{which} {number} second"))
            assert [client.response()[0] for client in clients] == [200] * 6
        assert len(groups.counts) == 180
        with channel.transaction() as transaction:
            bodies = [body for batch in transaction.take(100) for body in batch.bodies][24:]
            transaction.commit()
        while channel.size:
            with channel.transaction() as transaction:
                bodies += [body for batch in transaction.take(100) for body in batch.bodies]
        for which in range(6):
            wanted = [b"%d %d %b" % (which, n, place) for n in range(30) for place in (b"first", b"second")]
            assert [body for body in bodies if body.startswith(b"%d " % which)] == wanted


def test_clients_with_headers_of_their_own_all_take_the_short_way(groups: Groups) -> None:
    channel = ListChannel()
    with running(channel) as source, ExitStack() as stack:
        clients = [stack.enter_context(Client(source)) for _ in range(3)]
        for number in range(6):
            for which, client in enumerate(clients):
                assert client.ask(events(f"{number}", "x", host=f"h{which}"))[0] == 200
        assert groups.counts == [2] * 12
        seen = [(batch.headers["host"], batch.bodies[0]) for batch in channel.put_batches]
        assert seen == [(f"h{which}", b"%d" % number) for number in range(6) for which in range(3)]
        assert client.ask(events("y", "z", host="h0"))[0] == 200
        assert channel.put_batches[-1].headers == {"host": "h0"}


@pytest.mark.parametrize(
    ("data", "status", "bodies"),
    [
        (events("one"), 200, [b"one"]),
        (events('qu"ote', "x"), 200, [b'qu"ote', b"x"]),
        (events("back\\slash", "x"), 200, [b"back\\slash", b"x"]),
        (post('[{"headers":{},"body":"\u00e9"},{"headers":{},"body":"x"}]'), 200, ["\u00e9".encode(), b"x"]),
        (post('[{"headers":{},"body":"li\nne"},{"headers":{},"body":"x"}]'), 200, [b"li\nne", b"x"]),
        (events("x", "y", other="header"), 200, [b"x", b"y"]),
        (post('[{"headers":{},"body":"x"},{"headers":{},"body":"y"}'), 400, []),
        (post('[{"headers":{},"body":"x"},{"headers":{},"body":{}}]'), 400, []),
        (post("[]"), 200, []),
        (post("[]", method="PUT"), 405, []),
        (post("x" * 3000), 413, []),
        (b"nonsense\r\n\r\n", 400, []),
    ],
)
def test_what_is_not_like_takes_the_long_way(data: bytes, status: int, bodies: list[bytes]) -> None:
    channel = ListChannel()
    with running(channel, {"max-request-bytes": "2000"}) as source, Client(source) as client:
        warmed(client, posts=4)
        assert client.ask(data)[0] == status
        assert channel.bodies[8:] == bodies
        if status < 413 and data.startswith(b"P"):
            assert client.ask(events("a", "b"))[0] == 200


def test_a_request_in_two_pieces_and_two_in_one_are_answered_in_order(groups: Groups) -> None:
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        warmed(client, posts=4)
        whole = events("half", "way")
        client.send(whole[:-5])
        wait_until(lambda: source.budget.used > 0)
        assert client.ask(whole[-5:])[0] == 200
        client.send(events("c", "d") + events("e", "f"))
        assert [client.response()[0] for _ in range(2)] == [200, 200]
        assert channel.bodies[8:] == [b"half", b"way", b"c", b"d", b"e", b"f"]
        assert groups.counts == [2, 2]


def test_each_post_of_a_full_channel_gets_its_own_answer(groups: Groups) -> None:
    channel = build(MemoryChannel, {"capacity": "14", "transactionCapacity": "14", "keep-alive": "0"})
    with running(channel) as source, ExitStack() as stack:
        clients = [warmed(stack.enter_context(Client(source))) for _ in range(3)]
        for client in clients:
            client.send(events("x", "y"))
        answers = [client.response() for client in clients]
        assert sorted(status for status, _, _ in answers) == [200, 503, 503]
        assert b"Channel might be full" in next(page for status, _, page in answers if status == 503)
        assert channel.size == 14
        assert len(groups.counts) == 3
        assert source.counters.channel_write_fail == 2
        assert counted(source) == (9, 7, 18, 14)


def test_of_posts_of_one_turn_the_one_that_is_accepted_is_the_one_in_the_channel(groups: Groups) -> None:
    channel = build(MemoryChannel, {"capacity": "11", "transactionCapacity": "11", "keep-alive": "0"})
    wanted = {200: list[bytes](), 503: list[bytes]()}
    with running(channel) as source, Client(source) as first, Client(source) as second:
        warmed(first)
        warmed(second)
        both_are_there = threading.Event()
        source.loop.call_soon_threadsafe(both_are_there.wait)
        first.send(events("a1", "a2", "a3"))
        second.send(events("b1", "b2"))
        both_are_there.set()
        wanted[first.response()[0]] += [b"a1", b"a2", b"a3"]
        wanted[second.response()[0]] += [b"b1", b"b2"]
        assert sorted(groups.counts) == [2, 3]
        with channel.transaction() as transaction:
            bodies = [body for batch in transaction.take(11) for body in batch.bodies]
        assert bodies[8:] == wanted[200]
        assert wanted[503]


def test_a_post_larger_than_a_transaction_is_refused_as_before(groups: Groups) -> None:
    channel = ListChannel(transaction_capacity=3)
    with running(channel) as source, Client(source) as client:
        warmed(client, posts=3)
        status, _, page = client.ask(events("1", "2", "3", "4"))
        assert status == 503
        assert b"transactionCapacity" in page
        assert client.ask(events("1", "2"))[0] == 200
        assert channel.bodies[6:] == [b"1", b"2"]


def test_posts_wait_together_for_a_channel_that_has_no_room() -> None:
    channel = build(MemoryChannel, {"capacity": "8", "transactionCapacity": "8", "keep-alive": "30"})
    with running(channel) as source, Client(source) as first, Client(source) as second:
        warmed(first)
        warmed(second)
        first.send(events("1", "2"))
        second.send(events("3", "4"))
        wait_until(lambda: source.is_paused)
        with channel.transaction() as transaction:
            transaction.take(8)
        assert [first.response()[0], second.response()[0]] == [200, 200]
        assert channel.size == 4


def test_the_next_posts_are_waited_for_where_all_are_answered(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[tuple[int, bool]] = []
    turn_ended = HttpSource.turn_ended

    def watched(self: HttpSource, reads: int) -> bool:
        turns.append((reads, turn_ended(self, reads)))
        return turns[-1][1]

    def last_turns(count: int) -> list[tuple[int, bool]]:
        wait_until(lambda: len(turns) == count, what="the end of the turn, which comes after the answer")
        return turns[count - 1 :]

    monkeypatch.setattr(HttpSource, "turn_ended", watched)
    channel = build(MemoryChannel, {"capacity": "10", "transactionCapacity": "10", "keep-alive": "30"})
    with running(channel) as source, Client(source) as client:
        warmed(client, posts=3)
        assert last_turns(1) == [(1, True)]
        assert client.ask(post('[{"body":"not alike"}]'))[0] == 200
        assert last_turns(2) == [(1, False)]
        assert client.ask(events("c", "d"))[0] == 200
        assert last_turns(3) == [(1, True)]
        client.send(events("no", "room"))
        wait_until(lambda: source.is_paused)
        with channel.transaction() as transaction:
            transaction.take(10)
        assert client.response()[0] == 200
        assert last_turns(4) == [(1, False)]
    assert groups.counts == [2, 2, 2]


def test_a_like_post_behind_a_request_that_came_too_slowly_is_dropped(groups: Groups) -> None:
    channel = ListChannel()
    with running(channel, {"ServerConnector.idleTimeout": "1000"}) as source, Client(source) as client:
        warmed(client, posts=3)
        client.send(events("half", "way")[:-5])
        assert client.response()[0] == 408
        client.send(events("too", "late"))
        with Client(source) as other:
            warmed(other)
        assert groups.counts == [2]
        assert len(channel.bodies) == 10


def test_another_head_behind_a_post_that_waits_does_not_take_its_answer(groups: Groups) -> None:
    channel = build(MemoryChannel, {"capacity": "8", "transactionCapacity": "8", "keep-alive": "30"})
    with running(channel) as source, Client(source) as client:
        warmed(client, posts=4)
        client.send(events("1", "2"))
        wait_until(lambda: source.is_paused)
        client.send(post("[", "Accept: application/json"))
        wait_until(lambda: source.counters.event_read_fail == 1)
        with channel.transaction() as transaction:
            transaction.take(8)
        assert [client.response()[0] for _ in range(2)] == [200, 400]
        assert groups.counts == [2, 2, 2]


def test_a_handler_made_from_ours_sees_every_request(groups: Groups, monkeypatch: pytest.MonkeyPatch) -> None:
    class Marking(JsonHandler):
        def handle(self, request: HttpRequest) -> EventBatch:
            return super().handle(request).with_header("seen", "yes")

    monkeypatch.setitem(HANDLERS, "org.apache.flume.source.http.JSONHandler", Marking)
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        warmed(client, posts=5)
    assert not groups.counts
    assert [batch.headers for batch in channel.put_batches] == [{"seen": "yes"}] * 5


def test_a_client_may_close_its_side_with_the_last_post() -> None:
    channel = ListChannel()
    with running(channel) as source, Client(source) as client:
        warmed(client, posts=4)
        client.send(events("the", "end"))
        client.socket.shutdown(1)
        assert client.response()[0] == 200
        assert client.socket.recv(10) == b""
        assert channel.bodies[8:] == [b"the", b"end"]
        wait_until(lambda: not source.connections)
