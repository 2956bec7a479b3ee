"""A small HTTP server for monitoring pages: one thread, one event loop, everything bounded.

At most MAX_CONNECTIONS are open; a further one takes the place of the one that has been silent longest, so clients that
stall cannot lock out a scraper. A connection that completes no request for IDLE_S is closed, and one that does not read its
answers is not read. A port that is taken is tried again every RETRY_S, and the agent goes on meanwhile.
Source: HTTPMetricsServer on Jetty 9.4.41 (403 for TRACE and OPTIONS, every other method is as good as GET).
"""

import asyncio
import socket
import threading
from abc import abstractmethod
from dataclasses import dataclass
from urllib.parse import unquote

from flumepy.core.component import Context
from flumepy.core.loop_errors import LoopErrors
from flumepy.core.options import Options, OptionsT, opt
from flumepy.core.sockets import bound_socket
from flumepy.core.threads import start_thread
from flumepy.formats.http_answer import AnswerQueue, CommonHeaders, Exchange
from flumepy.formats.http_message import ByteBudget, Refusal, RequestLimits, RequestParser
from flumepy.formats.http_request import HttpRequest
from flumepy.monitor.contract import Monitor, Monitored

MAX_CONNECTIONS = 64
HEADER_BYTES = 8 * 1024
BODY_BYTES = 64 * 1024
IDLE_S = 30.0
CLOSE_S = 0.5
RETRY_S = 3.0
BACKLOG = 128
FORBIDDEN_METHODS = ("TRACE", "OPTIONS")


class PageServerOptions(Options):
    """Properties of monitors that serve HTTP."""

    port: int = opt("port", 41414, doc="TCP port; 0 takes a free one.", ge=0, le=65535)
    bind: str = opt("bind", "0.0.0.0", doc="Address to listen on; by default all, IPv4 and IPv6.")  # noqa: S104


@dataclass(frozen=True, slots=True)
class Page:
    """An answer with a body."""

    content_type: str
    body: bytes
    status: int = 200


class PageServer(Monitor[OptionsT]):
    """Base of monitors that serve pages; subclasses answer `page`. Their options are PageServerOptions."""

    idle_s = IDLE_S
    retry_s = RETRY_S

    def __init__(self, context: Context, options: OptionsT, application: Monitored) -> None:
        super().__init__(context, options, application)
        assert isinstance(options, PageServerOptions)
        self.bind = options.bind
        self.port = options.port
        self.is_listening = False
        self.limits = RequestLimits(HEADER_BYTES, BODY_BYTES)
        self.budget = ByteBudget(MAX_CONNECTIONS * BODY_BYTES)
        self.common_headers = CommonHeaders("flumepy", has_date=True)
        #: in the order of their last request
        self.connections: dict[PageConnection, None] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def page(self, path: str, accept: str) -> Page | None:
        """Return the page at a path (lower case, decoded), or None for 404. Called on the server's thread."""

    def start(self) -> None:
        """Listen, or log why not and try again from time to time."""
        if self._thread is not None:
            return
        listening = self._listen(is_first=True)
        self._stopping = asyncio.Event()
        loop = self.loop = asyncio.new_event_loop()
        self._thread = start_thread("monitor-http", lambda: self._run(loop, listening))

    def stop(self) -> None:
        """Close the port and all connections, end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None and self.loop is not None:
            self.loop.call_soon_threadsafe(self._stopping.set)
            thread.join()

    def _listen(self, *, is_first: bool) -> socket.socket | None:
        try:
            listening = _listening_socket(self.bind, self.port)
        except OSError as error:
            if is_first:
                self.log.error(
                    "Monitoring cannot listen on %s. The agent runs without it; trying again every %g s.",
                    error.strerror or error, self.retry_s,
                )  # fmt: skip
            return None
        self.port = listening.getsockname()[1]
        return listening

    def _run(self, loop: asyncio.AbstractEventLoop, listening: socket.socket | None) -> None:
        try:
            loop.run_until_complete(self._serve(loop, listening))
        finally:
            loop.close()

    async def _serve(self, loop: asyncio.AbstractEventLoop, listening: socket.socket | None) -> None:
        while listening is None:
            try:
                await asyncio.wait_for(self._stopping.wait(), self.retry_s)
            except TimeoutError:
                listening = self._listen(is_first=False)
            else:
                return
        loop.set_exception_handler(LoopErrors(self.log))
        server = await loop.create_server(lambda: PageConnection(self, loop), sock=listening, backlog=BACKLOG)
        self.is_listening = True
        self.log.info("Monitoring listens on %s:%d.", self.bind, self.port)
        await self._stopping.wait()
        self.is_listening = False
        server.close()
        for connection in list(self.connections):
            connection.transport.close()
        deadline_s = loop.time() + CLOSE_S
        while self.connections:
            if loop.time() > deadline_s:
                for connection in list(self.connections):
                    connection.transport.abort()
            await asyncio.sleep(0.005)

    def answer(self, exchange: Exchange, method: str) -> None:
        """Answer one request."""
        if method in FORBIDDEN_METHODS:
            exchange.answer(403)
            return
        page = self.page(unquote(exchange.path.partition(";")[0]).lower(), exchange.accept)
        if page is None:
            exchange.fail(404, "Not Found")
        else:
            exchange.answer(page.status, page.body, f"Content-Type: {page.content_type}\r\n")


def _listening_socket(bind: str, port: int) -> socket.socket:
    """Return a bound socket that listens. Raises OSError: another may have begun to listen after the binding."""
    listening = bound_socket(bind, port)
    try:
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise OSError(error.errno, f"{bind}:{port}: {error.strerror}") from error
    return listening


class PageConnection(asyncio.Protocol):
    """One client. Answers are made at once, so they leave in the order of the requests."""

    transport: asyncio.Transport

    def __init__(self, server: PageServer[OptionsT], loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._parser = RequestParser(server.limits, server.budget)
        self._answers = AnswerQueue(server.common_headers)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the place of the most silent client when there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        connections = self._server.connections
        if len(connections) >= MAX_CONNECTIONS:
            silent = next(iter(connections))
            del connections[silent]
            silent.transport.abort()
        connections[self] = None
        self._deadline = self._loop.call_later(self._server.idle_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete; a broken one is the last of its connection."""
        if self.transport.is_closing():
            return
        for item in self._parser.feed(memoryview(data)):
            if isinstance(item, HttpRequest):
                self._server.answer(self._answers.open(item), item.method)
                self._stay()
            elif isinstance(item, Refusal):
                self._answers.open(None).fail(item.status, item.reason)
            else:
                self._answers.go_on()
        answers, is_last = self._answers.ready()
        self.transport.write(answers)
        if is_last:
            self.transport.close()

    def _stay(self) -> None:
        """Count as active from now on."""
        connections = self._server.connections
        if self in connections:
            del connections[self]
            connections[self] = None
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_later(self._server.idle_s, self.transport.abort)

    def pause_writing(self) -> None:
        """Read no further requests while the answers are not taken."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the client."""
        self._server.connections.pop(self, None)
        self._parser.close()
        if self._deadline is not None:
            self._deadline.cancel()
