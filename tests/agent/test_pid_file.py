"""The pid file belongs to a living process."""

import os
from pathlib import Path

import pytest

from flumepy.agent.pid_file import PidFile
from flumepy.core.errors import ConfigurationError


def test_a_file_left_by_a_dead_process_is_taken_over_and_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.pid"
    path.write_text("1234567890\n")
    with PidFile(path):
        assert path.read_text() == f"{os.getpid()}\n"
    assert not path.exists()


def test_a_held_file_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.pid"
    with (
        PidFile(path),
        pytest.raises(ConfigurationError, match=f"held by the living process {os.getpid()}"),
        PidFile(path),
    ):
        pass
    with PidFile(path):
        assert path.exists()


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written: No such file"), PidFile(tmp_path / "no" / "a.pid"):
        pass
