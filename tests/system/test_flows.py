"""Configurations as users type them in, slips included: the texts in `flows`, or those of the folder FLUMEPY_FLOWS names."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flumepy.testing.fakes import wait_until
from tests.system.agent import Agent
from tests.system.client import ask
from tests.system.conftest import Run

FOLDER = Path(os.environ.get("FLUMEPY_FLOWS", Path(__file__).parent / "flows"))
JAVA_FLAGS = ("--conf", "conf", "-Dflume.root.logger=INFO,console")


def flow(name: str) -> str:
    return re.sub(r"port = \d+", "port = 0", (FOLDER / f"{name}.conf").read_text())


def check(agent: Agent) -> tuple[int, str]:
    command = [sys.executable, "-m", "flumepy", "check", str(agent.conf_file)]
    done = subprocess.run(command, cwd=agent.folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_sink_without_channel_is_dropped_with_the_only_candidate_named(run: Run) -> None:
    agent = run(flow("netcat-logger-truncated"), *JAVA_FLAGS)
    assert ask(agent.port(), "stays in the channel") == ["OK"]
    lines = [line for line in agent.log.splitlines() if "a1.sinks.k1" in line]
    assert len(lines) == 1
    assert re.search(r"ERROR.*a1\.conf:\d+: a1\.sinks\.k1\.channel: is missing; .*'c1' is the only channel", lines[0])


def test_channels_in_place_of_channel_is_seen_and_the_corrected_file_is_loaded(run: Run) -> None:
    text = flow("netcat-logger-slides")
    agent = run(text, *JAVA_FLAGS)
    agent.port()
    assert re.search(r"a1\.sinks\.k1\.channel: is missing.*did you mean 'channel'", agent.log)
    agent.write(text.replace("a1.sinks.k1.channels", "a1.sinks.k1.channel"))
    assert ask(agent.port(count=2), "Hello world!") == ["OK"]
    agent.wait_for(r"Event: { headers:{} body: 48 65 6C 6C 6F 20 77 6F 72 6C 64 21 +Hello world! }")


def test_seq_counts_without_end_with_flat_memory_and_stops_at_once(run: Run) -> None:
    agent = run(flow("seq-logger"), name="agent")
    agent.wait_for(r" 5000 }")
    after_5000 = agent.rss_mebibytes
    agent.wait_for(r" 50000 }", timeout_s=30)
    assert agent.rss_mebibytes < after_5000 + 5
    assert agent.stop() == -signal.SIGTERM
    numbers = re.findall(r"Event: { headers:{} body: .* (\d+) }", agent.log)
    assert numbers == [str(number) for number in range(len(numbers))]


def test_old_kafka_names_pass_the_check_with_hints(run: Run) -> None:
    agent = run(flow("kafka-hdfs-old-names"), "-Dflume.root.logger-INFO.console", name="agent")
    status, said = check(agent)
    assert status == 0
    for key in ("rollInterval", "rollSize", "rollCount"):
        assert re.search(rf"warning .*agent\.conf:\d+: agent\.sinks\.sinkToHdfs\.{key}: .*\n.*'hdfs\.{key}'", said)
    agent.wait_for("understood as -Dflume.root.logger=INFO,console")


@pytest.mark.parametrize(("name", "agent_name"), [("kafka-hdfs-old-names", "agent"),
                                                  ("kafka-hdfs-flumexercise", "agent1")])  # fmt: skip
def test_kafka_and_hdfs_say_not_yet_without_ending_the_rest(run: Run, name: str, agent_name: str) -> None:
    more = "".join(f"{agent_name}.{line}\n" for line in (
        "sources.extra.type = netcat", "sources.extra.bind = localhost", "sources.extra.port = 0",
        "sources.extra.channels = beside", "channels.beside.type = memory",
        "sinks.log.type = logger", "sinks.log.channel = beside",
    ))  # fmt: skip
    text = flow(name)
    for kind, added in (("sources", "extra"), ("channels", "beside"), ("sinks", "log")):
        text = re.sub(rf"^({agent_name}\.{kind} = .*)$", rf"\1 {added}", text, flags=re.MULTILINE)
    agent = run(text + more, name=agent_name)
    assert check(agent)[0] == 0
    assert ask(agent.port("extra"), "hello") == ["OK"]
    agent.wait_for(r"Event: .*hello }")
    assert len(re.findall(r"ERROR.* cannot run: .*the (kafka source|hdfs sink) is known but .*yet", agent.log)) == 2
    wait_until(lambda: agent.is_running, what="the agent")
