"""kill -9 at any system call of a process that appends: what it had told is there, in order, and nothing else."""

import random
import signal
import subprocess
import sys
from pathlib import Path

from flumepy.log.frame import read_frame
from tests.log.killed_writer import payload
from tests.log.logs import opened

ROOT = Path(__file__).parents[2]
KILLS = 30


class Oracle:
    """What is certain, over all lives of the directory."""

    def __init__(self) -> None:
        self.next_certain = 0  # frames with lower sequence numbers were told to be written
        self.released = 0  # frames before this position may be gone

    def hear(self, output: str) -> None:
        for line in output.splitlines():
            word, number = line.split()
            if word == "RELEASED":
                self.released = max(self.released, int(number))
            else:
                self.next_certain = max(self.next_certain, int(number) + 1)

    def check(self, folder: Path) -> None:
        with opened(folder / "one", folder / "two") as log:
            assert log.damages == 0
            assert log.first_position <= self.released
            cursor = log.cursor(log.first_position)
            expected = log.segments()[0].sequence if log.segments() else 0
            while chunk := cursor.read():
                for head in chunk.heads:
                    assert head[2] == expected
                    assert read_frame(chunk.frame(head)).payload == payload(expected)
                    expected += 1
            assert expected == log.next_sequence >= self.next_certain


def test_a_killed_process_loses_nothing_that_it_told(tmp_path: Path) -> None:
    chance = random.Random(2026)
    oracle = Oracle()
    for life in range(KILLS):
        nth = chance.choice([chance.randint(1, 30), chance.randint(1, 300)])
        command = [sys.executable, "-m", "tests.log.killed_writer", str(tmp_path), str(life), str(nth)]
        child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
        assert child.returncode == -signal.SIGKILL, child.stderr
        oracle.hear(child.stdout)
        oracle.check(tmp_path)
    assert oracle.next_certain > 100
    assert oracle.released > 0
