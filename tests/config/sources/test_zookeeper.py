"""flumepy.config.sources.zookeeper without a server; with a real one see tests/peers/test_zookeeper_source.py."""

import socket
import threading

import pytest

from flumepy.config.sources.zookeeper import ZooKeeperSource
from flumepy.core.errors import ConfigurationError


@pytest.mark.parametrize(("base", "path"), [(None, "/flume/a1"), ("/x/", "/x/a1"), ("/", "/a1")])
def test_the_node_is_the_agents_name_below_the_base(base: str | None, path: str) -> None:
    assert ZooKeeperSource("h:1", "a1", base).path == path


def test_a_server_that_is_away_is_an_error_and_leaves_no_thread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    before = set(threading.enumerate())
    source = ZooKeeperSource(f"127.0.0.1:{port}", "a1", timeout_s=0.3)
    with pytest.raises(ConfigurationError, match=f"^cannot read zookeeper:127.0.0.1:{port}/flume/a1: "):
        source.read()
    source.close()
    assert set(threading.enumerate()) <= before
