"""From -Dflume.monitoring.* to a running monitor, with a real agent behind it."""

import json
import logging
import socket
import threading
import urllib.request
from pathlib import Path

import pytest

from flumepy.agent.application import Application
from flumepy.agent.materialize import materialize
from flumepy.config.loader import ConfigurationLoader, SourceSettings, open_sources
from flumepy.core.errors import ConfigurationError, MissingPackageError
from flumepy.monitor.service import start_monitoring
from flumepy.testing.fakes import wait_until
from tests.monitor.agents import FakeApplication, free_port, three_components
from tests.monitor.plugin import Recorder

NETCAT_TO_LOGGER = """
a1.sources = r1
a1.channels = c1
a1.sinks = k1 broken
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = {port}
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.channels.c1.capacity = 1000
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
a1.sinks.broken.type = file_roll
a1.sinks.broken.channel = c1
"""


def local(type_name: str, port: int, **settings: str) -> dict[str, str]:
    values = {"type": type_name, "port": str(port), "bind": "127.0.0.1", **settings}
    return {f"flume.monitoring.{key}": text for key, text in values.items()}


def fetch(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize(
    "type_name",
    ["http", "HTTP", "org.apache.flume.instrumentation.http.HTTPMetricsServer", "flumepy.monitor.http.HttpMonitor"],
)
def test_http_is_found_by_every_name(type_name: str) -> None:
    port = free_port()
    stop = start_monitoring(three_components(), local(type_name, port))
    try:
        assert sorted(json.loads(fetch(port, "/metrics")[1])) == ["CHANNEL.c1", "SINK.k1", "SOURCE.r1"]
    finally:
        stop()
    with pytest.raises(OSError, match="refused"):
        fetch(port, "/metrics")


def test_prometheus_is_found_by_name() -> None:
    port = free_port()
    stop = start_monitoring(three_components(), local("Prometheus", port))
    try:
        assert b'Flume_EventReceivedCount_total{component="r1"} 12.0' in fetch(port, "/metrics")[1]
    finally:
        stop()


def test_ganglia_is_found_by_name() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gmond:
        gmond.bind(("127.0.0.1", 0))
        gmond.settimeout(10)
        hosts = f"127.0.0.1:{gmond.getsockname()[1]}"
        stop = start_monitoring(
            three_components(), {"flume.monitoring.type": "ganglia", "flume.monitoring.hosts": hosts}
        )
        try:
            assert gmond.recv(4096)[:4] == b"\0\0\0\x80"
        finally:
            stop()


def test_without_a_type_nothing_runs_and_settings_are_missed_aloud(caplog: pytest.LogCaptureFixture) -> None:
    before = set(threading.enumerate())
    start_monitoring(FakeApplication(), {"flume.root.logger": "INFO,console"})()
    assert not caplog.records
    start_monitoring(FakeApplication(), {"flume.monitoring.port": "5"})()
    assert [record.getMessage() for record in caplog.records] == [
        "-Dflume.monitoring.port without -Dflume.monitoring.type: there is no monitoring."
    ]
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("settings", "key", "message"),
    [
        ({"type": "http", "port": "x"}, "port", '-Dflume.monitoring.port: For input string: "x"'),
        ({"type": "http", "port": "70000"}, "port", "less than or equal to 65535"),
        ({"type": "prometheus", "port": "-1"}, "port", "greater than or equal to 0"),
        ({"type": "ganglia"}, "hosts", "-Dflume.monitoring.hosts: is required"),
        ({"type": "ganglia", "hosts": "nowhere"}, "hosts", "'nowhere' names no host:port"),
        ({"type": "ganglia", "hosts": "a:1", "pollFrequency": "0"}, "pollFrequency", "greater than or equal to 1"),
        ({"type": "htpp"}, "type", "-Dflume.monitoring.type: no monitor type is called 'htpp'"),
        ({"type": "com.example.MyMonitor"}, "type", "no monitor type is called 'com.example.MyMonitor'"),
        ({"type": "tests.monitor.plugin.NotAMonitor"}, "type", "is not a flumepy component"),
        ({"type": "flumepy.sinks.null.NullSink"}, "type", "is a sink, not a monitor"),
        ({"type": "tests.monitor.plugin.Absent"}, "type", "has no class 'Absent'"),
    ],
)  # fmt: skip
def test_bad_settings_are_refused_with_the_name_of_the_property(
    settings: dict[str, str], key: str, message: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        start_monitoring(FakeApplication(), {f"flume.monitoring.{name}": text for name, text in settings.items()})
    assert caught.value.key == f"flume.monitoring.{key}"
    assert message in str(caught.value)


def test_a_misspelt_name_is_answered_with_the_right_one() -> None:
    with pytest.raises(ConfigurationError) as caught:
        start_monitoring(FakeApplication(), {"flume.monitoring.type": "htpp"})
    assert caught.value.hint == "did you mean 'http'?"


def test_an_unknown_property_is_said_with_a_hint(caplog: pytest.LogCaptureFixture) -> None:
    start_monitoring(three_components(), local("http", 0, prot="1"))()
    assert "-Dflume.monitoring.prot: is not a property of this component and has no effect (did you mean 'port'?)" in [
        record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
    ]


def test_a_monitor_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in ("flumepy.monitor.prometheus", "flumepy.monitor.prometheus_text"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(ConfigurationError) as caught:
        start_monitoring(FakeApplication(), {"flume.monitoring.type": "prometheus"})
    assert isinstance(caught.value.__cause__, MissingPackageError)
    assert caught.value.hint == "pip install 'flumepy[prometheus]'"


def test_a_class_of_ones_own_is_started_and_stopped() -> None:
    Recorder.calls.clear()
    stop = start_monitoring(
        three_components(),
        {"flume.monitoring.type": "tests.monitor.plugin.Recorder", "flume.monitoring.colour": " blue "},
    )
    stop()
    assert Recorder.calls == ["start blue 3", "stop"]


def test_a_running_agent_is_shown_as_flume_shows_it(tmp_path: Path) -> None:
    conf = tmp_path / "agent.conf"
    port, netcat_port = free_port(), free_port()
    conf.write_text(NETCAT_TO_LOGGER.format(port=netcat_port))
    loader = ConfigurationLoader(open_sources(SourceSettings((str(conf),)), "a1"), {}, {})
    application = Application(drain_timeout_s=0)
    stop = start_monitoring(application, local("http", port))
    try:
        assert fetch(port, "/ready")[0] == 503
        with socket.create_server(("127.0.0.1", netcat_port)):
            application.apply(materialize(loader.load().agents["a1"], {}))
            status, body = fetch(port, "/ready")
            assert status == 503
            assert list(json.loads(body)["not_started"]) == ["Source r1"]
            assert "in use" in json.loads(body)["not_started"]["Source r1"]
            assert json.loads(body)["removed"] == ["a1.sinks.broken"]
        wait_until(lambda: fetch(port, "/ready")[0] == 200, what="the second try of the source")
        assert fetch(port, "/health")[0] == 200
        with socket.create_connection(("127.0.0.1", netcat_port), 10) as client:
            client.sendall(b"one\ntwo\n")
            assert client.recv(3) == b"OK\n"
        wait_until(lambda: application.channels["c1"].counters.take_success == 2)
        shown = json.loads(fetch(port, "/metrics")[1])
        assert list(shown) == ["CHANNEL.c1"]
        assert shown["CHANNEL.c1"]["EventPutSuccessCount"] == "2"
        assert shown["CHANNEL.c1"]["ChannelCapacity"] == "1000"
        application.stop()
        assert fetch(port, "/health")[0] == 503
    finally:
        application.stop()
        stop()
