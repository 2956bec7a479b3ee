"""flumepy.config.sources.zookeeper against a real ZooKeeper."""

import threading
from pathlib import Path

import pytest
from kazoo.client import KazooClient

from flumepy.config.load import load
from flumepy.config.sources.zookeeper import ZooKeeperSource
from flumepy.testing.fakes import wait_until
from tests.peers import maven, zookeeper

pytestmark = [pytest.mark.peer, pytest.mark.timeout(300)]

AGENT = "a1.channels=c1\na1.channels.c1.type=memory\na1.sources=r1\na1.sources.r1.type=seq\na1.sources.r1.channels=c1\n"


def values(source: ZooKeeperSource) -> list[str] | None:
    entries = source.read()
    return None if entries is None else [entry.value for entry in entries]


def test_a_node_is_read_and_every_change_of_it_is_seen(zookeeper_server: str) -> None:
    client = KazooClient(hosts=zookeeper_server)
    client.start()
    source = ZooKeeperSource(zookeeper_server, "a1")
    told = threading.Event()
    source.on_change = told.set
    try:
        assert values(source) == []
        assert values(source) is None
        client.create("/flume/a1", "a1.x = é€\n".encode(), makepath=True)
        assert told.wait(10)
        assert source.has_changed()
        assert values(source) == ["é€"]
        told.clear()
        client.set("/flume/a1", b"a1.x = 2\n")
        assert told.wait(10)
        assert values(source) == ["2"]
        told.clear()
        client.delete("/flume/a1")
        assert told.wait(10)
        assert values(source) == []
        client.create("/flume/a1", b"a1.x = 3\n")
        wait_until(source.has_changed, what="the node to come back")
        assert values(source) == ["3"]
    finally:
        source.close()
        source.close()
        client.stop()
        client.close()


def test_a_configuration_is_loaded_with_its_references_as_they_are(zookeeper_server: str) -> None:
    client = KazooClient(hosts=zookeeper_server)
    client.start()
    source = ZooKeeperSource(zookeeper_server, "a1", "/my/base/")
    try:
        client.create("/my/base/a1", f"{AGENT}a1.sources.r1.k=${{env:HOME}}\n".encode(), makepath=True)
        configuration = load(source, {}, {"HOME": "/h"})
        assert configuration is not None
        assert configuration.agents["a1"].sources["r1"].values()["k"] == "${env:HOME}"
        client.set("/my/base/a1", b"")
        wait_until(source.has_changed, what="the empty node to be seen")
        emptied = load(source, {}, {})
        assert emptied is not None
        assert not emptied.agents
    finally:
        source.close()
        client.stop()
        client.close()


def test_an_edit_made_after_the_server_came_back_is_seen(tmp_path: Path) -> None:
    port = 0
    source = None
    try:
        with zookeeper.running(tmp_path) as address:
            port = int(address.rpartition(":")[2])
            _put(address, b"a1.x = 1\n")
            source = ZooKeeperSource(address, "a1")
            assert values(source) == ["1"]
        with zookeeper.running(tmp_path, port) as address:
            _put(address, b"a1.x = 2\n")
            wait_until(source.has_changed, timeout_s=60, what="the edit to be seen")
            assert values(source) == ["2"]
    except maven.PeerMissingError as error:
        pytest.skip(f"real ZooKeeper left out: {error}")
    finally:
        if source is not None:
            source.close()


def _put(address: str, data: bytes) -> None:
    client = KazooClient(hosts=address)
    client.start()
    client.ensure_path("/flume/a1")
    client.set("/flume/a1", data)
    client.stop()
    client.close()
