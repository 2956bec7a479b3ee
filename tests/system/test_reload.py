"""An edit of the file while the agent runs."""

import re
import signal
import time
from pathlib import Path

from flumepy.testing.fakes import wait_until
from tests.system.client import LineClient, ask, refusal_of, written
from tests.system.configurations import into
from tests.system.conftest import Run

GOES_ON = "The new configuration has errors; the one that runs goes on unchanged. The next edit is looked at."


def test_the_port_of_an_edit_answers_within_three_seconds_and_nothing_is_lost(run: Run, tmp_path: Path) -> None:
    text = into(tmp_path / "out", "# the first")
    agent = run(text)
    first = agent.port()
    acknowledged = []
    with LineClient(first) as client:
        # More than the sink can have written when the edit is seen.
        lines = [f"before {number}" for number in range(5000)]
        acknowledged += [line for line, answer in zip(lines, client.ask(*lines), strict=False) if answer == "OK"]
        agent.write(text.replace("sources.r1", "sources.r2").replace("sources = r1", "sources = r2"))
        written_s = time.monotonic()
        second = agent.port("r2")
        assert ask(second, "after") == ["OK"]
        assert time.monotonic() - written_s < 3
    wait_until(lambda: written(tmp_path / "out") == [*acknowledged, "after"], what="every acknowledged line, once")
    assert len(acknowledged) == 5000
    assert "refused" in str(refusal_of(first))


def test_a_broken_edit_keeps_what_runs_and_the_next_good_one_is_seen(run: Run, tmp_path: Path) -> None:
    text = into(tmp_path / "out")
    agent = run(text)
    port = agent.port()
    with LineClient(port) as client:
        agent.write(text.replace("a1.sources.r1.type = netcat", "a1.sources.r1.type = netcatt"))
        agent.wait_for(re.escape(GOES_ON))
        assert re.search(r"a1\.conf:4: a1\.sources\.r1\.type: .*netcatt.*did you mean 'netcat'", agent.log)
        assert client.ask("still connected") == ["OK"]
        agent.write(f"{text}a1.sources.r1.max-line-length = 20\n")
        second = agent.port(count=2)
    wait_until(lambda: written(tmp_path / "out") == ["still connected"], what="the line")
    assert ask(second, "x" * 30) == ["FAILED: Event exceeds the maximum length (20 chars, including newline)"]


def test_an_unreadable_edit_and_a_file_that_is_gone_keep_what_runs(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    port = agent.port()
    agent.write("a1.sources = r1\nnonsense \\u12 line\n")
    agent.wait_for(r"WARN.*Unable to update configuration: .*a1\.conf:2")
    assert ask(port, "one") == ["OK"]
    agent.conf_file.unlink()
    agent.signal(signal.SIGHUP)
    agent.wait_for(r"Unable to update configuration: .*a1\.conf: No such file")
    assert ask(port, "two") == ["OK"]


def test_an_edit_whose_port_is_taken_brings_the_old_configuration_back(run: Run, tmp_path: Path) -> None:
    text = into(tmp_path / "out")
    agent, holder = run(text), run(into(tmp_path / "other"), folder=tmp_path / "holder")
    agent.port()
    taken = holder.port()
    agent.write(text.replace("port = 0", f"port = {taken}"))
    agent.wait_for(rf"The new configuration cannot start Source r1: .*127\.0\.0\.1:{taken}: Address already in use")
    agent.wait_for("The configuration that ran before is running again")
    assert ask(agent.port(count=2), "as before") == ["OK"]
    wait_until(lambda: written(tmp_path / "out") == ["as before"], what="the line")


def test_sighup_reloads_without_an_edit_and_without_a_watch(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"), "--no-reload-conf")
    first = agent.port()
    assert ask(first, "one") == ["OK"]
    agent.signal(signal.SIGHUP)
    assert ask(agent.port(count=2), "two") == ["OK"]
    wait_until(lambda: written(tmp_path / "out") == ["one", "two"], what="both lines")
