"""What the processes of the file channel's cases share: a channel in a folder, numbered events, a result for the parent.

A process gets its job as a JSON object in argv[1] and prints one JSON object. It imports flumepy from the checkout.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.agents import BenchError
from benchmarks.data import LINE_BYTES

ROOT = Path(__file__).resolve().parents[2]
PYTHON = (sys.executable, "-m")
SWITCH_INTERVAL_S = 0.0005  # as the agent sets it
TEXT = b"GET /catalogue/items?page=3 answered 200 in 12 ms, client 192.0.2.17".ljust(LINE_BYTES - 13, b".")


def run(module: str, job: Mapping[str, Any], python: Sequence[str] = PYTHON) -> dict[str, Any]:
    """Run a module of this package as a process of its own; return its result. Raises BenchError."""
    command = [*python, f"benchmarks.{module}", json.dumps(job)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "scripts")])
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths})
    if done.returncode:
        raise BenchError(f"{module} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    return dict(result)


def numbered(first: int, count: int) -> list[bytes]:
    """Return bodies of 100 bytes that begin with their numbers."""
    return [b"%012d " % number + TEXT for number in range(first, first + count)]


def status_mb(field: str) -> float:
    """Return a size of this process from /proc, as VmHWM."""
    return int(Path("/proc/self/status").read_text().split(f"{field}:")[1].split()[0]) / 1024
