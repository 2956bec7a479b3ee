"""Configurations as courses hand them out, slips included: the folder named by FLUMEPY_FLOWS."""

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from flumepy.cli.main import flumepy
from tests.cli.running import running, send_line


def flow(name: str) -> Path:
    """Return a flow's file; skip the test, saying how to run it, when there is none."""
    where = os.environ.get("FLUMEPY_FLOWS")
    if not where or not Path(where, name).is_file():
        pytest.skip("flows left out: set FLUMEPY_FLOWS to the folder with the five .conf files")
    return Path(where, name)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("netcat-logger-truncated.conf", 1, [r"a1\.sinks\.k1\.channel: is missing", "'c1' is the only channel"]),
        ("netcat-logger-slides.conf", 1, [r":12: a1\.sinks\.k1\.channel: is missing", "did you mean 'channel'"]),
        ("seq-logger.conf", 0, ["agent agent: 1 source, 1 channel, 1 sink would run"]),
        ("kafka-hdfs-old-names.conf", 0,
         [rf":\d+: agent\.sinks\.sinkToHdfs\.roll{what}: .*\n +did you mean 'hdfs\.roll{what}'"
          for what in ("Interval", "Size", "Count")]),
        ("kafka-hdfs-flumexercise.conf", 0, ["agent agent1: 1 source, 1 channel, 1 sink would run"]),
    ],
)  # fmt: skip
def test_check_says_what_is_wrong_with_each(name: str, status: int, said: list[str]) -> None:
    result = CliRunner().invoke(flumepy, ["check", str(flow(name))])
    assert result.exit_code == status, result.output
    for pattern in said:
        assert re.search(pattern, result.output), result.output


def test_the_truncated_flow_runs_without_its_sink(tmp_path: Path) -> None:
    text = flow("netcat-logger-truncated.conf").read_text().replace("44444", "0").replace("localhost", "127.0.0.1")
    (tmp_path / "x.conf").write_text(text)
    with running(tmp_path, "--conf", "conf", "--conf-file", "x.conf", "--name", "a1", program="flume-ng") as agent:
        assert send_line(agent.port(), b"hello") == b"OK\n"
        agent.wait_for(r"a1\.sinks\.k1\.channel: is missing.*'c1' is the only channel")


def test_the_slides_flow_shows_the_event_once_its_line_is_corrected(tmp_path: Path) -> None:
    text = flow("netcat-logger-slides.conf").read_text().replace("44444", "0").replace("localhost", "127.0.0.1")
    (tmp_path / "x.conf").write_text(text.replace("k1.channels", "k1.channel"))
    options = ["--conf", "conf", "--conf-file", "x.conf", "--name", "a1", "-Dflume.root.logger=INFO,console"]
    with running(tmp_path, *options, program="flume-ng") as agent:
        assert send_line(agent.port(), b"hello") == b"OK\n"
        agent.wait_for("Event: .*hello")


def test_the_sequence_counts_in_the_log(tmp_path: Path) -> None:
    with running(tmp_path, "--conf-file", str(flow("seq-logger.conf")), "--name", "agent") as agent:
        agent.wait_for("Event: .* 1000 }")
