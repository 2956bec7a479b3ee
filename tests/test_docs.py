"""What the documents show is true: every block of docs/plugins.md runs."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flumepy.testing.fakes import wait_until
from tests.cli.running import running

DOCS = Path(__file__).parents[1] / "docs"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# (\S+\.\w+)\n")
PROGRAM = Path(sys.executable).with_name("flumepy")


def blocks() -> list[tuple[str, str, str]]:
    """Return language, file name and text of each block of docs/plugins.md."""
    found = BLOCK.findall((DOCS / "plugins.md").read_text(encoding="utf-8"))
    return [(language, name[1] if (name := NAME.match(text)) else "", text) for language, text in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a plugin made of the blocks and their configuration."""
    plugin = tmp_path / "plugins" / "dice"
    plugin.mkdir(parents=True)
    for language, name, text in blocks():
        if language in ("python", "ini"):
            (plugin / name).write_text(text)
        elif language == "properties":
            (tmp_path / name).write_text(text)
    return tmp_path


def run(folder: Path, *command: str) -> str:
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_every_block_is_of_a_kind_that_is_run_here() -> None:
    languages = [language for language, _, _ in blocks()]
    assert set(languages) == {"python", "ini", "toml", "properties", "sh"}
    assert all(name for language, name, _ in blocks() if language != "sh")


def test_the_commands_find_no_problem_and_describe_the_source(folder: Path) -> None:
    [commands] = [text.splitlines() for language, _, text in blocks() if language == "sh"]
    outputs = [run(folder, str(PROGRAM), *command.removeprefix("flumepy ").split()) for command in commands]
    assert "1 source, 2 channels, 2 sinks would run; no problems" in outputs[0]
    assert "Sides of the die." in outputs[1]


def test_the_configuration_runs_with_all_its_plugins(folder: Path) -> None:
    arguments = ("--plugins-path", "plugins", "--conf-file", "dice.conf", "--name", "a1")
    with running(folder, *arguments) as agent:
        agent.wait_for("Plugins in plugins: dice")
        wait_until(
            lambda: (folder / "ledger.txt").exists() and (folder / "ledger.txt").stat().st_size > 1000, timeout_s=30
        )
        wait_until(lambda: any(path.stat().st_size > 1000 for path in folder.glob("*-*")), timeout_s=30)
        agent.end()
    numbers = {int(line) for line in (folder / "ledger.txt").read_text().split()}
    assert numbers <= set(range(2, 41, 4))
    rolled = next(path for path in folder.glob("*-*") if path.stat().st_size)
    event = ast.literal_eval(rolled.read_text().splitlines()[0])
    assert event["headers"] == {"source": "r1", "team": "red"}
    assert int(event["body"]) in range(4, 41, 4)


def test_the_tests_of_the_plugin_pass(folder: Path) -> None:
    pytest_options = ("-q", "-p", "no:cacheprovider", "-W", "error", "test_dice.py")
    output = run(folder / "plugins" / "dice", sys.executable, "-m", "pytest", *pytest_options)
    assert re.search(r"1\d passed", output), output


def test_the_other_modules_hold_what_they_say(folder: Path) -> None:
    code = """
from columns import CountingSink
from counted import CountedDiceSource
from flumepy.testing.fakes import ListChannel, attach, build, connect
source, sink, channel = build(CountedDiceSource), build(CountingSink), ListChannel()
connect(source, channel)
attach(sink, channel)
source.process()
sink.process()
print(source.counters.event_accepted, sink.bytes_seen)
"""
    assert run(folder / "plugins" / "dice", sys.executable, "-c", code) == "1 1\n"


def test_the_package_declares_names_in_the_groups_that_are_looked_at(folder: Path) -> None:
    [text] = [text for language, _, text in blocks() if language == "toml"]
    groups = tomllib.loads(text)["project"]["entry-points"]
    listing = (folder / "plugins" / "dice" / "entry_points.txt").read_text()
    for group, points in groups.items():
        assert f"[{group}]" in listing
        for name, value in points.items():
            assert f"{name} = {value}" in listing


def test_the_map_of_the_house_is_short_and_leads_to_files_that_exist() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    root = DOCS.parent
    named = set(re.findall(r"`((?:flumepy|tests|scripts|docs|core|agent)/[\w/.]*)`", text))
    assert len(named) > 30
    assert [path for path in named if not ((root / path).exists() or (root / "flumepy" / path).exists())] == []
