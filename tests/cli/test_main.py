"""The two programs, their commands by name, and what a start does not import."""

import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from flumepy import __version__
from flumepy.cli.main import COMMANDS, flume_ng, flumepy


def call(*arguments: str, program: str = "flumepy") -> Result:
    group = flume_ng if program == "flume-ng" else flumepy
    return CliRunner().invoke(group, list(arguments), prog_name=program)


@pytest.mark.parametrize("arguments", [[], ["bogus"], ["bogus", "--name", "a1"]])
def test_flume_ng_answers_an_unknown_command_with_its_usage_and_1(arguments: list[str]) -> None:
    result = call(*arguments, program="flume-ng")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: Unknown or unspecified command '{''.join(arguments[:1])}'\n\n")
    assert "Usage: flume-ng" in result.stdout


def test_flumepy_answers_an_unknown_command_with_2() -> None:
    assert call("bogus").exit_code == 2


@pytest.mark.parametrize("program", ["flumepy", "flume-ng"])
def test_help_lists_every_command_and_ends_with_0(program: str) -> None:
    result = call("help", program=program)
    assert result.exit_code == 0
    assert all(name in result.output for name in COMMANDS)
    assert call("--help", program=program).output == result.output


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help(name: str) -> None:
    result = call("help", name)
    assert result.exit_code == 0
    assert f"Usage: flumepy {name}" in result.output


def test_help_of_an_unknown_command_is_refused() -> None:
    result = call("help", "bogus")
    assert result.exit_code == 2
    assert "There is no command 'bogus'" in result.output


def test_flume_ng_version_begins_as_flumes() -> None:
    assert call("version", program="flume-ng").output.startswith(f"Flume 1.11.0\nflumepy {__version__}\n")
    assert call("version").output.startswith(f"flumepy {__version__}\nRuns configurations of Flume 1.11.0\n")


@pytest.mark.parametrize("name", ["avro-client"])
def test_what_is_not_there_yet_says_so_whatever_its_options(name: str) -> None:
    result = call(name, "-H", "localhost", "--port", "1", "FCINTEGRITYTOOL", "-l", "x")
    assert result.exit_code == 1
    assert "not there yet" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_program(shell: str) -> None:
    result = call("completion", shell, program="flume-ng")
    assert result.exit_code == 0
    assert "_FLUME_NG_COMPLETE" in result.output


def test_node_is_agent_with_a_warning() -> None:
    result = call("node", "-n", "a1", "-f", "x.conf", "--dryrun")
    assert result.exit_code == 0
    assert "The 'node' command is an old name" in result.stderr
    assert result.stdout == "flumepy agent --name=a1 --conf-file=x.conf\n"


def test_the_agent_imports_no_other_command_and_nothing_heavy() -> None:
    code = "import sys, flumepy.cli.agent; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {name for name in loaded if name.startswith("flumepy.cli.")} - {
        "flumepy.cli.agent", "flumepy.cli.agent_command", "flumepy.cli.arguments",
    }  # fmt: skip
    heavy = {
        "asyncio",
        "ssl",
        "watchdog",
        "urllib.request",
        "kazoo",
        "flumepy.formats.java_regex",
        "flumepy.monitor.service",
    }
    assert not heavy & set(loaded)
    assert not {name for name in loaded if name.startswith(("flumepy.sources.", "flumepy.sinks.", "flumepy.channels."))}
