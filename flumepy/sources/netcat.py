"""The netcat source: one event per line of a TCP connection, answered with OK once it is stored.

The lines of a chunk stay one text and become one parcel. One pattern looks for a line that could be too long, one decoding
for what is no text; nothing is done per line unless it is longer in bytes than the limit. The limit counts characters, as
Flume's does: a line of `max-line-length` or more without its newline is refused and the connection closed, after the lines
before it were handled. A body is always UTF-8. Source: NetcatSource.
"""

import asyncio
import codecs
import re

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context
from flumepy.core.errors import FlumeError
from flumepy.core.intake import Parcel
from flumepy.core.line_text import LineText
from flumepy.core.network import Connection, NetworkSource, format_peer
from flumepy.core.options import Options, opt
from flumepy.core.sockets import bound_socket
from flumepy.formats.java_text import java_charset

BACKLOG = 1024
#: where the last line's end is looked for first: the lines are copied once, with what came before them
TAIL_BYTES = 4096


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
        # Steps of up to a limit's bytes, each back to the last newline in it: less than a step a line, and no way back.
        self.short_lines = re.compile(rb"(?s:.{0,%d}\n)*+" % (options.max_line_length - 1))

    async def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Listen on bind:port."""
        listener = bound_socket(self.options.bind, self.options.port)
        self.listeners.append(await loop.create_server(lambda: _NetcatConnection(self), sock=listener, backlog=BACKLOG))
        self.port = listener.getsockname()[1]
        self.log.info("Created serverSocket: %s", format_peer(listener.getsockname()))


def end_of_lines(data: memoryview) -> int:
    """Return where the last line ends that has an end, 0 where none has."""
    tail = bytes(data[-TAIL_BYTES:])
    end = tail.rfind(b"\n") + 1
    return len(data) - len(tail) + end if end else bytes(data).rfind(b"\n") + 1


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
        chunk = data
        if self._decoder is not None:
            try:
                chunk = memoryview(self._decoder.decode(data).encode())
            except UnicodeDecodeError:
                self._refuse(b"")
                return
        end = end_of_lines(chunk)
        if end:
            text = b"".join([self._rest, chunk[:end]])  # the only copy
            self._rest = bytearray()
            known = self._before_bad_text(self._before_long_line(text))
            self._add(LineText(known))
            if len(known) < len(text):
                self._refuse_line(text[len(known) : text.index(b"\n", len(known))])
                return
        self._rest += chunk[end:]  # grows in place: joining a long line anew for each chunk would cost its square
        if self._is_too_long(self._rest):
            self._refuse_line(self._rest)

    def _add(self, lines: LineText) -> None:
        if lines.count:
            self._unanswered += lines.count
            self.source.intake.add(Parcel(EventBatch.from_text(lines), self._answer))

    def _is_too_long(self, line: bytes | bytearray) -> bool:
        return len(line) >= self._limit and (line.isascii() or len(line.decode(errors="replace")) >= self._limit)

    def _before_long_line(self, text: bytes) -> bytes:
        """Return the lines before the first that is too long."""
        pass_lines = self.source.short_lines.match
        start = 0
        while (passed := pass_lines(text, start)) and (start := passed.end()) < len(text):
            stop = text.index(b"\n", start)
            if self._is_too_long(text[start:stop]):
                return text[:start]
            start = stop + 1
        return text

    def _before_bad_text(self, text: bytes) -> bytes:
        """Return the lines before the first that is not UTF-8."""
        if not text.isascii():
            try:
                text.decode()
            except UnicodeDecodeError as error:
                return text[: text.rfind(b"\n", 0, error.start) + 1]
        return text

    def _refuse_line(self, line: bytes | bytearray) -> None:
        """Say what is wrong with a line that is too long; what is no text is not answered."""
        try:
            line.decode()
        except UnicodeDecodeError:
            self._refuse(b"")
            return
        self.source.log.warning("%s sent a line over %d characters; its connection is closed.", self.peer, self._limit)
        words = f"FAILED: Event exceeds the maximum length ({self._limit} chars, including newline)\n"
        self._refuse(words.encode(self.source.encoding))

    def _refuse(self, words: bytes) -> None:
        """Close after the answers to the lines before."""
        self._rest.clear()
        self._closing_words = words
        self._close_when_answered()

    def _answer(self, lines: int, error: FlumeError | None) -> None:
        self._unanswered -= lines
        if not self.is_closed:
            if error is not None:
                self.write(f"FAILED: {error}\n".encode(self.source.encoding) * lines)
            elif self._ok:
                self.write(self._ok * lines)
        self._close_when_answered()

    def ended(self) -> None:
        """Drop what follows the last newline, as Flume does; close once the lines before are answered."""
        if self._closing_words is None:
            self._closing_words = b""
        self._close_when_answered()

    def _close_when_answered(self) -> None:
        if self._closing_words is not None and not self._unanswered and not self.is_closed:
            self.write(self._closing_words)
            self.transport.close()
