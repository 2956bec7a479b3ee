"""Reads one busy connection of the http source: a post that is like the one before is taken as it comes.

It is neither parsed nor made a request, only compared with the head and the events of the one before; everything else takes
the connection's own way. Its answer leaves without the transport, unless that still holds earlier ones.
"""

import os
from time import monotonic
from typing import TYPE_CHECKING

from flumepy.core.errors import FlumeError
from flumepy.formats.http_answer import AnswerQueue, Exchange
from flumepy.formats.http_message import RequestParser
from flumepy.http_handlers.handler import LikePost

if TYPE_CHECKING:
    from flumepy.sources.http import HttpSource
    from flumepy.sources.http_connection import HttpConnection

#: larger posts are worth a batch of their own
LIKE_BYTES = 64 * 1024


class LikeReader:
    """What the shared reader calls for a connection."""

    def __init__(
        self, source: "HttpSource", connection: "HttpConnection", parser: RequestParser, answers: AnswerQueue
    ) -> None:
        self._source = source
        self._connection = connection
        self._parser = parser
        self._answers = answers
        self._descriptor = -1
        #: what the next post may be like, and the exchange of such a post
        self.like: LikePost | None = None
        self.exchange = Exchange(source.common_headers)
        #: when the last answer left
        self.answered_s = monotonic()

    def watch(self, descriptor: int) -> None:
        """Read this socket from now on."""
        self._descriptor = descriptor

    def read_failed(self) -> None:
        """Give the connection up."""
        self._connection.read_failed()

    def read_ready(self) -> None:
        """Read what is there; a post that is like the one before, with nothing to wait for, is taken as it comes."""
        like, connection, source = self.like, self._connection, self._source
        if like is None or self._answers.exchanges or self._parser.is_busy or connection.is_closing or source.is_paused:
            connection.read_ready()
            return
        try:
            data = os.read(self._descriptor, LIKE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            connection.read_failed()
            return
        if not data or connection.transport.is_closing():
            connection.read_ended()
        elif not self._take(data, like):
            source.read_buffer[: len(data)] = data
            connection.buffer_updated(len(data))

    def _take(self, data: bytes, like: LikePost) -> bool:
        """Take a post that is like the one before; false leaves it to the long way."""
        start = self._parser.sole_body(data)
        events = like.cut(data, start) if start else None
        if events is None:
            return False
        lines, count = events
        posts = self._source.like_posts
        if count > posts.limit():
            return False
        exchange = self.exchange
        exchange.answer_bytes = None
        self._answers.exchanges.append(exchange)
        posts.add(self, exchange, lines, count, like.headers)
        return True

    def accepted(self, exchange: Exchange, success: bytes, now_s: float) -> None:
        """Answer a post after its commit."""
        exchanges, connection = self._answers.exchanges, self._connection
        if len(exchanges) == 1 and not connection.is_ended and not connection.is_closed:
            exchanges.clear()
            self.answered_s = now_s
            self._write(success)
        else:
            exchange.answer_bytes = success
            connection.write_soon()

    def refused(self, exchange: Exchange, error: FlumeError) -> None:
        """Answer a post whose events are in no channel."""
        self._connection.refused(exchange, error)

    def _write(self, answer: bytes) -> None:
        transport = self._connection.transport
        if not transport.get_write_buffer_size():
            try:
                sent = os.write(self._descriptor, answer)
            except OSError:
                sent = 0  # the socket is full, or the peer has gone: the transport finds out
            answer = answer[sent:]
        if answer:
            self._connection.write(answer)
