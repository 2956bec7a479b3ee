"""`flumepy adopt`: what a Java agent left in file channels, looked at and taken over."""

import json
from pathlib import Path

from tests.cli.channels import EXPECTED, call, channel, events_of, java_folders

CHANNEL = """
a1.channels.{name}.type = file
a1.channels.{name}.checkpointDir = {checkpoint}
a1.channels.{name}.dataDirs = {first},{second}
a1.channels.{name}.minimumRequiredSpace = 1048576
a1.channels.{name}.maxFileSize = 1048576
"""
REST = """
a1.sources = r1
a1.sinks = k1
a1.channels = {names}
a1.sources.r1.type = seq
a1.sources.r1.channels = {names}
a1.sinks.k1.type = null
a1.sinks.k1.channel = c1
"""


def configuration(tmp_path: Path, *channels: str, names: str = "c1") -> Path:
    conf = tmp_path / "agent.conf"
    conf.write_text(REST.format(names=names) + "".join(channels))
    return conf


def left_by_java(tmp_path: Path, fixture: str, name: str = "c1") -> str:
    first, second, checkpoint = java_folders(fixture, tmp_path)
    return CHANNEL.format(name=name, checkpoint=checkpoint, first=first, second=second)


def test_a_dry_run_says_what_is_there_and_changes_nothing(tmp_path: Path) -> None:
    conf = configuration(tmp_path, left_by_java(tmp_path, "live"))
    before = sorted(path for path in tmp_path.rglob("*") if path.name != "in_use.lock")
    result = call("adopt", conf, "-n", "a1", "--dry-run")
    assert result.exit_code == 0
    assert result.output.startswith("a1.channels.c1:\n  A Java agent left 5 events in ")
    assert "found by its checkpoint" in result.output
    assert sorted(path for path in tmp_path.rglob("*") if path.name != "in_use.lock") == before


def test_it_takes_over_and_says_where_javas_files_are(tmp_path: Path) -> None:
    conf = configuration(tmp_path, left_by_java(tmp_path, "s2_crash_nockpt"))
    named = ("-f", conf, "-n", "a1", "--channel", "c1")
    assert json.loads(channel("stats", *named, "--format", "json").output)["java"]["queued_events"] == 4
    result = call("adopt", conf, "-n", "a1")
    assert result.exit_code == 0
    assert "4 events are taken over." in result.output
    folders = [line.split(" are in ")[1].split(" now")[0] for line in result.output.splitlines() if " now; " in line]
    assert all((Path(folder) / "checkpoint").exists() or list(Path(folder).glob("log-*")) for folder in folders)
    assert "of a Java agent, taken over" in channel("ls", *named).output
    out = tmp_path / "out.jsonl"
    assert channel("export", *named, "-o", out).exit_code == 0
    assert events_of(out) == EXPECTED["s2_crash_nockpt"]
    result = call("adopt", conf, "-n", "a1")
    assert (result.exit_code, "flumepy has used these directories already" in result.output) == (0, True)


def test_every_file_channel_is_looked_at_and_others_are_not(tmp_path: Path) -> None:
    new = CHANNEL.format(name="c2", checkpoint=tmp_path / "n/cp", first=tmp_path / "n/d1", second=tmp_path / "n/d2")
    memory = "a1.channels.c3.type = memory\n"
    conf = configuration(tmp_path, left_by_java(tmp_path, "s1_cleanstop"), new, memory, names="c1 c2 c3")
    result = call("adopt", conf, "-n", "a1", "--dry-run")
    assert "a1.channels.c1:\n  A Java agent left 3 events" in result.output
    assert "a1.channels.c2:\n  No Java agent left anything in" in result.output
    assert "they are empty, or do not exist" in result.output
    assert "c3" not in result.output


def test_the_file_channel_of_a_spillable_one_is_looked_at_too(tmp_path: Path) -> None:
    text = left_by_java(tmp_path, "live").replace(".type = file", ".type = SPILLABLEMEMORY")
    conf = configuration(tmp_path, text)
    result = call("adopt", conf, "-n", "a1")
    assert (result.exit_code, "5 events are taken over." in result.output) == (0, True)
    out = tmp_path / "out.jsonl"
    assert channel("export", "-f", conf, "-n", "a1", "--channel", "c1", "-o", out).exit_code == 0
    assert events_of(out) == EXPECTED["live"]


def test_damage_is_an_error_of_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    conf = configuration(tmp_path, left_by_java(tmp_path, "s2_crash_nockpt"))
    path = next(path for path in tmp_path.rglob("log-*") if path.suffix == "" and b"e5" in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(b"e5", b"eX"))
    for options in (("--dry-run",), ()):
        result = call("adopt", conf, "-n", "a1", *options)
        assert result.exit_code == 1
        [line] = [line for line in result.output.splitlines() if "Error: " in line]
        assert str(path) in line
        assert "FCINTEGRITYTOOL" in line


def test_a_configuration_without_file_channel_or_agent_says_so(tmp_path: Path) -> None:
    conf = configuration(tmp_path, "a1.channels.c1.type = memory\n")
    assert call("adopt", conf, "-n", "a1").output == "Agent a1 has no file channel.\n"
    result = call("adopt", conf, "-n", "a2")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "no agent a2" in result.stderr
    assert call("adopt", tmp_path / "no.conf", "-n", "a1").exit_code == 2
