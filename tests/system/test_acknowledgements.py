"""What was answered OK is in the files: many clients, a sink whose folder comes and goes, reloads, a stop at any moment.

FLUMEPY_SYSTEM_ROUNDS sets the number of seeded rounds, 2 by default.
"""

import contextlib
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from io import BufferedReader
from pathlib import Path

import pytest

from tests.system.agent import Agent
from tests.system.client import LineClient, in_order
from tests.system.configurations import into
from tests.system.conftest import Run

SEEDS = range(int(os.environ.get("FLUMEPY_SYSTEM_ROUNDS", "2")))
CLIENTS = 6
TROUBLE_S = 3.0


class Talker:
    """A client that sends numbered lines at a random pace, over a new connection whenever one ends."""

    def __init__(self, agent: Agent, name: int, seed: int) -> None:
        self.agent = agent
        self.name = name
        self.random = random.Random(f"{seed}/{name}")
        self.acknowledged: list[str] = []
        self.unanswered: set[str] = set()  # sent, and the connection ended before the answer, or answered FAILED
        self.is_ending = threading.Event()
        self.thread = threading.Thread(target=self._run, name=f"talker-{name}")
        self._number = 0

    def _run(self) -> None:
        while not self.is_ending.is_set():
            try:
                with LineClient(self._port()) as client:
                    while self._talk(client) and not self.is_ending.is_set():
                        self.is_ending.wait(self.random.choice((0, 0, 0.001, 0.02)))
            except OSError:
                self.is_ending.wait(0.01)

    def _port(self) -> int:
        return int(re.findall(r"Created serverSocket: 127\.0\.0\.1:(\d+)", self.agent.log)[-1])

    def _talk(self, client: LineClient) -> bool:
        """Send some lines in one go and read their answers; tell whether the connection goes on."""
        lines = [f"{self.name}:{self._number + step}" for step in range(self.random.choice((1, 2, 50)))]
        self._number += len(lines)
        self.unanswered.update(lines)
        client.send(*lines)
        answers = client.answers(len(lines))
        stored = [line for line, answer in zip(lines, answers, strict=False) if answer == "OK"]
        self.acknowledged += stored
        self.unanswered.difference_update(stored)
        return len(answers) == len(lines)


class Trouble:
    """Removes the sink's folder with its files, makes it again, edits and reloads the configuration."""

    def __init__(self, agent: Agent, text: str, folder: Path, seed: int) -> None:
        self.agent = agent
        self.text = text
        self.folder = folder
        self.random = random.Random(seed)
        self.removed: list[BufferedReader] = []  # files that have no name any more, in the order of their removal
        self.rounds = 0

    def go_on_until(self, deadline_s: float) -> None:
        """Make trouble for a while, at least a removal and a reload; in the end the folder is there."""
        while time.monotonic() < deadline_s or self.rounds < 2:
            self.rounds += 1
            if self.rounds % 2:
                self._remove()
                time.sleep(self.random.choice((0, 0.05, 0.3)))
                self.folder.mkdir()
            else:
                self.agent.write(f"{self.text}a1.sources.r1.max-line-length = {600 + self.rounds}\n")
                self.agent.signal(signal.SIGHUP)
            time.sleep(self.random.uniform(0.05, 0.4))

    def _remove(self) -> None:
        """Unlink file by file; what the agent still writes into one is seen through the open file."""
        while True:
            for path in in_order(self.folder):
                self.removed.append(path.open("rb"))
                path.unlink()
            with contextlib.suppress(OSError):  # a new file has come meanwhile
                self.folder.rmdir()
                return

    def stored(self) -> list[str]:
        """Return all lines that were ever written, in their order."""
        parts = [file.read() for file in self.removed] + [path.read_bytes() for path in in_order(self.folder)]
        for file in self.removed:
            file.close()
        assert all(part.endswith(b"\n") or not part for part in parts)
        return b"".join(parts).decode().splitlines()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_line_answered_ok_is_in_the_files_in_order_and_once(run: Run, tmp_path: Path, seed: int) -> None:
    out = tmp_path / "out"
    text = into(out, "a1.channels.c1.capacity = 200000", "a1.channels.c1.transactionCapacity = 500")
    # A sink waits 5 s after a failure; the default drain time is as long.
    agent = run(text, "--drain-timeout", "15")
    agent.port()
    trouble = Trouble(agent, text, out, seed)
    talkers = [Talker(agent, name, seed) for name in range(CLIENTS)]
    for talker in talkers:
        talker.thread.start()
    try:
        trouble.go_on_until(time.monotonic() + TROUBLE_S)
        assert agent.stop() == -signal.SIGTERM
    finally:
        for talker in talkers:
            talker.is_ending.set()
        for talker in talkers:
            talker.thread.join()
    assert "Events are lost" not in agent.log
    stored = trouble.stored()
    assert sum(len(talker.acknowledged) for talker in talkers) > 200
    for talker in talkers:
        judge(talker, [line for line in stored if line.startswith(f"{talker.name}:")])


def judge(talker: Talker, stored: list[str]) -> None:
    """Compare what a client was told with what is in the files: all of it, once, in its order."""
    counts = Counter(stored)
    assert [line for line in talker.acknowledged if not counts[line]] == []
    assert [line for line, count in counts.items() if count > 1 and line not in talker.unanswered] == []
    assert set(stored) <= {*talker.acknowledged, *talker.unanswered}
    acknowledged = set(talker.acknowledged)
    assert [line for line in stored if line in acknowledged] == talker.acknowledged
