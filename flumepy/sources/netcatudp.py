"""The netcatudp source: one event per datagram, no answers.

The socket is read until it is empty or `TURN_BYTES` have come; what one turn brought is committed in transactions of at most
`outlet.limit` events. While a commit is open the socket is not read: the kernel keeps what fits into its buffer and drops
the rest, as it does while Flume's one thread waits. Source: NetcatUdpSource; Netty 4 cuts datagrams at 2048 bytes.
"""

import asyncio
import contextlib
import ipaddress
import socket
import time
from functools import lru_cache
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import FlumeError
from flumepy.core.intake import Parcel
from flumepy.core.network import NetworkSource
from flumepy.core.options import Options, opt
from flumepy.core.sockets import bound_socket

DATAGRAM_BYTES = 2048
TURN_BYTES = 256 * 1024
TURN_DATAGRAMS = 4096
BUFFER_BYTES = 4 * 1024 * 1024
WARNING_INTERVAL_S = 10.0


class NetcatudpOptions(Options):
    """Properties of the netcatudp source."""

    port: int = opt("port", doc="UDP port; 0 takes a free one.", ge=0, le=65535)
    bind: str | None = opt("bind", None, doc="Address to listen on; without it all interfaces.")
    remote_address: str | None = opt("remoteAddress", None, doc="Header that gets the sender's address.")


class NetcatudpSource(NetworkSource[NetcatudpOptions]):
    """Takes datagrams; each is an event up to its first line feed."""

    Options = NetcatudpOptions

    def __init__(self, context: Context, options: NetcatudpOptions) -> None:
        super().__init__(context, options)
        self.port = options.port
        self._is_open = False
        self.lost = 0  #: datagrams that no channel took
        self._last_warning_s = float("-inf")

    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Bind the socket and read it on this loop."""
        self._socket = bound_socket(self.options.bind or "", self.options.port, socket.SOCK_DGRAM)
        # The kernel may allow less; a burst then loses its end.
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self.port = self._socket.getsockname()[1]
        self._is_open = True
        loop.add_reader(self._socket, self._read)
        self.log.info("Listening on %s:%d (UDP).", self.options.bind or "*", self.port)

    async def drain(self) -> None:
        """Take what the kernel still holds, then wait as every source does."""
        if self._is_open:
            self._is_open = False
            self._read()
            self.loop.remove_reader(self._socket)
            self._socket.close()
        await super().drain()

    def pause(self) -> None:
        """Leave datagrams to the kernel."""
        super().pause()
        if not self.is_stopping:
            self.loop.remove_reader(self._socket)

    def resume(self) -> None:
        """Read again, unless the source stops."""
        super().resume()
        if not self.is_stopping:
            self.loop.add_reader(self._socket, self._read)

    def _read(self) -> None:
        datagrams: list[bytes] = []
        senders: list[Any] = []
        size = 0
        try:
            if self.options.remote_address is None:
                receive = self._socket.recv
                while size < TURN_BYTES and len(datagrams) < TURN_DATAGRAMS:
                    datagrams.append(datagram := receive(DATAGRAM_BYTES))
                    size += len(datagram)
            else:
                receive_from = self._socket.recvfrom
                while size < TURN_BYTES and len(datagrams) < TURN_DATAGRAMS:
                    datagram, sender = receive_from(DATAGRAM_BYTES)
                    datagrams.append(datagram)
                    senders.append(sender)
                    size += len(datagram)
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._warn(f"reading failed: {error.strerror}")
        if datagrams:
            self.intake.add(Parcel(self._batch(datagrams, senders), self._committed))

    def _batch(self, datagrams: list[bytes], senders: list[Any]) -> EventBatch:
        if any(b"\n" in datagram for datagram in datagrams):
            datagrams = [datagram.partition(b"\n")[0] for datagram in datagrams]
        header = self.options.remote_address
        if header is None:
            return EventBatch(datagrams)
        if senders.count(senders[0]) == len(senders):
            return EventBatch(datagrams, {header: java_socket_address(senders[0])})
        return EventBatch(datagrams, {header: [java_socket_address(sender) for sender in senders]})

    def _committed(self, units: int, error: FlumeError | None) -> None:
        if error is not None:
            self.lost += units
            self._warn(str(error))

    def _warn(self, message: str) -> None:
        now_s = time.monotonic()
        if now_s - self._last_warning_s >= WARNING_INTERVAL_S:
            self._last_warning_s = now_s
            self.log.warning("Datagrams are lost, %d so far: %s", self.lost, message)


@lru_cache(maxsize=1024)
def java_socket_address(address: tuple[Any, ...]) -> str:
    """Return InetSocketAddress.toString of an unresolved peer: /127.0.0.1:51234, /[0:0:0:0:0:0:0:1]:51234.

    Java shows an IPv4 peer of an IPv6 socket as IPv4, never shortens IPv6 and puts the scope behind a percent sign.
    """
    host, port = str(address[0]).partition("%")[0], address[1]
    parsed = ipaddress.ip_address(host)
    if isinstance(parsed, ipaddress.IPv4Address):
        return f"/{parsed}:{port}"
    if parsed.ipv4_mapped is not None:
        return f"/{parsed.ipv4_mapped}:{port}"
    groups = ":".join(f"{int(group, 16):x}" for group in parsed.exploded.split(":"))
    scope = _scope(address[3]) if len(address) > 3 and address[3] else ""
    return f"/[{groups}{scope}]:{port}"


def _scope(index: int) -> str:
    try:
        return f"%{socket.if_indextoname(index)}"
    except OSError:
        return f"%{index}"
