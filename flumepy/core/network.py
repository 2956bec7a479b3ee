"""Network sources: one thread with one event loop each, one big read buffer per loop, answers after the commit.

The buffer belongs to the loop, not to a connection: 1,000 idle connections cost no buffers. A connection's protocol
consumes what arrived before the next read. While a commit is open no connection is read, but accepts, timers and stop go
on. `stop` closes the listeners, answers what was received (for at most `DRAIN_S`), then ends open commits and connections.
"""

import asyncio
import threading
import time
from abc import abstractmethod
from typing import Any

from flumepy.core.component import Context, Source
from flumepy.core.errors import FlumeError, StartError
from flumepy.core.intake import Intake
from flumepy.core.options import OptionsT
from flumepy.core.threads import start_thread

READ_BYTES = 256 * 1024
DRAIN_S = 2.0
MAX_CONNECTIONS = 10_000
WARNING_INTERVAL_S = 60.0


class NetworkSource(Source[OptionsT]):
    """Base of sources that listen. Subclasses open their listeners in `open`."""

    max_connections = MAX_CONNECTIONS

    def __init__(self, context: Context, options: OptionsT) -> None:
        super().__init__(context, options)
        self.connections: set[Connection] = set()
        self.is_paused = False
        self._thread: threading.Thread | None = None
        self._last_limit_warning_s = 0.0

    @abstractmethod
    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open the listeners and append them to `self.listeners`. OSError becomes StartError."""

    def start(self) -> None:
        """Start the thread and wait until the listeners are open. Raises StartError."""
        if self._thread is not None:
            return
        opened: list[FlumeError | None] = []
        event = threading.Event()
        self._thread = start_thread(f"source-{self.name}", lambda: self._run(opened, event))
        event.wait()
        if opened[0] is not None:
            self._thread.join()
            self._thread = None
            raise opened[0]

    def stop(self) -> None:
        """Close the listeners, answer what was received, close the connections, end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self.loop.call_soon_threadsafe(self._stopping.set)
            thread.join()

    def _run(self, opened: list[FlumeError | None], event: threading.Event) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._serve(opened, event))

    async def _serve(self, opened: list[FlumeError | None], event: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        self.read_buffer = memoryview(bytearray(READ_BYTES))
        self.listeners: list[asyncio.AbstractServer | asyncio.BaseTransport] = []
        self.intake = Intake(self.outlet, self.loop, self._pause, self._resume)
        self.is_paused = False
        self._stopping = asyncio.Event()
        failure: FlumeError | None = None
        try:
            await self.open(self.loop)
        except OSError as error:
            failure = StartError(f"{self.context.prefix or self.name}: cannot listen: {error.strerror or error}")
        except FlumeError as error:
            failure = error
        opened.append(failure)
        event.set()
        if failure is None:
            await self._stopping.wait()
        await self._shut_down()

    async def _shut_down(self) -> None:
        for listener in self.listeners:
            listener.close()
        self._pause()
        await self.drain()
        for connection in list(self.connections):
            connection.transport.close()
        await asyncio.sleep(0)
        for connection in list(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    async def drain(self) -> None:
        """Wait until everything received is answered; after DRAIN_S open commits are ended."""
        self.intake.flush()
        deadline_s = time.monotonic() + DRAIN_S
        while not self.intake.is_idle and time.monotonic() < deadline_s:
            await asyncio.sleep(0.005)
        self.outlet.interrupt()
        while not self.intake.is_idle:
            await asyncio.sleep(0.005)

    def admit(self, connection: "Connection") -> bool:
        """Count a new connection in, or refuse it when there are too many."""
        if len(self.connections) >= self.max_connections:
            now_s = time.monotonic()
            if now_s - self._last_limit_warning_s > WARNING_INTERVAL_S:
                self._last_limit_warning_s = now_s
                self.log.warning("More than %d connections; new ones are closed at once.", self.max_connections)
            return False
        self.connections.add(connection)
        return True

    def _pause(self) -> None:
        self.is_paused = True
        for connection in self.connections:
            connection.update_reading()

    def _resume(self) -> None:
        self.is_paused = False
        for connection in self.connections:
            connection.update_reading()


class Connection(asyncio.BufferedProtocol):
    """One TCP connection of a network source. Subclasses consume bytes in `received`."""

    transport: asyncio.Transport

    def __init__(self, source: "NetworkSource[Any]") -> None:
        self.source = source
        self.peer = ""
        self.is_closed = False
        self._is_write_blocked = False
        self._is_reading = True

    @abstractmethod
    def received(self, data: memoryview) -> None:
        """Consume what arrived; the memory is reused after the return."""

    def ended(self) -> None:
        """The peer sent its last byte; by default the connection closes once everything is answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection or close it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.peer = format_peer(transport.get_extra_info("peername"))
        if not self.source.admit(self):
            self.is_closed = True
            transport.abort()
            return
        self.update_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the loop's one read buffer."""
        return self.source.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hand over what arrived."""
        if not self.is_closed:
            self.received(self.source.read_buffer[:nbytes])

    def eof_received(self) -> bool:
        """Keep the writing side open until all is answered."""
        self.ended()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self.is_closed = True
        self.source.connections.discard(self)

    def pause_writing(self) -> None:
        """Stop reading from a peer that does not read its answers."""
        self._is_write_blocked = True
        self.update_reading()

    def resume_writing(self) -> None:
        """Go on reading."""
        self._is_write_blocked = False
        self.update_reading()

    def update_reading(self) -> None:
        """Read exactly while neither the channel nor the peer's own backlog forbids it."""
        wanted = not self.source.is_paused and not self._is_write_blocked
        if wanted == self._is_reading or self.is_closed or self.transport.is_closing():
            return
        self._is_reading = wanted
        if wanted:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()


def format_peer(address: Any) -> str:
    """Return host:port of a socket address."""
    return (
        f"{address[0]}:{address[1]}" if isinstance(address, tuple) and len(address) > 1 else str(address or "unknown")
    )
