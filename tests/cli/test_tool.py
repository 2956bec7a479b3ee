"""`flume-ng tool FCINTEGRITYTOOL`: Flume's spellings and summary, on a Java agent's files and on ours."""

import json
import os
from pathlib import Path

import pytest

from flumepy.core.batch import Event
from flumepy.log.segment import HEADER_BYTES
from tests.cli.channels import EXPECTED, call, channel, java_folders
from tests.event_log.tools import drain, open_queue
from tests.log_tools.stored import write_log

RULE = "---------------------------------------"


def tool(*arguments: object) -> dict[str, int]:
    """Run the tool; return its summary."""
    result = call("tool", *arguments, program="flume-ng")
    assert result.exit_code == 0, result.output + result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "---------- Summary --------------------"
    assert lines[-1] == RULE
    return {
        label.removeprefix("Number of "): int(count) for label, count in (line.split(" = ") for line in lines[1:-1])
    }


class Odd:
    """Refuses events whose number is even, and raises for one."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.raises_at = settings.get("raises-at")

    def validate(self, event: Event) -> bool:
        number = event.body.split()[-1].removeprefix(b"e")
        if number.decode() == self.raises_at:
            raise ValueError(number)
        return int(number) % 2 == 1


def test_without_a_name_the_tools_are_listed_and_the_status_is_1() -> None:
    result = call("tool", program="flume-ng")
    assert result.exit_code == 1
    assert "FCINTEGRITYTOOL" in result.stdout


def test_an_unknown_tool_ends_with_1() -> None:
    result = call("tool", "FCINTEGRITYTOL")
    assert result.exit_code == 1
    assert "there is no tool 'FCINTEGRITYTOL'" in result.stderr


def test_directories_are_mandatory_and_must_exist(tmp_path: Path) -> None:
    assert "dataDirs is required" in call("tool", "FCINTEGRITYTOOL").stderr
    result = call("tool", "FCINTEGRITYTOOL", "-l", tmp_path / "no")
    assert (result.exit_code, "does not exist" in result.stderr) == (1, True)


@pytest.mark.parametrize("spelling", [["-l", "{}"], ["--dataDirs={}"], ["-dataDirs", "{}"], ["-l{}"], ["--data={}"]])
def test_it_counts_a_java_agents_records_whatever_the_spelling(tmp_path: Path, spelling: list[str]) -> None:
    first, second, _ = java_folders("s2_crash_nockpt", tmp_path)
    found = tool("fcintegritytool", *[word.format(f"{first},{second}") for word in spelling])
    assert found["Corrupt Events"] == found["Invalid Put Events"] == 0
    assert found["Valid Put Events"] == found["Put Events Processed"] == 9
    assert found["Events in the Channel"] > 9


def test_a_damaged_record_of_a_java_agent_is_voided_after_a_copy(tmp_path: Path) -> None:
    first, second, _ = folders = java_folders("s2_crash_nockpt", tmp_path)
    path = next(path for path in first.parent.rglob("log-*") if b"e3" in path.read_bytes() and path.suffix == "")
    damaged = path.read_bytes().replace(b"e3", b"eX")
    path.write_bytes(damaged)
    assert tool("FCINTEGRITYTOOL", "-l", f"{first},{second}")["Corrupt Events"] == 1
    assert path.with_name(f"{path.name}.bak").read_bytes() == damaged
    assert tool("FCINTEGRITYTOOL", "-l", f"{first},{second}")["Corrupt Events"] == 0
    assert channel("verify", *folders).exit_code == 0


def test_a_validator_voids_what_it_refuses(tmp_path: Path) -> None:
    first, second, checkpoint = java_folders("s2_crash_nockpt", tmp_path)
    found = tool(
        "FCINTEGRITYTOOL", "-l", f"{first},{second}", "-e", "tests.cli.test_tool.Odd", "-D", "raises-at=5", "-Dother=x"
    )
    assert (found["Valid Put Events"], found["Invalid Put Events"]) == (2, 3)
    assert found["Put Events that threw Exception during validation"] == 4  # three bodies have no number
    out = tmp_path / "out.jsonl"
    channel("export", first, second, checkpoint, "-o", out)
    left = [json.loads(line)["body"] for line in out.read_text().splitlines()]
    assert left == [event["body"] for event in EXPECTED["s2_crash_nockpt"] if event["body"] == "e3"]


def test_our_damaged_bytes_are_set_aside(tmp_path: Path) -> None:
    write_log([tmp_path], 10)
    path = tmp_path / f"{0:020d}.segment"
    data = bytearray(path.read_bytes())
    data[HEADER_BYTES + 70] ^= 1
    path.write_bytes(data)
    found = tool("FCINTEGRITYTOOL", "-l", tmp_path)
    assert found == {
        "Events in the Channel": 31,
        "Put Events Processed": 27,
        "Valid Put Events": 27,
        "Invalid Put Events": 0,
        "Put Events that threw Exception during validation": 0,
        "Corrupt Events": 3,
    }
    assert os.listdir(tmp_path / "damaged") == [f"{path.name}.offset-512"]
    assert tool("FCINTEGRITYTOOL", "-l", tmp_path)["Corrupt Events"] == 0


def test_our_events_that_the_validator_refuses_are_set_aside_and_taken_once(tmp_path: Path) -> None:
    write_log([tmp_path], 10)
    for round_ in range(2):
        found = tool("FCINTEGRITYTOOL", "-l", tmp_path, "-e", "tests.cli.test_tool.Odd")
        assert (found["Valid Put Events"], found["Invalid Put Events"]) == (15, 15)
        lines = (tmp_path / "damaged" / f"{0:020d}.segment.refused.jsonl").read_text().splitlines()
        assert [json.loads(line)["headers"]["n"] for line in lines] == [str(n) for n in range(0, 30, 2)], round_
    queue = open_queue(tmp_path)
    assert [int(body.split()[1]) for body in drain(queue)] == list(range(1, 30, 2))
    queue.log.close()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("org.example.Validator$Builder", "is a Java class"),
        ("org.apache.flume.tools.Foo", "is a Java class"),
        ("word", "name one as package.module.Name"),
        ("no_such_module.Name", "cannot be made: ModuleNotFoundError"),
        ("tests.cli.test_tool.Missing", "cannot be made: AttributeError"),
    ],
)
def test_a_validator_that_cannot_be_had_is_refused_by_name(tmp_path: Path, name: str, why: str) -> None:
    result = call("tool", "FCINTEGRITYTOOL", "-l", tmp_path, "-e", name)
    assert result.exit_code != 0
    assert why in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_help_shows_the_options() -> None:
    assert "--dataDirs" in call("tool", "-h").output
