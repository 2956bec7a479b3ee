"""The locks: a running agent is noticed by its lock and by nothing else."""

import contextlib
import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flumepy.core.errors import StartError
from flumepy.formats.flume_log import JavaDirectories

#: what Java's FileLock does: a POSIX record lock over all of the file
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
TRIER = """
import fcntl, sys
try:
    fcntl.lockf(open(sys.argv[1], "r+b"), fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(3)
"""


@contextlib.contextmanager
def held(path: Path) -> Iterator[int]:
    """Hold the lock of a file in another process; give its number."""
    path.touch()
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.communicate()


@contextlib.contextmanager
def open_only(path: Path) -> Iterator[int]:
    """Have a file open in another process, without a lock; give the number of the process."""
    path.touch()
    command = [sys.executable, "-c", HOLDER.replace("fcntl.lockf(file, fcntl.LOCK_EX)", ""), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.communicate()


def is_held(path: Path) -> bool:
    return subprocess.run([sys.executable, "-c", TRIER, str(path)], check=False).returncode == 3


def locked_by(process: int, folder: Path) -> str:
    command = " ".join(Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ").split())[:200]
    return (
        f"Cannot lock {folder}. The directory is already locked."
        f" It is in use by process {process} ({command}); stop it first"
    )


@pytest.fixture
def java(tmp_path: Path) -> JavaDirectories:
    for name in ("checkpoint", "backup", "data1", "data2"):
        (tmp_path / name).mkdir()
    return JavaDirectories(
        tmp_path / "checkpoint", [tmp_path / "data1", tmp_path / "data2", tmp_path / "absent"], tmp_path / "backup"
    )


@pytest.mark.parametrize("name", ["checkpoint", "backup", "data1", "data2"])
def test_a_running_java_agent_is_named_by_its_folder(java: JavaDirectories, tmp_path: Path, name: str) -> None:
    with held(tmp_path / name / "in_use.lock") as process:
        with pytest.raises(StartError) as raised, java.lock():
            pass
        assert str(raised.value) == locked_by(process, tmp_path / name)
        assert raised.value.retryable
        assert is_held(tmp_path / name / "in_use.lock")
    with java.lock():
        pass


def test_a_java_agent_that_lost_its_lock_is_found_by_its_open_file(java: JavaDirectories, tmp_path: Path) -> None:
    with open_only(tmp_path / "data1/in_use.lock") as process:
        with pytest.raises(StartError) as raised, java.lock():
            pass
        assert str(raised.value) == locked_by(process, tmp_path / "data1")
    with java.lock():
        pass


def test_a_lock_file_that_a_crash_left_proves_nothing_and_stays(java: JavaDirectories, tmp_path: Path) -> None:
    path = tmp_path / "data1/in_use.lock"
    path.touch()
    with java.lock():
        assert is_held(path)
    assert path.exists()
    assert not is_held(path)


def test_a_java_agent_cannot_start_meanwhile_and_nothing_is_left_behind(java: JavaDirectories, tmp_path: Path) -> None:
    with java.lock():
        assert is_held(tmp_path / "data2/in_use.lock")
    assert not list(tmp_path.glob("*/in_use.lock"))
    assert not (tmp_path / "absent").exists()


def test_a_lock_that_this_process_holds_is_not_lost(java: JavaDirectories, tmp_path: Path) -> None:
    path = tmp_path / "data1/in_use.lock"
    with path.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        with java.lock(held=[path.parent]):
            assert is_held(tmp_path / "data2/in_use.lock")
        assert is_held(path)
        with open_only(path), pytest.raises(StartError, match=r"already locked\."), java.lock(held=[path.parent]):
            pass


def test_a_lock_of_another_kind_does_not_disturb(java: JavaDirectories, tmp_path: Path) -> None:
    path = tmp_path / "data1/in_use.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with java.lock():
            assert is_held(path)


def test_a_folder_that_cannot_be_locked_is_named(java: JavaDirectories, tmp_path: Path) -> None:
    (tmp_path / "data1/in_use.lock").mkdir()
    with pytest.raises(StartError, match=r"Cannot lock .*data1: .*in_use\.lock cannot be opened: Is a directory"):
        java.lock().__enter__()
