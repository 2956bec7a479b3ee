"""The fixtures of this folder are what this machine's Java answers."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("javac") is None, reason="no javac on this machine")
def test_recorded_answers_are_those_of_this_java() -> None:
    record = Path(__file__).with_name("record.py")
    outcome = subprocess.run([sys.executable, str(record), "--check"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr[:5000]
