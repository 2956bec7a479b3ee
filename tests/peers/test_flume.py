"""The peer itself: what every comparison with the real Flume stands on."""

import socket
from pathlib import Path

import pytest

from tests.peers import flume

NETCAT_TO_NULL = """
a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = {port}
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = null
a1.sinks.k1.channel = c1
"""


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_the_real_flume_starts_and_acknowledges_a_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    conf = tmp_path / "agent.conf"
    conf.write_text(NETCAT_TO_NULL.format(port=port))
    with flume.running(conf, port=port) as process, socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(b"hello\n")
        assert client.recv(16) == b"OK\n"
    assert process.returncode == 143


def test_a_machine_without_java_is_told_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(flume.PeerMissingError, match="no java on the PATH"):
        flume.command()
