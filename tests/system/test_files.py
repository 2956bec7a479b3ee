"""Missing, unreadable, vanishing, changing and malformed files; ports in use; an agent killed while it reads."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from flumepy.testing.fakes import wait_until
from tests.system.checks import BESIDE, assert_beside_is_served
from tests.system.client import ask, doubles, written
from tests.system.configurations import LINES_TO_FILES, SPOOL_TO_FILES, into
from tests.system.conftest import Run

#: ends what lets root read everything
PLAIN_USER = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
CAN_BE_PLAIN = not PLAIN_USER or subprocess.run([*PLAIN_USER, "true"], capture_output=True, check=False).returncode == 0
needs_plain_user = pytest.mark.skipif(not CAN_BE_PLAIN, reason="root cannot be kept from reading here (setpriv)")


def spooling(tmp_path: Path, *more: str) -> str:
    """Return a configuration that spools `spool` into `out`; both are made."""
    spool = tmp_path / "spool"
    spool.mkdir(exist_ok=True)
    return into(tmp_path / "out", BESIDE, *more, text=SPOOL_TO_FILES, spool=spool)


def spool(tmp_path: Path, name: str, content: bytes) -> Path:
    """Put a file into the spool directory in one step, as its users must."""
    (tmp_path / name).write_bytes(content)
    return (tmp_path / name).rename(tmp_path / "spool" / name)


def run_to_its_end(folder: Path, conf_file: Path, run: Run, **more: tuple[str, ...]) -> tuple[int, str]:
    agent = run("a1.sources = r1\n", folder=folder, **more)
    agent.close()
    agent._command[agent._command.index("--conf-file") + 1] = str(conf_file)
    agent.start()
    return agent.process.wait(15), agent.log.splitlines()[-1]


def test_a_missing_configuration_ends_with_its_name(run: Run, tmp_path: Path) -> None:
    status, said = run_to_its_end(tmp_path / "agent", tmp_path / "none.conf", run)
    assert (status, said.partition("cannot ")[2]) == (1, f"read {tmp_path}/none.conf: No such file or directory")


@needs_plain_user
def test_an_unreadable_configuration_ends_with_its_name(run: Run, tmp_path: Path) -> None:
    closed = tmp_path / "closed.conf"
    closed.write_text("a1.sources = r1\n")
    closed.chmod(0)
    status, said = run_to_its_end(tmp_path / "agent", closed, run, wrapper=PLAIN_USER)
    assert (status, said.partition("cannot ")[2]) == (1, f"read {closed}: Permission denied")


def test_a_port_in_use_costs_its_source_only_and_is_tried_again(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        agent = run(into(tmp_path / "out", BESIDE, f"a1.sources.r1.port = {port}"))
        agent.wait_for(rf"ERROR.*Source r1: .*127\.0\.0\.1:{port}: Address already in use\. Trying again every 3 s")
        assert_beside_is_served(agent)
    agent.wait_for("Source r1 is up after all")
    assert ask(port, "at last") == ["OK"]


def test_a_missing_directory_of_a_sink_is_named_and_seen_once_it_is_made(run: Run, tmp_path: Path) -> None:
    agent = run(LINES_TO_FILES.format(folder=tmp_path / "later") + BESIDE)
    agent.wait_for(r"ERROR.*Sink k1: .*later: No such file or directory; it must exist")
    assert ask(agent.port(), "waits") == ["OK"]
    assert_beside_is_served(agent)
    (tmp_path / "later").mkdir()
    wait_until(lambda: written(tmp_path / "later") == ["waits"], what="the line")


def test_a_spool_directory_that_vanishes_and_comes_back(run: Run, tmp_path: Path) -> None:
    agent = run(spooling(tmp_path))
    spool(tmp_path, "one", b"one\n")
    wait_until(lambda: written(tmp_path / "out") == ["one"], what="the first line")
    # In one step: the agent may be about to rename the file, or to make its own folder in there again.
    (tmp_path / "spool").rename(tmp_path / "gone")
    agent.wait_for(r"ERROR.*The directory cannot be read: .*spool.*It is tried again every 50 ms")
    assert_beside_is_served(agent)
    (tmp_path / "spool").mkdir()
    spool(tmp_path, "two", b"two\n")
    wait_until(lambda: written(tmp_path / "out") == ["one", "two"], what="the second line")
    assert agent.log.count("The directory cannot be read") == 1


@needs_plain_user
def test_an_unreadable_spooled_file_is_named_and_the_others_are_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    spool(tmp_path, "closed", b"closed\n").chmod(0)
    agent = run(spooling(tmp_path), wrapper=PLAIN_USER)
    agent.wait_for(r"ERROR.*A file cannot be opened: .*closed")
    spool(tmp_path, "open", b"open\n")
    wait_until(lambda: written(tmp_path / "out") == ["open"], what="the line of the other file")
    (tmp_path / "spool" / "closed").chmod(0o600)
    wait_until(lambda: written(tmp_path / "out") == ["open", "closed"], what="its line")
    assert agent.log.count("A file cannot be opened") == 1


@pytest.mark.parametrize(
    ("policy", "lines"),
    [("FAIL", ["good"]), ("REPLACE", ["good", "b\ufffdd", "after"]), ("IGNORE", ["good", "bd", "after"])],
)
def test_invalid_utf8_in_a_file_follows_its_policy(run: Run, tmp_path: Path, policy: str, lines: list[str]) -> None:
    agent = run(spooling(tmp_path, f"a1.sources.r1.decodeErrorPolicy = {policy}"))
    broken = spool(tmp_path, "broken", b"good\nb\xffd\nafter\n")
    if policy == "FAIL":
        agent.wait_for(r"ERROR.*broken is set aside: ")
    spool(tmp_path, "next", b"next\n")
    wait_until(lambda: written(tmp_path / "out") == [*lines, "next"], what="the lines")
    assert broken.exists() == (policy == "FAIL")


def test_a_file_that_changes_while_it_is_read_is_set_aside_and_the_source_goes_on(run: Run, tmp_path: Path) -> None:
    # A full channel holds the reading up in the middle.
    text = spooling(tmp_path, "a1.channels.c1.capacity = 100", "a1.channels.c1.transactionCapacity = 100")
    (tmp_path / "out").rmdir()
    agent = run(text)
    lines = [f"line {number}" for number in range(1000)]
    changing = spool(tmp_path, "changing", "".join(f"{line}\n" for line in lines).encode())
    agent.wait_for(r"WARN.*The channel did not take \d+ events; trying until it does")
    with changing.open("a") as file:
        file.write("one more\n")
    (tmp_path / "out").mkdir()
    agent.wait_for(r"ERROR.*changing is set aside: .*Its events up to byte \d+ were delivered")
    spool(tmp_path, "next", b"next\n")
    wait_until(lambda: "next" in written(tmp_path / "out"), what="the next file")
    stored = written(tmp_path / "out")
    assert stored[:-1] == lines[: len(stored) - 1] or stored[:-1] == [*lines, "one more"]


def test_lines_without_end_in_a_file_are_cut_and_memory_stays_bounded(run: Run, tmp_path: Path) -> None:
    agent = run(spooling(tmp_path, "a1.sources.r1.deserializer.maxLineLength = 1000"))
    agent.port("beside")
    before = agent.rss_mebibytes
    endless = tmp_path / "endless"
    with endless.open("wb") as file:
        for _ in range(64):
            file.write(b"x" * (1 << 20))
    endless.rename(tmp_path / "spool" / "endless")
    wait_until((tmp_path / "spool" / "endless.COMPLETED").exists, timeout_s=30, what="the end of the file")
    assert agent.peak_mebibytes < before + 60
    agent.stop()
    stored = written(tmp_path / "out")
    assert sum(map(len, stored)) == 64 << 20
    assert {len(line) for line in stored[:-1]} == {1000}


def test_kill_9_while_a_file_is_read_loses_no_more_than_the_memory_channel_held(run: Run, tmp_path: Path) -> None:
    capacity, kills = 200, 4
    text = spooling(tmp_path, f"a1.channels.c1.capacity = {capacity}", "a1.channels.c1.transactionCapacity = 100")
    lines = [f"line {number:06}" for number in range(100_000)]
    spool(tmp_path, "some", "".join(f"{line}\n" for line in lines).encode())
    agent = run(text)
    for kill in range(1, kills + 1):
        wait_until(lambda kill=kill: len(written(tmp_path / "out")) > 2000 * kill, what="progress")
        agent.kill()
        agent.start()
    wait_until((tmp_path / "spool" / "some.COMPLETED").exists, timeout_s=30, what="the end of the file")
    assert agent.stop() == -signal.SIGTERM
    stored = written(tmp_path / "out")
    assert len(set(lines) - set(stored)) <= kills * capacity
    # What was sent and whose position was not yet stored comes again: one batch at most.
    assert len(doubles(stored)) <= kills * 100
    assert set(stored) <= set(lines)


def test_kill_9_of_an_idle_agent_loses_and_repeats_nothing(run: Run, tmp_path: Path) -> None:
    agent = run(spooling(tmp_path))
    for number in range(3):
        spool(tmp_path, f"file{number}", f"{number} a\n{number} b\n".encode())
        wait_until((tmp_path / "spool" / f"file{number}.COMPLETED").exists, what="the end of the file")
        wait_until(lambda number=number: len(written(tmp_path / "out")) == 2 * (number + 1), what="its lines")
        agent.kill()
        agent.start()
    assert ask(agent.port("beside"), "beside") == ["OK"]
    assert written(tmp_path / "out") == [f"{number} {letter}" for number in range(3) for letter in "ab"]
