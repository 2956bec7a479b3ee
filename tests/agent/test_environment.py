"""flume-env.sh, sourced by a real bash."""

from pathlib import Path

import pytest

from flumepy.agent.environment import read_environment
from flumepy.core.errors import ConfigurationError

PATH = {"PATH": "/usr/bin:/bin"}


def test_exports_are_taken_over_and_options_come_in_order(tmp_path: Path) -> None:
    (tmp_path / "flume-env.sh").write_text('export A="1 2"\nB=3\nJAVA_OPTS="-Xmx1g -Da=b"\n')
    environ = {**PATH, "FLUME_JAVA_OPTS": "-Dc=d", "JAVA_OPTS": "-Dlost=1"}
    assert read_environment(tmp_path, environ) == ["-Xmx1g", "-Da=b", "-Dc=d"]
    assert environ["A"] == "1 2"
    assert "B" not in environ


def test_without_the_file_only_flume_java_opts_counts(tmp_path: Path) -> None:
    environ = {"FLUME_JAVA_OPTS": "-Dc=d", "JAVA_OPTS": "-Dlost=1"}
    assert read_environment(tmp_path, environ) == ["-Dc=d"]
    assert read_environment(None, {}) == []


def test_a_file_that_ends_the_shell_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "flume-env.sh").write_text("exit 7\n")
    with pytest.raises(ConfigurationError, match=r"flume-env\.sh ended with status 7"):
        read_environment(tmp_path, dict(PATH))


def test_no_bash_is_said(tmp_path: Path) -> None:
    (tmp_path / "flume-env.sh").touch()
    with pytest.raises(ConfigurationError, match="there is no bash here"):
        read_environment(tmp_path, {"PATH": str(tmp_path)})
