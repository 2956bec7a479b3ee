"""What must go on working whatever happens elsewhere in the agent."""

from pathlib import Path

from flumepy.testing.fakes import wait_until
from tests.system.agent import Agent
from tests.system.client import ask, post, written

#: a second flow in the same agent, for whatever happens to the first
BESIDE = """\
a1.sources = r1 beside
a1.channels = c1 other
a1.sinks = k1 log
a1.sources.beside.type = netcat
a1.sources.beside.bind = 127.0.0.1
a1.sources.beside.port = 0
a1.sources.beside.channels = other
a1.channels.other.type = memory
a1.sinks.log.type = logger
a1.sinks.log.channel = other
"""


def assert_beside_is_served(agent: Agent) -> None:
    assert ask(agent.port("beside"), "beside") == ["OK"]
    agent.wait_for(r"Event: .* beside }")


def assert_serves(agent: Agent, out: Path, word: str) -> None:
    """See that a line still comes through, end to end."""
    assert ask(agent.port(), word) == ["OK"]
    wait_until(lambda: word in written(out), what=f"{word} in the files")


def assert_takes_posts(agent: Agent, out: Path, word: str) -> None:
    """See that a post still comes through, end to end."""
    assert post(agent.port(), [{"headers": {}, "body": word}]) == (200, "")
    wait_until(lambda: word in written(out), what=f"{word} in the files")
