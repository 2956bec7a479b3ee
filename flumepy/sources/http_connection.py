"""One connection of the http source: requests in, through the handler, answers out in their order.

A post that is like the one before, with the same head and events printed alike, is neither parsed nor made a request
(sources/http_like_reader.py); everything else takes the long way, which is here. One that was refused may go on sending
for `LINGER_S`, unread, so that it sees the answer.
"""

from time import monotonic
from typing import TYPE_CHECKING

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelError, FlumeError, StoppedError
from flumepy.core.intake import Parcel
from flumepy.core.network import Connection
from flumepy.core.shared_reader import Member
from flumepy.formats.http_answer import AnswerQueue, Exchange
from flumepy.formats.http_message import Item, Refusal, RequestParser
from flumepy.formats.http_request import HttpRequest
from flumepy.http_handlers.handler import BadRequestError
from flumepy.sources.http_like_reader import LikeReader

if TYPE_CHECKING:
    from flumepy.sources.http import HttpSource

LINGER_S = 2.0
#: answers that do not depend on the body
METHOD_STATUS = {"OPTIONS": 403, "TRACE": 403, "PUT": 405, "DELETE": 405}


class HttpConnection(Connection):
    """One connection; answers leave in the order of the requests."""

    source: "HttpSource"

    def __init__(self, source: "HttpSource") -> None:
        super().__init__(source)
        self._parser = RequestParser(source.limits, source.budget)
        self._answers = AnswerQueue(source.common_headers)
        self._active_s = monotonic()
        self._request_began_s = self._active_s
        self.is_closing = False
        self._is_scheduled = False
        self._sample: HttpRequest | None = None
        self._like_reader = LikeReader(source, self, self._parser, self._answers)

    def received(self, data: memoryview) -> None:
        """Parse, hand over to the handler; what comes after the last request is dropped."""
        self._active_s = monotonic()
        if self.is_closing:
            return
        if self._like_reader.like is not None and self._shared is None:
            self.read_together()
        was_busy = self._parser.is_busy
        items = self._parser.feed(data)
        for item in items:
            was_busy = False
            if self._take(item):
                break
        if not was_busy:
            self._request_began_s = self._active_s
        self._write_answers()
        if items and self._parser.sample is not None:
            self._learn(self._parser.sample)

    def _learn(self, sample: HttpRequest) -> None:
        """Ask the handler what posts with the head that the parser has learned may be like after this one."""
        if sample is not self._sample:
            self._sample = sample
            self._like_reader.exchange = self._answers.exchange(sample)
        self._like_reader.like = self.source.handler.like_post(sample) if sample.method == "POST" else None

    def member(self) -> Member:
        """Let what is like the last post go its short way."""
        self._like_reader.watch(self._descriptor)
        return self._like_reader

    def _take(self, item: Item) -> bool:
        """Handle what the parser found; tell whether the connection closes after it."""
        if isinstance(item, HttpRequest):
            exchange = self._answers.open(item)
            self.is_closing = exchange.is_last
            self._handle(exchange, item)
        elif isinstance(item, Refusal):
            self._refuse(item)
        else:
            self._answers.go_on()
        return self.is_closing

    def _refuse(self, refusal: Refusal) -> None:
        """Answer an incomplete request after all before it, then close."""
        self.is_closing = True
        self.source.counters.event_read_fail += 1
        self._fail(self._answers.open(None), refusal.status, refusal.reason)

    def _handle(self, exchange: Exchange, request: HttpRequest) -> None:
        if request.method not in ("POST", "GET", "HEAD"):
            exchange.answer(METHOD_STATUS.get(request.method, 501))
            return
        counters = self.source.counters
        try:
            with self.source.guard:
                batch = self.source.handler.handle(request)
        except BadRequestError as error:
            counters.event_read_fail += 1
            self._fail(exchange, 400, f"Bad request from client. {error}")
            return
        except FlumeError as error:
            counters.event_read_fail += 1
            self._fail(exchange, 500, f"Deserializer threw unexpected exception. {error}")
            return
        request.body = b""
        count = len(batch)
        counters.append_batch_received += 1
        counters.event_received += count
        if not count:
            counters.append_batch_accepted += 1
            exchange.answer(200)
            return
        self._put(exchange, batch)

    def _put(self, exchange: Exchange, batch: EventBatch) -> None:
        count = len(batch)

        def committed(_: int, error: FlumeError | None) -> None:
            if error is None:
                self.source.counters.append_batch_accepted += 1
                self.source.counters.event_accepted += count
                exchange.answer(200)
                self.write_soon()
            else:
                self.refused(exchange, error)

        self.source.like_posts.close()
        self.source.intake.add(Parcel(batch, committed, [count]))

    def refused(self, exchange: Exchange, error: FlumeError) -> None:
        """Answer a request whose events are in no channel."""
        counters = self.source.counters
        if isinstance(error, ChannelError | StoppedError):
            counters.channel_write_fail += 1
            self._fail(exchange, 503, f"Error appending event to channel. Channel might be full. {error}")
        else:
            counters.generic_processing_fail += 1
            self._fail(exchange, 500, f"Unexpected error while appending event to channel. {error}")
        self.write_soon()

    def write_soon(self) -> None:
        """Write what can be written, at once where one request only is open."""
        if len(self._answers) == 1:
            self._write_answers()
        else:
            self._schedule()

    def _fail(self, exchange: Exchange, status: int, message: str) -> None:
        self.source.complain(status, self.peer, message)
        exchange.fail(status, message)

    def _schedule(self) -> None:
        """Write soon: what is committed in one turn leaves in one write."""
        if not self._is_scheduled and not self.is_closed:
            self._is_scheduled = True
            self.source.loop.call_soon(self._write_answers)

    def _write_answers(self) -> None:
        self._is_scheduled = False
        answers, is_last = self._answers.ready()
        if self.is_closed:
            return
        if answers:
            self._active_s = monotonic()
            self.write(answers)
        if is_last:
            self._close_gently()
        elif self.is_ended and not self._answers:
            self.transport.close()

    def _close_gently(self) -> None:
        """Close the writing side; read and drop for a while what the client is still sending."""
        if self.is_ended or not self.transport.can_write_eof():
            self.transport.close()
            return
        try:
            self.transport.write_eof()
        except OSError:  # the peer has reset the connection, and the transport does not know yet
            self.transport.abort()
            return
        self.source.loop.call_later(LINGER_S, self.transport.abort)

    def ended(self) -> None:
        """Close once all that was read is answered, at once if a request is cut short."""
        self.is_closing = True
        if not self._answers:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Give the memory back."""
        super().connection_lost(error)
        self._parser.close()

    def check_time(self, now_s: float, idle_limit_s: float, request_limit_s: float) -> None:
        """Close what is idle, refuse a request that takes too long."""
        if self.is_closed or (self._answers and not self.transport.get_write_buffer_size()):
            return
        is_idle = 0 < idle_limit_s <= now_s - max(self._active_s, self._like_reader.answered_s)
        is_slow = self._parser.is_busy and 0 < request_limit_s <= now_s - self._request_began_s
        if self._parser.is_busy and not self.is_closing and (is_idle or is_slow):
            self._parser.close()
            self._refuse(Refusal(408, "The request took too long to arrive."))
            self._write_answers()
        elif is_idle:
            self.transport.abort()
