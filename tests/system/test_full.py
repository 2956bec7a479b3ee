"""Channels that stay full and disks that fill: who waits gets an answer, nothing stored is lost, all recovers by itself."""

import os
import resource
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flumepy.testing.fakes import wait_until
from tests.system.agent import Agent
from tests.system.checks import BESIDE, assert_beside_is_served
from tests.system.client import LineClient, ask, doubles, post, written
from tests.system.configurations import POSTS_TO_FILES, into
from tests.system.conftest import Run

FULL = "FAILED: Space for commit to queue couldn't be acquired. Sinks are likely not keeping up with sources, or the buffer"
SMALL = ("a1.channels.c1.capacity = 100", "a1.channels.c1.transactionCapacity = 100", "a1.channels.c1.keep-alive = 1")
MEBIBYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no small disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_channel_answers_failed_and_what_was_answered_ok_arrives(run: Run, tmp_path: Path) -> None:
    text = into(tmp_path / "out", BESIDE, *SMALL)
    agent = run(text.replace("a1.sinks = k1 log", "a1.sinks = log"))
    lines = [f"line {number}" for number in range(150)]
    with LineClient(agent.port()) as client:
        client.send(*lines)
        assert_beside_is_served(agent)
        answers = client.answers(150)
        assert answers[:100] == ["OK"] * 100
        assert {answer[: len(FULL)] for answer in answers[100:]} == {FULL}
        assert client.ask("still refused")[0].startswith("FAILED: ")
    agent.write(text)
    assert ask(agent.port(count=2), "after") == ["OK"]
    wait_until(lambda: written(tmp_path / "out") == [*lines[:100], "after"], what="the acknowledged lines")


def test_posts_into_a_full_channel_get_503_and_can_be_sent_again(run: Run, tmp_path: Path) -> None:
    text = into(tmp_path / "out", BESIDE, *SMALL, text=POSTS_TO_FILES)
    agent = run(text.replace("a1.sinks = k1 log", "a1.sinks = log"))
    events = [{"headers": {}, "body": str(number)} for number in range(60)]
    assert post(agent.port(), events)[0] == 200
    assert post(agent.port(), events)[0] == 503
    assert_beside_is_served(agent)
    agent.write(text)
    assert post(agent.port(count=2), events)[0] == 200
    wait_until(lambda: len(written(tmp_path / "out")) == 120, what="both accepted posts")


def test_memory_stays_bounded_while_clients_flood_a_full_channel(run: Run, tmp_path: Path) -> None:
    text = into(tmp_path / "out", BESIDE, *SMALL)
    agent = run(text.replace("a1.sinks = k1 log", "a1.sinks = log"))
    port = agent.port()
    assert ask(port, *["x"] * 100) == ["OK"] * 100
    before = agent.rss_mebibytes
    clients = [LineClient(port) for _ in range(20)]
    for client in clients:
        client.socket.setblocking(False)
    sent = 0
    chunk = b"y" * 500 + b"\n"
    for _ in range(40):
        for client in clients:
            try:
                sent += client.socket.send(chunk * 1000)
            except BlockingIOError:
                continue
    assert sent > MEBIBYTE
    assert_beside_is_served(agent)
    assert agent.peak_mebibytes < before + 40
    for client in clients:
        client.reset()
    wait_until(lambda: ask(port, "z")[0].startswith("FAILED"), what="an answer for another client")


def test_a_disk_that_fills_costs_nothing_that_was_acknowledged(run: Run, tmp_path: Path, small_disk: Path) -> None:
    agent = run(into(small_disk, BESIDE, "a1.sources.r1.max-line-length = 2000"))
    ballast = small_disk.parent / "disk" / "ballast"
    ballast.write_bytes(b"\0" * (600 * 1024))
    fill_and_recover(agent, small_disk, ballast.unlink, "No space left on device")


def test_a_file_at_its_size_limit_costs_nothing_that_was_acknowledged(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out", BESIDE, "a1.sources.r1.max-line-length = 2000"))
    agent.port()
    unlimited = resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, (400_000, unlimited[1]))

    def heal() -> None:
        resource.prlimit(agent.process.pid, resource.RLIMIT_FSIZE, unlimited)

    fill_and_recover(agent, tmp_path / "out", heal, "File too large")


def fill_and_recover(agent: Agent, folder: Path, heal: Callable[[], None], reason: str) -> None:
    """Send more than fits, see what is said, make room: every line is there, whole and once."""
    lines = [f"{number} ".ljust(1000, "x") for number in range(600)]
    with LineClient(agent.port()) as client:
        assert client.ask(*lines) == ["OK"] * 600
        agent.wait_for(rf"ERROR.*Failed to write to {folder}/\S+: {reason} \(\d+ bytes are free .*stays in the channel")
        assert_beside_is_served(agent)
        heal()
        assert client.ask("after") == ["OK"]

    def lines_of_sink() -> list[str]:
        return [line for line in written(folder) if not line.startswith("\0")]

    wait_until(lambda: lines_of_sink()[-1:] == ["after"], what="the last line")
    assert lines_of_sink() == [*lines, "after"]
    assert doubles(lines_of_sink()) == []


def unread_at(port: int) -> list[str]:
    """Return the connections to this port whose data wait in the kernel; to end these resets them."""
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return [row for row in rows if row.split()[1].endswith(f":{port:04X}") and not row.split()[4].endswith(":00000000")]


def test_clients_that_wait_for_a_full_channel_are_answered_at_the_stop(run: Run, tmp_path: Path) -> None:
    text = into(tmp_path / "out", BESIDE, *SMALL, "a1.channels.c1.keep-alive = 60")
    agent = run(text.replace("a1.sinks = k1 log", "a1.sinks = log"))
    port = agent.port()
    assert ask(port, *["x"] * 100) == ["OK"] * 100
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for client in clients:
        client.sendall(b"waits\n")
    assert_beside_is_served(agent)
    wait_until(lambda: not unread_at(port), what="a line of each client")
    stopping = threading.Thread(target=agent.stop)
    stopping.start()
    stopping.join(12)
    assert not agent.is_running
    for client in clients:
        assert client.recv(100).startswith(b"FAILED: ")
        client.close()


def test_a_stop_does_not_wait_out_the_pause_after_a_failure(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    with LineClient(agent.port()) as client:
        assert client.ask("one") == ["OK"]
        wait_until(lambda: written(tmp_path / "out") == ["one"], what="the first line")
        shutil.rmtree(tmp_path / "out")
        assert client.ask("two") == ["OK"]
        agent.wait_for("Unable to deliver event. Sink k1: Failed to open file")
        (tmp_path / "out").mkdir()
        began_s = time.monotonic()
        agent.stop()
    assert time.monotonic() - began_s < 3
    assert written(tmp_path / "out") == ["two"]
