"""The short form of scripts/drill: the file channel is killed, loses power and meets faults, and owes nobody an event."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_event_is_lost_repeated_reordered_or_invented(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "drill"), "--quick", "--seed", "1", "--folder", str(tmp_path)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "no event was lost, repeated, reordered or invented" in outcome.stdout
