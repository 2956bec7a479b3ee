"""The netcat source: one event per line of a TCP connection, answered with OK once it is stored.

A chunk is cut into lines in one C call and becomes one parcel; nothing is done per line unless a line could be too long
or the text is not valid in its encoding. The limit counts characters, as Flume's does: a line of `max-line-length` or more
without its newline is refused and the connection closed, after the lines before it were handled. A body is always UTF-8.
Source: NetcatSource.
"""

import asyncio
import codecs
from io import BytesIO

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import FlumeError
from flumepy.core.intake import Parcel
from flumepy.core.network import Connection, NetworkSource, format_peer
from flumepy.core.options import Options, opt
from flumepy.core.sockets import bound_socket
from flumepy.formats.java_text import java_charset

BACKLOG = 1024


class NetcatOptions(Options):
    """Properties of the netcat source."""

    bind: str = opt("bind", doc="Address or host name to listen on.")
    port: int = opt("port", doc="Port to listen on; 0 takes a free one.")
    max_line_length: int = opt(
        "max-line-length", 512, doc="Longest line, its newline included.", unit="characters", ge=1
    )
    ack_every_event: bool = opt("ack-every-event", True, doc="Answer OK for each stored line.")
    encoding: str = opt("encoding", "utf-8", doc="Encoding of the lines received and of the answers.")


class NetcatSource(NetworkSource[NetcatOptions]):
    """Listens for lines."""

    Options = NetcatOptions

    def __init__(self, context: Context, options: NetcatOptions) -> None:
        super().__init__(context, options)
        self.encoding = java_charset(options.encoding)
        self.can_rest = not options.ack_every_event
        self.is_utf8 = codecs.lookup(self.encoding).name == "utf-8"

    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen on bind:port."""
        listener = bound_socket(self.options.bind, self.options.port)
        self.listeners.append(await loop.create_server(lambda: _NetcatConnection(self), sock=listener, backlog=BACKLOG))
        self.port = listener.getsockname()[1]
        self.log.info("Created serverSocket: %s", format_peer(listener.getsockname()))


class _NetcatConnection(Connection):
    """Splits what arrives into lines. `_rest` is the beginning of a line whose newline has not come."""

    source: NetcatSource

    def __init__(self, source: NetcatSource) -> None:
        super().__init__(source)
        options = source.options
        self._rest = bytearray()
        self._decoder = None if source.is_utf8 else codecs.getincrementaldecoder(source.encoding)()
        self._ok = "OK\n".encode(source.encoding) if options.ack_every_event else b""
        self._limit = options.max_line_length
        self._unanswered = 0
        self._closing_words: bytes | None = None

    def received(self, data: memoryview) -> None:
        """Turn whole lines into a parcel."""
        if self._closing_words is not None:
            return
        if self._decoder is not None:
            try:
                chunk = self._decoder.decode(data).encode()
            except UnicodeDecodeError:
                self._refuse(b"")
                return
        else:
            chunk = bytes(data)
        if self._rest:
            self._rest += chunk
            if b"\n" not in chunk and len(self._rest) < self._limit:
                return  # a long line grows in place: joining it anew for each chunk would cost its square
            chunk = bytes(self._rest)
        lines = BytesIO(chunk).readlines()
        self._rest = bytearray(lines.pop() if lines and not lines[-1].endswith(b"\n") else b"")
        is_whole = True
        if len(chunk) >= self._limit:
            is_whole = self._cut_at_long_line(lines)
        if self.source.is_utf8 and not chunk.isascii():
            is_whole = self._cut_at_bad_text(lines) and is_whole
        if lines:
            size_bytes = len(chunk) - len(self._rest) if is_whole else -1
            self._unanswered += len(lines)
            self.source.intake.add(Parcel(EventBatch.from_lines(lines, size_bytes=size_bytes), self._answer))
        if not is_whole or self._is_too_long(self._rest):
            self._refuse(self._too_long_words() if self._is_text(self._rest) else b"")

    def _is_too_long(self, line: bytes | bytearray) -> bool:
        return len(line) >= self._limit and (line.isascii() or len(line.decode(errors="replace")) >= self._limit)

    def _cut_at_long_line(self, lines: list[bytes]) -> bool:
        """Keep the lines before the first that is too long; it becomes the rest."""
        if not lines or max(map(len, lines)) <= self._limit:
            return True
        for position, line in enumerate(lines):
            if self._is_too_long(line[:-1]):
                self._rest = bytearray(line)
                del lines[position:]
                return False
        return True

    def _cut_at_bad_text(self, lines: list[bytes]) -> bool:
        """Keep the lines before the first that is not UTF-8; it becomes the rest."""
        for position, line in enumerate(lines):
            if not self._is_text(line):
                self._rest = bytearray(line)
                del lines[position:]
                return False
        return True

    def _is_text(self, line: bytes | bytearray) -> bool:
        try:
            line.decode()
        except UnicodeDecodeError:
            return False
        return True

    def _too_long_words(self) -> bytes:
        self.source.log.warning("%s sent a line over %d characters; its connection is closed.", self.peer, self._limit)
        words = f"FAILED: Event exceeds the maximum length ({self._limit} chars, including newline)\n"
        return words.encode(self.source.encoding)

    def _refuse(self, words: bytes) -> None:
        """Close after the answers to the lines before."""
        self._rest.clear()
        self._closing_words = words
        self._close_when_answered()

    def _answer(self, lines: int, error: FlumeError | None) -> None:
        self._unanswered -= lines
        if not self.is_closed:
            if error is not None:
                self.transport.write(f"FAILED: {error}\n".encode(self.source.encoding) * lines)
            elif self._ok:
                self.transport.write(self._ok * lines)
        self._close_when_answered()

    def ended(self) -> None:
        """Drop what follows the last newline, as Flume does; close once the lines before are answered."""
        if self._closing_words is None:
            self._closing_words = b""
        self._close_when_answered()

    def _close_when_answered(self) -> None:
        if self._closing_words is not None and not self._unanswered and not self.is_closed:
            self.transport.write(self._closing_words)
            self.transport.close()
