"""Fixtures that bring up the real peers, or skip loudly."""

import pytest

from tests.peers import flume


@pytest.fixture(scope="session")
def flume_command() -> list[str]:
    """Return the command of the real Flume; skip with the reason where it cannot run."""
    try:
        return flume.command()
    except flume.PeerMissingError as error:
        pytest.skip(f"real Flume left out: {error}")
