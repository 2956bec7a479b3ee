"""The profiler that scripts/profile puts into the agent."""

import signal
import subprocess
import sys
from pathlib import Path

from benchmarks.profiling import TRACER

MODULE = """
import threading

def split_much():
    for _ in range(300):
        (b"line\\n" * 20_000).split(b"\\n")

thread = threading.Thread(target=split_much, name="source-r1")
thread.start()
thread.join()
"""


def test_each_thread_has_its_own_account_with_c_functions_told_apart(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(MODULE)
    report = tmp_path / "report.txt"
    subprocess.run([sys.executable, str(TRACER), str(report), "busy"], cwd=tmp_path, check=True, timeout=60)
    account = report.read_text().split("source-r1: ")[1].split("\n\n")[0].splitlines()
    assert account[2].endswith("bytes.split (C)")
    assert "        300 " in account[2]
    assert any("split_much" in line for line in account)


def test_a_process_that_ends_itself_by_a_signal_leaves_its_report(tmp_path: Path) -> None:
    (tmp_path / "stopped.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    report = tmp_path / "report.txt"
    ended = subprocess.run([sys.executable, str(TRACER), str(report), "stopped"], cwd=tmp_path, check=False, timeout=60)
    assert ended.returncode == -signal.SIGTERM
    assert "MainThread" in report.read_text()
