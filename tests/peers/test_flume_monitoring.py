"""Side by side with the real Flume 1.11: the same keys, attributes, headers and packets."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import urlopen

import pytest

from flumepy.agent.application import Application
from flumepy.agent.materialize import materialize
from flumepy.config.loader import ConfigurationLoader, SourceSettings, open_sources
from flumepy.monitor.service import start_monitoring
from flumepy.testing.fakes import wait_until
from tests.monitor.agents import free_port
from tests.peers import flume

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("flume_command"), pytest.mark.timeout(300)]

AGENT = """
a1.sources = r1 r2
a1.channels = c1
a1.sinks = k1 k2
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = {netcat}
a1.sources.r1.channels = c1
a1.sources.r2.type = exec
a1.sources.r2.command = printf 'one\\n'
a1.sources.r2.channels = c1
a1.channels.c1.type = memory
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
a1.sinks.k2.type = file_roll
a1.sinks.k2.channel = c1
a1.sinks.k2.sink.directory = {folder}
"""
#: those that have counters
COMPONENTS = {"CHANNEL.c1", "SINK.k2", "SOURCE.r2"}
#: what a client sees of these answers must not differ, but for how the length is told
REQUESTS = [
    ("GET", "/"), ("GET", "/METRICS?x=1"), ("POST", "/metrics"), ("HEAD", "/"), ("OPTIONS", "/metrics"), ("TRACE", "/"),
    ("GET", "/metrics/"), ("GET", "/%6detrics;x"), ("DELETE", "/metrics"),
]  # fmt: skip


def write_conf(folder: Path) -> tuple[Path, int]:
    netcat = free_port()
    folder.mkdir()
    conf = folder / "agent.conf"
    conf.write_text(AGENT.format(netcat=netcat, folder=folder))
    return conf, netcat


@contextmanager
def flumepy_running(folder: Path, properties: dict[str, str]) -> Iterator[None]:
    conf, _ = write_conf(folder)
    loader = ConfigurationLoader(open_sources(SourceSettings((str(conf),)), "a1"), {}, {})
    application = Application(drain_timeout_s=0)
    application.apply(materialize(loader.load().agents["a1"], {}))
    stop = start_monitoring(application, properties)
    try:
        yield
    finally:
        application.stop()
        stop()


@contextmanager
def flume_running(folder: Path, properties: dict[str, str], port: int = 0) -> Iterator[None]:
    conf, netcat = write_conf(folder)
    definitions = [f"{key}={text}" for key, text in properties.items()]
    with flume.running(conf, port=port or netcat, properties=definitions):
        yield


def metrics(port: int) -> dict[str, object]:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as response:
        return dict(json.load(response))


def seen(port: int) -> list[object]:
    """Return what a client sees once all components have started, without what differs from run to run."""
    wait_until(lambda: metrics(port).keys() >= COMPONENTS, timeout_s=60, what="the metrics of all components")
    answers: list[object] = []
    for method, path in REQUESTS:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        kind = response.headers["Content-Type"]
        if kind and "json" in kind and body:
            shown = json.loads(body)
            assert all(isinstance(text, str) for attributes in shown.values() for text in attributes.values())
            answers.append((method, path, response.status, kind, {key: sorted(shown[key]) for key in shown}))
        elif response.status == 404:
            answers.append((method, path, response.status, response.headers["Cache-Control"]))
        else:
            answers.append((method, path, response.status, kind, "Date" in response.headers, body))
    return answers


def test_a_client_sees_the_same_over_http(tmp_path: Path) -> None:
    port = free_port()
    properties = {"flume.monitoring.type": "http", "flume.monitoring.port": str(port)}
    with flume_running(tmp_path / "flume", properties, port):
        theirs = seen(port)
    with flumepy_running(tmp_path / "flumepy", {**properties, "flume.monitoring.bind": "127.0.0.1"}):
        ours = seen(port)
    assert ours == theirs
    assert set(theirs[1][4]) == COMPONENTS  # type: ignore[index]


def normal(packet: bytes) -> bytes:
    """Return a packet without the value in it: times and counts differ."""
    if packet.startswith(b"\0\0\0\x85"):
        return packet[: packet.index(b"%s")]
    if packet.startswith(b"\0\0\0\0"):
        name_at = 12 + int.from_bytes(packet[4:8]) + -int.from_bytes(packet[4:8]) % 4
        return packet[: name_at + int.from_bytes(packet[name_at - 4 : name_at])]
    return packet


@pytest.mark.parametrize("is_ganglia_3", ["true", "false"])
def test_gmond_gets_the_same_packets(tmp_path: Path, is_ganglia_3: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gmond:
        gmond.bind(("127.0.0.1", 0))
        gmond.settimeout(20)
        properties = {
            "flume.monitoring.type": "ganglia",
            "flume.monitoring.hosts": f"127.0.0.1:{gmond.getsockname()[1]}",
            "flume.monitoring.isGanglia3": is_ganglia_3,
            "flume.monitoring.pollFrequency": "1",
        }
        count = (10 + 13 + 13) * (1 if is_ganglia_3 == "true" else 2)
        with flume_running(tmp_path / "flume", properties):
            theirs = _some_reports(gmond, count)
        gmond.setblocking(False)
        while _is_waiting(gmond):
            pass
        gmond.settimeout(20)
        with flumepy_running(tmp_path / "flumepy", properties):
            ours = _some_reports(gmond, count)
    assert len(theirs) == count
    assert ours == theirs


def _some_reports(gmond: socket.socket, count: int) -> set[bytes]:
    """Return the different packets; a first report may come before all components are started."""
    found: set[bytes] = set()
    for _ in range(4 * count):
        found.add(normal(gmond.recv(4096)))
        if len(found) == count:
            break
    return found


def _is_waiting(gmond: socket.socket) -> bool:
    try:
        gmond.recv(4096)
    except BlockingIOError:
        return False
    return True
