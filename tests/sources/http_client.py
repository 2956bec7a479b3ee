"""What the http source's tests share: a builder for handlers, a client on a plain socket."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flumepy.core.channel import Channel
from flumepy.core.component import Component, Context
from flumepy.core.errors import UnknownTypeError
from flumepy.core.options import require_options
from flumepy.http_handlers.blob import BlobHandler
from flumepy.http_handlers.json import JsonHandler
from flumepy.http_handlers.morphline_blob import MorphlineBlobHandler
from flumepy.sources.http import HttpSource
from flumepy.testing.fakes import build, connect

HANDLERS: dict[str, type[Component[Any]]] = {
    "org.apache.flume.source.http.JSONHandler": JsonHandler,
    "org.apache.flume.source.http.BLOBHandler": BlobHandler,
    "org.apache.flume.sink.solr.morphline.BlobHandler": MorphlineBlobHandler,
}


def build_handler(kind: str, type_name: str, settings: Mapping[str, str], context: Context) -> Component[Any]:
    """Build what the catalog would."""
    if kind != "http_handler" or type_name not in HANDLERS:
        raise UnknownTypeError(f"{kind} {type_name}")
    handler = HANDLERS[type_name]
    return handler(context, require_options(handler.Options, settings))


def build_source(settings: Mapping[str, str] | None = None, **context: Any) -> HttpSource:
    """Build a source on a free port of this host."""
    return build(HttpSource, {"bind": "127.0.0.1", "port": "0", **(settings or {})}, builder=build_handler, **context)


@contextmanager
def running(channel: Channel[Any], settings: Mapping[str, str] | None = None, **outlet: Any) -> Iterator[HttpSource]:
    """Run a source into this channel."""
    source = build_source(settings)
    connect(source, channel, **outlet)
    source.start()
    try:
        yield source
    finally:
        source.stop()


class Client:
    """A connection that sends bytes and reads whole responses."""

    def __init__(self, source: HttpSource, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", source.port), timeout=10)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._buffer = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> "Client":
        """Send bytes."""
        self.socket.sendall(data)
        return self

    def _fill(self) -> bool:
        try:
            chunk = self.socket.recv(65536)
        except ConnectionError:
            return False
        self._buffer += chunk
        return bool(chunk)

    def response(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Read one response: status, headers in lower case, body."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                raise EOFError(self._buffer)
        start, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lines = start.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = 0 if head else int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            if not self._fill():
                raise EOFError(self._buffer)
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return int(lines[0].split()[1]), headers, body

    def is_at_end(self) -> bool:
        """Tell whether the server closed without another byte."""
        return not self._buffer and not self._fill()

    def ask(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send a request and read its response."""
        return self.send(data).response()


def post(body: bytes | str, *extra: str, path: str = "/", content_type: str = "application/json",
         method: str = "POST") -> bytes:  # fmt: skip
    """Return a request."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {path} HTTP/1.1", "Host: test", *extra, f"Content-Length: {len(data)}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + data
