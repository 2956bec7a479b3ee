"""How an agent ends and what its signals do."""

import shutil
import signal
from pathlib import Path

from flumepy.testing.fakes import wait_until
from tests.system.client import ask, written
from tests.system.configurations import into
from tests.system.conftest import Run

TO_A_FILE = ("-Dflume.root.logger=INFO,LOGFILE", "-Dflume.log.dir=logs")


def test_sigint_stops_in_order_with_its_own_status(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    assert ask(agent.port(), "one") == ["OK"]
    agent.signal(signal.SIGINT)
    assert agent.process.wait(15) == -signal.SIGINT
    assert written(tmp_path / "out") == ["one"]


def test_a_second_sigterm_ends_a_drain_that_takes_long(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"), "--drain-timeout", "60")
    port = agent.port()
    assert ask(port, "one") == ["OK"]
    wait_until(lambda: written(tmp_path / "out"), what="the line")
    shutil.rmtree(tmp_path / "out")
    assert ask(port, "two") == ["OK"]
    agent.signal(signal.SIGTERM)
    agent.wait_for("Stopping Source r1")
    agent.signal(signal.SIGTERM)
    assert agent.process.wait(15) == 128 + signal.SIGTERM


def test_events_that_cannot_be_drained_are_counted_in_the_log(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"), "--drain-timeout", "0.2")
    port = agent.port()
    assert ask(port, "one") == ["OK"]
    wait_until(lambda: written(tmp_path / "out"), what="the line")
    shutil.rmtree(tmp_path / "out")
    assert ask(port, "two", "three") == ["OK", "OK"]
    assert agent.stop() == -signal.SIGTERM
    agent.wait_for(r"WARN.*Events are lost with .*c1 \(2\)")


def test_sigusr1_opens_a_rotated_log_file_again(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"), *TO_A_FILE)
    log = agent.folder / "logs" / "flume.log"
    wait_until(lambda: log.exists() and "Created serverSocket" in log.read_text(), what="the log file")
    log.rename(log.with_suffix(".1"))
    agent.signal(signal.SIGUSR1)
    wait_until(lambda: log.exists() and "Log files were opened again" in log.read_text(), what="the new log file")
    assert agent.log == ""
