"""What an agent costs, with generous bounds: the figures proper come from the bench."""

import time
from pathlib import Path

from flumepy.testing.fakes import wait_until
from tests.system.agent import Agent
from tests.system.client import LineClient, written
from tests.system.configurations import into
from tests.system.conftest import Run


def test_an_idle_agent_is_small_and_uses_no_processor(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out"))
    agent.port()
    # The start is over once the processor time stands still; then a second of idling is measured.
    wait_until(lambda: uses_no_processor(agent), what="the end of the start")
    before_s = agent.cpu_s
    time.sleep(1)
    assert agent.cpu_s - before_s <= 0.03
    assert agent.rss_mebibytes < 60


def uses_no_processor(agent: Agent) -> bool:
    before_s = agent.cpu_s
    time.sleep(0.2)
    return agent.cpu_s == before_s


def test_memory_does_not_grow_with_what_has_passed(run: Run, tmp_path: Path) -> None:
    agent = run(into(tmp_path / "out", "a1.channels.c1.capacity = 2000"))
    lines = [f"{number}".ljust(100, ".") for number in range(1000)]
    with LineClient(agent.port()) as client:
        for _ in range(20):
            assert client.ask(*lines) == ["OK"] * 1000
        after_20_000 = agent.rss_mebibytes
        for _ in range(80):
            assert client.ask(*lines) == ["OK"] * 1000
        assert agent.rss_mebibytes < after_20_000 + 4
    wait_until(lambda: len(written(tmp_path / "out")) == 100_000, what="all lines")
