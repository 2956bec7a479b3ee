"""The http source: one request is one unit with its own answer; a handler turns it into events.

200 leaves after the commit, 400 when the handler calls the request bad, 503 when a channel refuses, 500 for all else;
the answers of a connection keep the order of its requests. Flume has no limits; the ones here (max-request-bytes,
max-buffered-bytes, request-timeout, max-connections) keep a client from taking all memory. One that was refused may go on
sending for `LINGER_S`, unread, so that it sees the answer. Source: HTTPSource, Jetty 9.4.41.
"""

import asyncio
import time
from typing import Any

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ConfigurationError, InputError, translate
from flumepy.core.network import MAX_CONNECTIONS, NetworkSource, bound_socket
from flumepy.core.options import opt
from flumepy.core.ssl_options import ServerSslOptions, server_ssl
from flumepy.formats.http_answer import CommonHeaders
from flumepy.formats.http_message import ByteBudget, RequestLimits
from flumepy.formats.jetty_options import (
    HttpConfigurationOptions,
    ServerConnectorOptions,
    SslContextFactoryOptions,
    read_jetty_options,
)
from flumepy.formats.tls import server_context
from flumepy.http_handlers.handler import HttpHandler
from flumepy.sources.http_connection import HttpConnection
from flumepy.sources.http_like_posts import LikePosts

JSON_HANDLER = "org.apache.flume.source.http.JSONHandler"
SWEEP_S = 1.0
COMPLAINT_INTERVAL_S = 10.0
BACKLOG = 128
NO_TUNING = "it tunes Jetty's threads; there is one thread here"
MEBIBYTE = 1024 * 1024


class HttpOptions(ServerSslOptions):
    """Properties of the http source."""

    port: int = opt("port", doc="TCP port; 0 takes a free one.")
    bind: str = opt("bind", "0.0.0.0", doc="Address to listen on.")  # noqa: S104
    handler: str = opt("handler", JSON_HANDLER, doc="Turns requests into events.", kind="http_handler")
    handler_settings: dict[str, str] = opt("handler.", {}, doc="Properties of the handler.")
    ssl: bool = opt("ssl", False, doc="Speak TLS.", deprecated_keys=("enableSSL",))
    exclude_protocols: tuple[str, ...] = opt(
        "exclude-protocols", (), doc="Blank-separated protocols to refuse beside SSLv3.",
        deprecated_keys=("excludeProtocols",),
    )  # fmt: skip
    keystore_password: str | None = opt(
        "keystore-password", None, secret=True, deprecated_keys=("keystorePassword",),
        doc="Password of the key store and its key; default javax.net.ssl.keyStorePassword. Needed when ssl is true.",
    )  # fmt: skip
    queued_thread_pool: dict[str, str] = opt("QueuedThreadPool.", {}, doc="Jetty's thread pool.", ignored=NO_TUNING)
    http_configuration: dict[str, str] = opt("HttpConfiguration.", {}, doc="Jetty's HTTP settings.", since="1.9")
    ssl_context_factory: dict[str, str] = opt("SslContextFactory.", {}, doc="Jetty's TLS settings.", since="1.9")
    server_connector: dict[str, str] = opt("ServerConnector.", {}, doc="Jetty's listener settings.", since="1.9")
    max_request_bytes: int = opt(
        "max-request-bytes", 128 * MEBIBYTE, long=True, ge=1, unit="bytes",
        doc="flumepy: larger requests are answered with 413.",
    )  # fmt: skip
    max_buffered_bytes: int = opt(
        "max-buffered-bytes", 256 * MEBIBYTE, long=True, ge=1, unit="bytes",
        doc="flumepy: most bytes of incomplete requests over all connections; beyond them a request is answered with 503.",
    )  # fmt: skip
    request_timeout_s: int = opt(
        "request-timeout", 300, ge=0, unit="s",
        doc="flumepy: a request that takes longer to arrive is answered with 408; 0 means no limit.",
    )  # fmt: skip
    max_connections: int = opt(
        "max-connections", MAX_CONNECTIONS, ge=1, doc="flumepy: most connections at once; more are closed."
    )


class HttpSource(NetworkSource[HttpOptions]):
    """Takes events over HTTP."""

    Options = HttpOptions
    counters: SourceCounters

    def __init__(self, context: Context, options: HttpOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.max_connections = options.max_connections
        handler = context.build("http_handler", options.handler, options.handler_settings)
        if not isinstance(handler, HttpHandler):
            raise ConfigurationError(f"{options.handler} is no HTTP handler", key="handler")
        self.handler: HttpHandler[Any] = handler
        self.guard = translate({Exception: InputError}, type(handler).__name__)
        below = options.server_connector
        self.connector = read_jetty_options(ServerConnectorOptions, "ServerConnector.", below, self.log)
        below = options.http_configuration
        self.http = read_jetty_options(HttpConfigurationOptions, "HttpConfiguration.", below, self.log)
        cut_at = handler.cut_body_at if (handler.cut_body_at or 0) <= options.max_request_bytes else None
        self.limits = RequestLimits(self.http.request_header_size, options.max_request_bytes, cut_at)
        self.budget = ByteBudget(options.max_buffered_bytes)
        settings = server_ssl(context, self._ssl_options())
        self._ssl = server_context(settings) if settings else None
        self.port = options.port
        self._complained_s: dict[int, float] = {}
        server = "flumepy" if self.http.send_server_version else None
        self.common_headers = CommonHeaders(server, self.http.send_date_header)

    def _ssl_options(self) -> HttpOptions:
        below = self.options.ssl_context_factory
        jetty = read_jetty_options(SslContextFactoryOptions, "SslContextFactory.", below, self.log)
        if jetty.need_client_auth:
            raise ConfigurationError("client certificates are not supported", key="SslContextFactory.needClientAuth")
        return self.options.model_copy(update=jetty.overrides())

    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen, and look for slow clients from time to time."""
        self.like_posts = LikePosts(self)
        listening = bound_socket(self.options.bind, self.options.port)
        self.port = listening.getsockname()[1]
        idle_s = max(0.0, self.connector.idle_timeout_ms / 1000)
        self.listeners.append(
            await loop.create_server(
                lambda: HttpConnection(self),
                sock=listening,
                ssl=self._ssl,
                ssl_handshake_timeout=idle_s or None if self._ssl else None,
                backlog=self.connector.accept_queue_size or BACKLOG,
            )
        )
        self.log.info("Listening on %s:%d%s.", self.options.bind, self.port, " with TLS" if self._ssl else "")
        self._sweep_s = min(SWEEP_S, max(idle_s / 4, 0.05)) if idle_s > 0 else SWEEP_S
        loop.call_later(self._sweep_s, self._sweep)

    def turn_ended(self, reads: int) -> bool:
        """Send on what was read in one turn; tell whether these were like posts, which are all answered."""
        posts = self.like_posts.end_turn()
        super().turn_ended(reads)
        return posts == reads and self.intake.is_idle and not self.is_paused

    def _sweep(self) -> None:
        self.loop.call_later(self._sweep_s, self._sweep)
        now_s = self.loop.time()
        for connection in list(self.connections):
            if isinstance(connection, HttpConnection):
                connection.check_time(now_s, self.connector.idle_timeout_ms / 1000, self.options.request_timeout_s)

    def complain(self, status: int, peer: str, message: str) -> None:
        """Log a refused request, each status at most every COMPLAINT_INTERVAL_S; the counters count all."""
        now_s = time.monotonic()
        if now_s - self._complained_s.get(status, float("-inf")) >= COMPLAINT_INTERVAL_S:
            self._complained_s[status] = now_s
            self.log.warning("A request of %s was answered with %d: %s", peer, status, message)
