"""What was answered OK is in the files: many clients, a sink whose folder comes and goes, reloads, a stop at any moment."""

import os
import random
import re
import shutil
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.system.agent import Agent
from tests.system.client import TIMEOUT_S, LineClient, written
from tests.system.configurations import into
from tests.system.conftest import Run

SEEDS = range(int(os.environ.get("FLUMEPY_SYSTEM_ROUNDS", "2")))
CLIENTS = 6


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
        client.socket.settimeout(TIMEOUT_S)
        client.send(*lines)
        answers = client.answers(len(lines))
        stored = [line for line, answer in zip(lines, answers, strict=False) if answer == "OK"]
        self.acknowledged += stored
        self.unanswered.difference_update(stored)
        return len(answers) == len(lines)


class Trouble:
    """Takes the sink's folder away for a while, edits the configuration, until it is told to end; then all is well."""

    def __init__(self, agent: Agent, text: str, folder: Path, kept: Path, seed: int) -> None:
        self.agent = agent
        self.text = text
        self.folder = folder
        self.kept = kept
        self.random = random.Random(seed)

    def go_on_until(self, deadline_s: float) -> None:
        round_number = 0
        while time.monotonic() < deadline_s:
            round_number += 1
            if self.random.random() < 0.5:
                self._flap(round_number)
            else:
                self.agent.write(f"{self.text}a1.sources.r1.max-line-length = {600 + round_number}\n")
                self.agent.signal(signal.SIGHUP)
            time.sleep(self.random.uniform(0.05, 0.4))

    def _flap(self, round_number: int) -> None:
        """Move the folder away with its file, as an operator does, and make a new one."""
        self.folder.rename(self.kept / str(round_number))
        time.sleep(self.random.choice((0, 0.05, 0.3)))
        self.folder.mkdir()


@pytest.mark.parametrize("seed", SEEDS)
def test_every_line_answered_ok_is_in_the_files_in_order_and_once(run: Run, tmp_path: Path, seed: int) -> None:
    out, kept = tmp_path / "out", tmp_path / "kept"
    kept.mkdir()
    text = into(out, "a1.channels.c1.capacity = 200000", "a1.channels.c1.transactionCapacity = 500")
    agent = run(text)
    agent.port()
    talkers = [Talker(agent, name, seed) for name in range(CLIENTS)]
    for talker in talkers:
        talker.thread.start()
    try:
        Trouble(agent, text, out, kept, seed).go_on_until(time.monotonic() + 3)
        assert agent.stop() == -signal.SIGTERM
    finally:
        for talker in talkers:
            talker.is_ending.set()
        for talker in talkers:
            talker.thread.join()
    assert "Events are lost" not in agent.log
    stored = [line for folder in [*kept.iterdir(), out] for line in written(folder)]
    assert sum(len(talker.acknowledged) for talker in talkers) > 200
    for talker in talkers:
        judge(talker, [line for line in stored if line.startswith(f"{talker.name}:")])
    shutil.rmtree(kept)


def judge(talker: Talker, stored: list[str]) -> None:
    """Compare what a client was told with what is in the files."""
    counts = Counter(stored)
    assert [line for line in talker.acknowledged if not counts[line]] == []
    assert [line for line, count in counts.items() if count > 1 and line not in talker.unanswered] == []
    assert set(stored) <= {*talker.acknowledged, *talker.unanswered}
