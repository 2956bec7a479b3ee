"""Fixtures that bring up the real peers, or skip loudly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import flume, maven, zookeeper


@pytest.fixture(scope="session")
def flume_command() -> list[str]:
    """Return the command of the real Flume; skip with the reason where it cannot run."""
    try:
        return flume.command()
    except flume.PeerMissingError as error:
        pytest.skip(f"real Flume left out: {error}")


@pytest.fixture
def zookeeper_server(tmp_path: Path) -> Iterator[str]:
    """Run a real ZooKeeper and give its `host:port`; skip with the reason where it cannot run."""
    try:
        with zookeeper.running(tmp_path) as address:
            yield address
    except maven.PeerMissingError as error:
        pytest.skip(f"real ZooKeeper left out: {error}")
