"""Clients that stall, drop, flood and talk nonsense: each gets its protocol's answer, the others go on being served."""

import contextlib
import random
import socket
import time
from pathlib import Path

import pytest

from flumepy.testing.fakes import wait_until
from tests.system.checks import assert_serves, assert_takes_posts
from tests.system.client import HEAD, LineClient, ask, exchange, post, written
from tests.system.configurations import POSTS_TO_FILES, into
from tests.system.conftest import Run

TOO_LONG = "FAILED: Event exceeds the maximum length (512 chars, including newline)"
GIBIBYTE = 1 << 30


def send_until_refused(client: LineClient, chunk: bytes, limit_bytes: int) -> int:
    """Send the same bytes again and again until the agent does not want any more; return how many it took."""
    sent = 0
    client.socket.settimeout(1)
    with contextlib.suppress(OSError):
        while sent < limit_bytes:
            client.socket.sendall(chunk)
            sent += len(chunk)
    client.socket.settimeout(15)
    return sent


def test_a_line_without_end_is_refused_at_the_limit(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    with LineClient(agent.port()) as client:
        client.socket.sendall(b"short\n" + b"x" * 511)
        assert client.answers(1) == ["OK"]
        client.socket.sendall(b"y")
        assert client.finish().decode() == f"{TOO_LONG}\n"
    with LineClient(agent.port()) as client:
        assert send_until_refused(client, b"z" * 65536, GIBIBYTE) < 64 << 20
    assert agent.peak_mebibytes < 100
    agent.wait_for(r"WARN.*127\.0\.0\.1:\d+ sent a line over 512 characters; its connection is closed")
    assert_serves(agent, tmp_path / "out", "next")
    assert written(tmp_path / "out") == ["short", "next"]


def test_invalid_utf8_closes_only_its_connection_after_the_lines_before(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    with LineClient(agent.port()) as other, LineClient(agent.port()) as client:
        client.socket.sendall(b"good\n\xff\xfe bad\nnever\n")
        assert client.finish() == b"OK\n"
        assert other.ask("goes on") == ["OK"]
    wait_until(lambda: written(tmp_path / "out") == ["good", "goes on"], what="both lines")


def test_half_a_line_is_dropped_with_its_connection_and_holds_nobody_up(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    stalled = [LineClient(agent.port()) for _ in range(50)]
    for number, client in enumerate(stalled):
        client.socket.sendall(b"whole\nhalf" if number % 2 else b"half")
    assert_serves(agent, tmp_path / "out", "served meanwhile")
    for number, client in enumerate(stalled):
        if number % 4 < 2:
            client.reset()
        else:
            client.finish()
            client.socket.close()
    wait_until(lambda: written(tmp_path / "out").count("whole") == 25, what="the whole lines")
    assert_serves(agent, tmp_path / "out", "served afterwards")
    assert not any("half" in line for line in written(tmp_path / "out"))


def test_a_client_that_ends_its_side_still_gets_its_answers(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    with LineClient(agent.port()) as client:
        client.send(*["x"] * 3000)
        assert client.finish() == b"OK\n" * 3000


def test_a_client_that_reads_no_answers_is_not_read_any_more(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    with LineClient(agent.port()) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        taken = send_until_refused(client, b"a\n" * 32768, GIBIBYTE)
        assert taken < GIBIBYTE
        assert_serves(agent, tmp_path / "out", "served meanwhile")
        assert agent.peak_mebibytes < 100


def test_a_thousand_connections_are_served_and_cost_little(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    port = agent.port()
    ask(port, "warm")
    before = agent.rss_mebibytes
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(LineClient(port)) for _ in range(1000)]
        assert clients[-1].ask("last") == ["OK"]
        assert agent.rss_mebibytes - before < 20
        for number, client in enumerate(clients):
            client.send(f"line {number}")
        assert all(client.answers(1) == ["OK"] for client in clients)
    expected = {"warm", "last", *(f"line {number}" for number in range(1000))}
    wait_until(lambda: set(written(tmp_path / "out")) == expected, what="a line of each")


def test_more_connections_than_file_descriptors_wait_and_are_served_later(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"), "--no-reload-conf", wrapper=("prlimit", "--nofile=64"))
    assert_serves(agent, tmp_path / "out", "one")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(LineClient(agent.port())) for _ in range(120)]
        agent.wait_for("Too many open files")
        assert clients[0].ask("two") == ["OK"]
        for client in clients[:-1]:
            client.socket.close()
        assert clients[-1].ask("three") == ["OK"]
    assert agent.log.count("Too many open files") == 1
    wait_until(lambda: written(tmp_path / "out") == ["one", "two", "three"], what="all lines")


@pytest.mark.parametrize(
    "body", [b"not json", b"[{", b'{"headers": {}, "body": "no list"}', b'[{"body": 1}]', b"\xff\xfe[", b'[{"headers": 5}]']
)  # fmt: skip
def test_malformed_json_is_a_bad_request_on_a_connection_that_goes_on(run: Run, tmp_path: Path, body: bytes) -> None:
    agent = run(into(tmp_path / "out", text=POSTS_TO_FILES))
    status, _ = post(agent.port(), body)
    assert status in ((400,) if body != b'[{"body": 1}]' else (200, 400))
    assert_takes_posts(agent, tmp_path / "out", "next")


def test_a_post_of_a_gigabyte_is_refused_before_it_is_sent(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out", text=POSTS_TO_FILES))
    port = agent.port()
    before = agent.rss_mebibytes
    assert exchange(port, HEAD + b"Content-Length: %d\r\n\r\n[" % GIBIBYTE)[0] == 413
    with LineClient(agent.port()) as client:
        client.socket.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % GIBIBYTE)
        assert client.answers(1)[0].startswith("HTTP/1.1 413 ")
        # Whoever sends all the same is read for a while, so that it sees the answer, and then cut off.
        send_until_refused(client, b"[" * 65536, GIBIBYTE)
    assert agent.peak_mebibytes < before + 40
    assert_takes_posts(agent, tmp_path / "out", "next")


def test_a_post_that_never_ends_is_refused_at_the_limit(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out", "a1.sources.r1.max-request-bytes = 4000000", text=POSTS_TO_FILES))
    with LineClient(agent.port()) as client:
        client.socket.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        send_until_refused(client, b"10000\r\n" + b"[" * 65536 + b"\r\n", GIBIBYTE)
    agent.wait_for(r"WARN.*A request of 127\.0\.0\.1:\d+ was answered with 413: ")
    assert agent.peak_mebibytes < 100
    assert_takes_posts(agent, tmp_path / "out", "next")


def test_stalled_and_cut_posts_hold_nobody_up_and_time_out(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out", "a1.sources.r1.request-timeout = 1", text=POSTS_TO_FILES))
    stalled = [LineClient(agent.port()) for _ in range(20)]
    for number, client in enumerate(stalled):
        client.socket.sendall([b"", b"PO", HEAD, HEAD + b'Content-Length: 99\r\n\r\n[{"body'][number % 4])
        if number % 8 > 3:
            client.reset()
    assert_takes_posts(agent, tmp_path / "out", "served meanwhile")
    assert stalled[3].finish().startswith(b"HTTP/1.1 408 ") or stalled[3].finish() == b""
    with LineClient(agent.port()) as client:
        client.socket.sendall(HEAD + b"Content-Length: 99\r\n\r\n[")
        assert client.answers(1)[0].startswith("HTTP/1.1 408 ")
    for client in stalled:
        client.socket.close()
    assert written(tmp_path / "out") == ["served meanwhile"]


def test_what_a_reset_connection_had_acknowledged_is_stored(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    chance = random.Random(7)
    acknowledged, sent = [], 0
    deadline_s = time.monotonic() + 2
    while time.monotonic() < deadline_s:
        client = LineClient(agent.port())
        lines = [f"n{number}" for number in range(sent, sent + 200)]
        sent += 200
        client.send(*lines)
        answers = client.answers(chance.randrange(200))
        acknowledged += [line for line, answer in zip(lines, answers, strict=False) if answer == "OK"]
        client.reset()
    agent.stop()
    stored = written(tmp_path / "out")
    assert acknowledged
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert [int(line[1:]) for line in stored] == sorted(int(line[1:]) for line in stored)
