"""`flumepy check`: the report, its JSON and its exit codes."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from flumepy.cli.main import flumepy
from tests.cli.running import NETCAT


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "x.conf"
    path.write_text(NETCAT.format(port=44444))
    return path


def check(*arguments: object) -> Result:
    return CliRunner().invoke(flumepy, ["check", *map(str, arguments)])


def as_json(*arguments: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(check("--format", "json", *arguments).output)
    return document


def test_a_clean_file_shows_what_would_run_and_ends_with_0(conf: Path) -> None:
    result = check(conf)
    assert result.exit_code == 0
    assert "agent a1: 1 source, 1 channel, 1 sink would run; no problems" in result.output
    assert "source   r1  netcat → c1" in result.output
    assert "channel  c1  memory, volatile: events in it are lost when the agent dies" in result.output
    assert "sink     k1  logger ← c1" in result.output


def test_the_json_of_a_file_is_one_line_with_live_names_and_problems(conf: Path) -> None:
    conf.write_text(conf.read_text().replace("k1.channel =", "k1.channels =") + "a1.sources.r1.prot = 1\n")
    result = check("--format", "json", conf)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    document = json.loads(result.output)
    assert set(document) == {"file", "agents"}
    agent = document["agents"]["a1"]
    assert {kind: agent[kind] for kind in ("sources", "channels", "sinks", "sink_groups")} == {
        "sources": ["r1"], "channels": ["c1"], "sinks": [], "sink_groups": [],
    }  # fmt: skip
    assert agent["problems"][:1] + agent["problems"][2:] == [
        {
            "severity": "error", "file": str(conf), "line": 10, "component": "a1.sinks.k1", "key": "channel",
            "message": "is missing; the sink is dropped", "hint": "'channels' is set; did you mean 'channel'?",
        },
        {
            "severity": "warning", "file": str(conf), "line": 12, "component": "a1.sources.r1", "key": "prot",
            "message": "is not a property of this component and has no effect", "hint": "did you mean 'port'?",
        },
    ]  # fmt: skip
    assert agent["problems"][1]["message"].startswith("is read by no sink")


def test_warnings_count_only_with_strict(conf: Path) -> None:
    conf.write_text(conf.read_text() + "a1.sources.r1.prot = 1\n")
    assert check(conf).exit_code == 0
    assert check("--strict", conf).exit_code == 1


def test_several_files_are_judged_each_and_the_worst_counts(conf: Path) -> None:
    result = check("--format", "json", conf, conf.with_name("no.conf"), conf)
    assert result.exit_code == 2
    documents = [json.loads(line) for line in result.output.splitlines()]
    assert [len(document["agents"]) for document in documents] == [1, 0, 1]
    assert documents[1]["problems"][0]["message"].endswith("No such file or directory")


def test_an_agent_that_cannot_run_is_shown_with_nothing_live(conf: Path) -> None:
    conf.write_text("a1.sources = r1\na1.sources.r1.type = seq\n")
    agent = as_json(conf)["agents"]["a1"]
    assert agent["sources"] == []
    assert "has no list of channels" in agent["problems"][0]["message"]


def test_only_named_agents_are_judged_and_an_unknown_name_is_an_error(conf: Path) -> None:
    conf.write_text(NETCAT.format(port=0) + NETCAT.format(port=0).replace("a1.", "b2."))
    assert list(as_json(conf)["agents"]) == ["a1", "b2"]
    assert list(as_json(conf, "--name", "b2")["agents"]) == ["b2"]
    result = check(conf, "-n", "b3")
    assert result.exit_code == 1
    assert "b3: is not configured here\n             agents: a1, b2" in result.output


def test_a_file_without_any_agent_is_an_error(conf: Path) -> None:
    conf.write_text("log4j.rootLogger = INFO\n")
    result = check(conf)
    assert result.exit_code == 1
    assert "no agent is configured here" in result.output


def test_a_channel_that_fills_up_is_warned_about(conf: Path) -> None:
    conf.write_text(
        conf.read_text() + "a1.channels = c1 c2\na1.channels.c2.type = memory\na1.sources.r1.channels = c1 c2\n"
    )
    assert "a1.channels.c2: is read by no sink" in check(conf).output


def test_no_port_is_opened_and_nothing_is_made(conf: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = NETCAT.format(port=taken.getsockname()[1])
        folder = conf.parent / "out"
        text = text.replace("type = logger", f"type = file_roll\na1.sinks.k1.sink.directory = {folder}")
        conf.write_text(text)
        assert check(conf).exit_code == 0
    assert [path.name for path in conf.parent.iterdir()] == ["x.conf"]


def test_properties_and_flume_env_are_those_of_the_agent(conf: Path) -> None:
    conf.write_text(NETCAT.format(port="${env:CHECKED_PORT}") + "a1.sinks.k1.maxBytesToLog = ${sys:n}\n")
    (conf.parent / "flume-env.sh").write_text("export CHECKED_PORT=1234\n")
    assert check(conf).exit_code == 1
    assert check(conf, "--conf", conf.parent, "-Dn=5").exit_code == 0


def test_a_component_that_cannot_run_yet_is_marked(conf: Path) -> None:
    settings = "".join(f"a1.sinks.k1.{key} = x\n" for key in ("hostname", "nick", "chan"))
    conf.write_text(conf.read_text().replace("type = logger", "type = irc") + settings)
    assert "irc ← c1; cannot run yet" in check(conf).output
