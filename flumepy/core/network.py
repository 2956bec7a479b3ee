"""Network sources: one thread with one event loop each, one big read buffer per loop, answers after the commit.

The buffer belongs to the loop, not to a connection: 1,000 idle connections cost no buffers. A connection's protocol
consumes what arrived before the next read. While a commit is open a connection that still sends is read once more, at most
`PAUSED_READ_BYTES`, and then waits: so a pause costs nothing for those that are silent. Accepts, timers and stop go on.
Busy connections may share the turns in which they are read (core/shared_reader.py).
Where no peer waits for answers the loop rests when the process is woken too often for too little (core/pace.py).
`stop` closes the listeners, answers what was received (for at most `DRAIN_S`), then ends open commits and connections.
"""

import asyncio
import threading
import time
from abc import abstractmethod
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Source
from flumepy.core.errors import FlumeError, StartError
from flumepy.core.intake import Intake, Parcel
from flumepy.core.loop_errors import LoopErrors
from flumepy.core.options import OptionsT
from flumepy.core.resting_selector import RestingSelector
from flumepy.core.shared_connection import SharedConnection
from flumepy.core.shared_reader import SharedReader
from flumepy.core.sockets import bound_socket
from flumepy.core.threads import start_thread

__all__ = ["MAX_CONNECTIONS", "Connection", "NetworkSource", "bound_socket", "format_peer"]

READ_BYTES = 256 * 1024
#: more than this since the last wait: the socket's buffer would be full before a rest is over
RESTING_BYTES = 64 * 1024
PAUSED_READ_BYTES = 4 * 1024
DRAIN_S = 2.0
CLOSE_S = 0.5
POLL_S = 0.005
MAX_CONNECTIONS = 10_000
WARNING_INTERVAL_S = 60.0


class NetworkSource(Source[OptionsT]):
    """Base of sources that listen. Subclasses open their listeners in `open`."""

    max_connections = MAX_CONNECTIONS
    #: true: no peer waits for an answer, and nothing is lost that is read later
    can_rest = False

    def __init__(self, context: Context, options: OptionsT) -> None:
        super().__init__(context, options)
        self.connections: set[Connection] = set()
        self.paused_connections: set[Connection] = set()
        self.is_paused = False
        self.is_stopping = False
        self.read_bytes = 0
        self.shared_reader: SharedReader | None = None
        self._thread: threading.Thread | None = None
        self._last_limit_warning_s = float("-inf")

    @abstractmethod
    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open the listeners and append them to `self.listeners`. OSError becomes StartError."""

    def start(self) -> None:
        """Start the thread and wait until the listeners are open. Raises StartError."""
        if self._thread is not None:
            return
        opened: list[FlumeError | None] = []
        event = threading.Event()
        self._selector = RestingSelector(self._may_rest)
        self._thread = start_thread(f"source-{self.name}", lambda: self._run(opened, event))
        event.wait()
        failure = opened[0] if opened else StartError(f"{self.context.prefix or self.name}: failed while it started")
        if failure is not None:
            self._thread.join()
            self._thread = None
            raise failure

    def stop(self) -> None:
        """Close the listeners, answer what was received, close the connections, end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self.loop.call_soon_threadsafe(self._stopping.set)
            self._selector.end_rest()
            thread.join()

    def _may_rest(self) -> bool:
        """Tell whether nobody waits for the loop, and little came since it was asked last."""
        read_bytes, self.read_bytes = self.read_bytes, 0
        return self.can_rest and 0 < read_bytes <= RESTING_BYTES and self.intake.is_idle

    def _run(self, opened: list[FlumeError | None], event: threading.Event) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(self._selector)) as runner:
                runner.run(self._serve(opened, event))
        finally:
            event.set()

    async def _serve(self, opened: list[FlumeError | None], event: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(LoopErrors(self.log))
        self.read_buffer = memoryview(bytearray(READ_BYTES))
        self.listeners: list[asyncio.AbstractServer | asyncio.BaseTransport] = []
        self.intake = Intake(self.outlet, self.loop, self.pause, self.resume)
        self.is_paused = self.is_stopping = False
        self._stopping = asyncio.Event()
        self.shared_reader = None
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
        self.is_stopping = True
        await self._stop_accepting()
        for listener in self.listeners:
            listener.close()
        self.pause()
        for connection in self.connections:
            connection.update_reading()
        await self.drain()
        for connection in list(self.connections):
            connection.transport.close()
        await self._wait_for_connections(CLOSE_S)
        for connection in list(self.connections):
            connection.transport.abort()
        await self._wait_for_connections(CLOSE_S)
        self.connections.clear()
        self.paused_connections.clear()
        if self.shared_reader is not None:
            self.shared_reader.close()

    def turn_ended(self, reads: int) -> bool:
        """Send on what the shared reader has read in one turn; tell whether these were requests that are all answered."""
        self.intake.flush()
        return False

    async def _stop_accepting(self) -> None:
        """Accept nothing new, and finish what was accepted: asyncio loses a connection whose server closes meanwhile."""
        for listener in self.listeners:
            if isinstance(listener, asyncio.Server):
                for listening in listener.sockets:
                    self.loop.remove_reader(listening.fileno())
        if accepting := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(accepting, timeout=CLOSE_S)

    async def _wait_for_connections(self, limit_s: float) -> None:
        deadline_s = time.monotonic() + limit_s
        await asyncio.sleep(0)
        while self.connections and time.monotonic() < deadline_s:
            await asyncio.sleep(POLL_S)

    async def drain(self) -> None:
        """Wait until everything received is answered; after DRAIN_S open commits are ended."""
        self.intake.flush()
        deadline_s = time.monotonic() + DRAIN_S
        while not self.intake.is_idle and time.monotonic() < deadline_s:
            await asyncio.sleep(POLL_S)
        self.outlet.interrupt()
        while not self.intake.is_idle:
            await asyncio.sleep(POLL_S)

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

    def pause(self) -> None:
        """Stop reading: each connection does so after its next read."""
        self.is_paused = True

    def resume(self) -> None:
        """Read again, unless the source stops."""
        if self.is_stopping:
            return
        self.is_paused = False
        paused, self.paused_connections = self.paused_connections, set()
        for connection in paused:
            connection.update_reading()


class Connection(SharedConnection):
    """One TCP connection of a network source. Subclasses consume bytes in `received`."""

    def __init__(self, source: "NetworkSource[Any]") -> None:
        self.source = source
        self.peer = ""
        self.is_closed = False
        self.is_ended = False
        self._is_write_blocked = False
        self._is_reading = True

    @abstractmethod
    def received(self, data: memoryview) -> None:
        """Consume what arrived; the memory is reused after the return."""

    def ended(self) -> None:
        """The peer sent its last byte; by default the connection closes once everything is answered."""
        self.source.intake.add(Parcel(EventBatch([]), lambda units, error: self.transport.close(), [0]))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection or close it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.peer = format_peer(transport.get_extra_info("peername"))
        if self.source.is_stopping or not self.source.admit(self):
            self.is_closed = True
            transport.abort()

    def write(self, data: bytes) -> None:
        """Send, unless the peer has gone: an answer that nobody can get is dropped without a word."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the loop's one read buffer, a small part of it while reading is paused."""
        buffer = self.source.read_buffer
        return buffer[:PAUSED_READ_BYTES] if self.source.is_paused else buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Hand over what arrived."""
        if not self.is_closed:
            self.source.read_bytes += nbytes
            self.received(self.source.read_buffer[:nbytes])
            if self.source.is_paused:
                self.update_reading()

    def read_together(self) -> None:
        """From now on share the turns of the other busy connections, where that is possible."""
        source = self.source
        if SharedReader.is_possible and self._shared is None and self._is_reading and not self.is_ended:
            source.shared_reader = source.shared_reader or SharedReader(
                source.loop, source.intake.hold, source.turn_ended
            )
            self.read_by(source.shared_reader)

    def eof_received(self) -> bool:
        """Keep the writing side open until all is answered (TLS closes both sides at once)."""
        if not self.is_ended and not self.is_closed:
            self.is_ended = True
            self.ended()
        return self.transport.get_extra_info("sslcontext") is None

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self.is_closed = True
        self.read_alone()
        self.source.connections.discard(self)
        self.source.paused_connections.discard(self)

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
        # Resuming after the end would report the same end again.
        if self.is_closed or self.is_ended or self.transport.is_closing():
            return
        if self.source.is_paused:
            self.source.paused_connections.add(self)
        if wanted != self._is_reading:
            self._is_reading = wanted
            self.set_reading(wanted)


def format_peer(address: Any) -> str:
    """Return host:port of a socket address."""
    is_pair = isinstance(address, tuple) and len(address) > 1
    return f"{address[0]}:{address[1]}" if is_pair else str(address or "unknown")
