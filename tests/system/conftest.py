"""`run` starts agents that end with their test, whose logs must hold no sign of a defect."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.system.agent import Agent

Run = Callable[..., Agent]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with ExitStack() as stack:

        def start(text: str, *options: str, folder: Path | None = None, **more: Any) -> Agent:
            agent = Agent(folder or tmp_path / "agent", text, *options, **more)
            stack.callback(agent.close)
            return agent

        yield start
