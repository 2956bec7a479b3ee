"""The ganglia monitor: packets against observed ones and an XDR reader of their own, and the thread that sends them."""

import logging
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import require_options
from flumepy.monitor.ganglia import GangliaMonitor, packets_3_0, packets_3_1, xdr
from tests.monitor.agents import FakeApplication, three_components


class XdrReader:
    """Reads one packet from the front."""

    def __init__(self, packet: bytes) -> None:
        self.packet = packet
        self.position = 0

    def integer(self) -> int:
        (value,) = struct.unpack_from(">i", self.packet, self.position)
        self.position += 4
        return value

    def string(self) -> str:
        length = self.integer()
        text = self.packet[self.position : self.position + length]
        assert len(text) == length
        self.position += length
        while self.position % 4:
            assert self.packet[self.position] == 0
            self.position += 1
        return text.decode()

    def read(self, form: str) -> list[int | str]:
        values = [self.integer() if letter == "i" else self.string() for letter in form]
        assert self.position == len(self.packet)
        return values


def test_the_packets_of_3_1_are_those_observed_from_flume() -> None:
    assert packets_3_1("vm", "flume.SINK.k2.ConnectionCreatedCount", 1) == [
        b"\0\0\0\x80\0\0\0\x02vm\0\0\0\0\0$flume.SINK.k2.ConnectionCreatedCount\0\0\0\0\0\0\0\x05float\0\0\0\0\0\0$"
        b"flume.SINK.k2.ConnectionCreatedCount\0\0\0\0\0\0\0\x03\0\0\0<\0\0\0\0\0\0\0\x01\0\0\0\x05GROUP\0\0\0"
        b"\0\0\0\x05flume\0\0\0",
        b"\0\0\0\x85\0\0\0\x02vm\0\0\0\0\0$flume.SINK.k2.ConnectionCreatedCount\0\0\0\0\0\0\0\x02%s\0\0\0\0\0\x011\0\0\0",
    ]


@pytest.mark.parametrize(
    ("name", "value", "observed"),
    [
        (
            "flume.SINK.k2.Type", "SINK",
            b"\0\0\0\0\0\0\0\x06string\0\0\0\0\0\x15vm.flume.SINK.k2.Type\0\0\0\0\0\0\x04SINK\0\0\0\0\0\0\0\x03\0\0\0<\0\0\0\0",
        ),
        (
            "flume.CHANNEL.c2.ChannelFillPercentage", 0.0,
            b"\0\0\0\0\0\0\0\x05float\0\0\0\0\0\0)vm.flume.CHANNEL.c2.ChannelFillPercentage\0\0\0\0\0\0\x030.0\0"
            b"\0\0\0\0\0\0\0\x03\0\0\0<\0\0\0\0",
        ),
    ],
)  # fmt: skip
def test_the_packet_of_3_0_is_that_observed_from_flume(name: str, value: str | float, observed: bytes) -> None:
    assert packets_3_0("vm", name, value) == [observed]


@given(st.lists(st.one_of(st.integers(-(1 << 31), (1 << 31) - 1), st.text(max_size=40)), max_size=8))
def test_what_is_written_as_xdr_reads_back(values: list[int | str]) -> None:
    assert XdrReader(xdr(*values)).read("".join("i" if isinstance(value, int) else "s" for value in values)) == values


@contextmanager
def reporting(application: FakeApplication, **settings: str) -> Iterator[tuple[GangliaMonitor, socket.socket]]:
    """Run a monitor that reports to a socket here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gmond:
        gmond.bind(("127.0.0.1", 0))
        gmond.settimeout(10)
        settings = {"hosts": f"127.0.0.1:{gmond.getsockname()[1]}", **settings}
        monitor = GangliaMonitor(Context("g"), require_options(GangliaMonitor.Options, settings), application)
        monitor.start()
        try:
            yield monitor, gmond
        finally:
            monitor.stop()


def attributes(application: FakeApplication) -> dict[str, str]:
    """Return the metric names with their Ganglia types."""
    return {
        f"flume.{kind}.{name}.{attribute}": "string" if attribute == "Type" else "float"
        for (kind, name), group in application.counters.items()
        for attribute in group.snapshot()
    }


def test_every_attribute_arrives_in_the_format_of_3_1() -> None:
    application = three_components()
    found: dict[str, str] = {}
    values: dict[str, str] = {}
    with reporting(application) as (_, gmond):
        for _ in attributes(application):
            metadata = XdrReader(gmond.recv(4096)).read("ississsiiiiss")
            assert metadata[:2] == [128, socket.gethostname()]
            assert metadata[3] == 0
            assert metadata[2] == metadata[5]
            assert metadata[6:] == ["", 3, 60, 0, 1, "GROUP", "flume"]
            found[str(metadata[2])] = str(metadata[4])
            value = XdrReader(gmond.recv(4096)).read("ississ")
            assert value[:5] == [133, socket.gethostname(), metadata[2], 0, "%s"]
            values[str(value[2])] = str(value[5])
    assert found == attributes(application)
    assert values["flume.SOURCE.r1.EventReceivedCount"] == "12"
    assert values["flume.CHANNEL.c1.ChannelFillPercentage"] == "33.33333333333333"
    assert values["flume.SINK.k1.Type"] == "SINK"


def test_every_attribute_arrives_in_the_format_of_3_0() -> None:
    application = three_components()
    found: dict[str, str] = {}
    with reporting(application, isGanglia3="true") as (_, gmond):
        for _ in attributes(application):
            number, kind, name, _value, *rest = XdrReader(gmond.recv(4096)).read("issssiii")
            assert (number, rest) == (0, ["", 3, 60, 0])
            found[str(name).removeprefix(f"{socket.gethostname()}.")] = str(kind)
    assert found == attributes(application)


def test_reports_are_repeated_and_end_with_stop() -> None:
    application = FakeApplication()
    application.add(three_components().counters["CHANNEL", "c1"])
    before = set(threading.enumerate())
    with reporting(application, pollFrequency="1", isGanglia3="true") as (monitor, gmond):
        for _ in range(2 * len(attributes(application))):
            gmond.recv(4096)
        assert [thread.name for thread in set(threading.enumerate()) - before] == ["monitor-ganglia"]
        monitor.stop()
        assert set(threading.enumerate()) <= before
        monitor.stop()


@pytest.mark.parametrize("hosts", ["localhost", ",", "a:b", ":1", "h:0", "h:65536"])
def test_hosts_without_one_that_can_be_used_are_refused(hosts: str) -> None:
    with pytest.raises(ConfigurationError, match="names no host:port") as caught:
        GangliaMonitor(Context("g"), require_options(GangliaMonitor.Options, {"hosts": hosts}), FakeApplication())
    assert caught.value.key == "hosts"


def test_a_host_that_cannot_be_read_or_reached_is_said_and_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gmond:
        gmond.bind(("127.0.0.1", 0))
        gmond.settimeout(10)
        hosts = f"nonsense, no-such-host.invalid:1, 127.0.0.1:{gmond.getsockname()[1]}"
        options = require_options(GangliaMonitor.Options, {"hosts": hosts, "pollFrequency": "1"})
        monitor = GangliaMonitor(Context("g"), options, three_components())
        monitor.start()
        try:
            count = len(monitor.packets())
            for _ in range(count + 1):  # the second report has begun: the warning could have come twice
                gmond.recv(4096)
        finally:
            monitor.stop()
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings[0] == "Invalid ganglia host: 'nonsense' is not host:port; it gets nothing."
    assert warnings[1].startswith("Ganglia at no-such-host.invalid:1 cannot be reached: ")
    assert len(warnings) == 2
