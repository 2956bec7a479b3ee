"""The monitor `ganglia`: every counter to some gmond daemons by UDP, again and again.

A packet is XDR: big-endian 32-bit integers, and strings of UTF-8 as length, bytes and zeros up to a multiple of 4. The
format of 3.1 describes the metric in a packet 128 and sends its value in a packet 133; that of 3.0 has one packet 0 with
the host in the metric's name. Metrics are `flume.<TYPE.name>.<attribute>`. Source: GangliaServer.
"""

import socket
import struct
import threading

from flumepy.core.component import Context
from flumepy.core.counters import Number
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import Options, opt
from flumepy.core.threads import Wakeup, start_thread
from flumepy.monitor.contract import Monitor, Monitored
from flumepy.monitor.flume_json import java_value

UNITS = ""
SLOPE = 3  # gmond's "both": the value may rise and fall
TMAX_S = 60
DMAX_S = 0
DATAGRAM_3_0 = 0
METADATA_3_1 = 128
STRING_VALUE_3_1 = 133


class GangliaOptions(Options):
    """Properties of the Ganglia monitor."""

    hosts: str = opt("hosts", doc="Comma-separated list of host:port of the gmond daemons.")
    poll_frequency_s: int = opt("pollFrequency", 60, doc="Time between two reports.", unit="s", ge=1)
    is_ganglia_3: bool = opt("isGanglia3", False, doc="Write the format of Ganglia 3.0 and not that of 3.1.")


class GangliaMonitor(Monitor[GangliaOptions]):
    """Reports to Ganglia."""

    Options = GangliaOptions

    def __init__(self, context: Context, options: GangliaOptions, application: Monitored) -> None:
        super().__init__(context, options, application)
        self._hosts = [host for text in options.hosts.split(",") if (host := self._read_host(text)) is not None]
        if not self._hosts:
            raise ConfigurationError(f"{options.hosts!r} names no host:port", key="hosts")
        self._host_name = socket.gethostname()
        self._unreachable: set[tuple[str, int]] = set()
        self._wakeup = Wakeup()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def _read_host(self, text: str) -> tuple[str, int] | None:
        host, _, port = text.strip().rpartition(":")
        if host and port.isascii() and port.isdigit() and 0 < int(port) < 65536:
            return host.removeprefix("[").removesuffix("]"), int(port)
        self.log.warning("Invalid ganglia host: %r is not host:port; it gets nothing.", text)
        return None

    def start(self) -> None:
        """Start reporting, the first time at once."""
        if self._thread is None:
            self._is_stopping = False
            self._thread = start_thread("monitor-ganglia", self._run)
            hosts = ", ".join(f"{host}:{port}" for host, port in self._hosts)
            self.log.info("Monitoring reports to Ganglia at %s every %d s.", hosts, self.options.poll_frequency_s)

    def stop(self) -> None:
        """End the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._is_stopping = True
            self._wakeup.set()
            thread.join()

    def _run(self) -> None:
        while not self._is_stopping:
            packets = self.packets()
            for host in self._hosts:
                self._send(host, packets)
            self._wakeup.wait(self.options.poll_frequency_s)

    def _send(self, host: tuple[str, int], packets: list[bytes]) -> None:
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(*host, type=socket.SOCK_DGRAM)[0]
            with socket.socket(family, kind, protocol) as sending:
                for packet in packets:
                    sending.sendto(packet, address)
        except OSError as error:
            if host not in self._unreachable:
                self._unreachable.add(host)
                self.log.warning("Ganglia at %s:%d cannot be reached: %s", *host, error.strerror or error)
        else:
            self._unreachable.discard(host)

    def packets(self) -> list[bytes]:
        """Return the packets of one report."""
        write = packets_3_0 if self.options.is_ganglia_3 else packets_3_1
        return [
            packet
            for (kind, name), group in dict(self.application.counters).items()
            for attribute, value in group.snapshot().items()
            for packet in write(self._host_name, f"flume.{kind}.{name}.{attribute}", value)
        ]


def packets_3_1(host: str, name: str, value: Number | str) -> list[bytes]:
    """Return the packet that describes a metric and the one with its value. Source: createGangliaMessage31."""
    metadata = (METADATA_3_1, host, name, 0, _type_of(value), name, UNITS, SLOPE, TMAX_S, DMAX_S, 1, "GROUP", "flume")
    return [xdr(*metadata), xdr(STRING_VALUE_3_1, host, name, 0, "%s", java_value(value))]


def packets_3_0(host: str, name: str, value: Number | str) -> list[bytes]:
    """Return the one packet of a metric. Source: createGangliaMessage."""
    shown = java_value(value)
    return [xdr(DATAGRAM_3_0, _type_of(value), f"{host}.{name}", shown, UNITS, SLOPE, TMAX_S, DMAX_S)]


def _type_of(value: Number | str) -> str:
    return "string" if isinstance(value, bool | str) else "float"


def xdr(*values: int | str) -> bytes:
    """Return the values one after the other in XDR."""
    parts: list[bytes] = []
    for value in values:
        if isinstance(value, int):
            parts.append(struct.pack(">i", value))
        else:
            data = value.encode()
            parts.append(struct.pack(f">i{len(data)}s{-len(data) % 4}x", len(data), data))
    return b"".join(parts)
