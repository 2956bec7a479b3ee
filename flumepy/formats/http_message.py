"""HTTP/1.x requests in, without I/O, with limits on everything.

`RequestParser.feed` takes what arrived and returns what it meant, in order: complete requests, `Refusal`s (the last thing a
parser says) and `EXPECTS_BODY` where the client waits for a 100. A body is never collected beyond its limit, and all
bodies of a source share a `ByteBudget`. A head that a client repeats is compared, not parsed (formats/http_head).
Source: Jetty 9.4.41 HttpParser, Request.
"""

from dataclasses import dataclass, field, replace
from enum import Enum

import httptools

from flumepy.formats.http_head import RepeatedHead, repeated_head
from flumepy.formats.http_request import HttpRequest

#: a client whose heads still differ after so many is not looked at again
HEADS_TRIED = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is answered with an error before it was complete; the connection closes after it."""

    status: int
    reason: str


class Signal(Enum):
    """What a parser says beside requests."""

    EXPECTS_BODY = "the client waits for 100 Continue"


EXPECTS_BODY = Signal.EXPECTS_BODY
Item = HttpRequest | Refusal | Signal


@dataclass(slots=True)
class ByteBudget:
    """Bytes of incomplete bodies over all connections of a source."""

    limit: int
    used: int = 0


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Limits in bytes. `cut_body_at`: longer bodies are cut there and not refused."""

    header_bytes: int
    body_bytes: int
    cut_body_at: int | None = None


@dataclass(slots=True)
class RequestParser:
    """Parses one connection."""

    limits: RequestLimits
    budget: ByteBudget
    is_busy: bool = False  #: a request has begun and is not complete
    sample: HttpRequest | None = None  #: a request with the repeated head, as it was parsed
    _items: list[Item] = field(default_factory=list)
    _refusal: Refusal | None = None
    _target: bytes = b""
    _headers: dict[str, str] = field(default_factory=dict)
    _header_bytes: int = 0
    _is_in_headers: bool = False
    _has_begun: bool = False
    _body: bytes | bytearray = b""
    _cut_bytes: int = 0
    _repeated: RepeatedHead | None = None
    _heads_tried: int = 0
    _parser: httptools.HttpRequestParser = field(init=False)

    def __post_init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: memoryview) -> list[Item]:
        """Take what arrived; after a refusal nothing more is understood."""
        if self._has_refused():
            return []
        if self._repeated is not None and self.sample is not None and not self.is_busy:
            data = self._take_repeated(data, self._repeated, self.sample)
            if not data:
                items, self._items = self._items, []
                return items
        was_idle, count = not self.is_busy, len(self._items)
        was_in_headers, self._has_begun = self._is_in_headers, False
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            self._refuse(400, f"Bad request: {error}")
        if was_in_headers and self._is_in_headers and not self._has_begun:
            self._count_header(len(data))
        items, self._items = self._items, []
        if self._refusal is not None:
            items.append(self._refusal)
        elif was_idle and self._heads_tried < HEADS_TRIED and len(items) > count:
            self._learn(bytes(data), items[count])
        return items

    def sole_body(self, data: bytes) -> int:
        """Return where the body begins if this is one request with the known head, whole and within every limit; else 0."""
        repeated = self._repeated
        if repeated is None or self.is_busy or self._refusal is not None:
            return 0
        sizes = repeated.sizes(data)
        if sizes is None:
            return 0
        start, length = sizes
        return start if start + length == len(data) and length <= self._room() else 0

    def _room(self) -> int:
        limits, budget = self.limits, self.budget
        most = limits.body_bytes if limits.cut_body_at is None else min(limits.body_bytes, limits.cut_body_at)
        left = budget.limit - budget.used
        return most if most < left else left

    def _take_repeated(self, data: memoryview, head: RepeatedHead, sample: HttpRequest) -> memoryview:
        """Take the complete requests that begin with the known head and fit every limit; return what is left."""
        room, size, at = self._room(), len(data), 0
        while at < size and (sizes := head.sizes(bytes(data[at : at + head.size_bytes]))):
            start, stop = at + sizes[0], at + sizes[0] + sizes[1]
            if stop > size or sizes[1] > room:
                break
            body = bytes(data[start:stop])
            self._items.append(
                HttpRequest(sample.method, sample.target, sample.version, head.headers.copy(), True, body)
            )
            at = stop
        return data[at:]

    def _has_refused(self) -> bool:
        return self._refusal is not None

    def _learn(self, data: bytes, item: Item) -> None:
        """Remember the head of a complete request, so that the next one like it need not be parsed."""
        if isinstance(item, HttpRequest) and item.keep_alive and item.version == "1.1" and not item.cut_bytes:
            self._heads_tried += 1
            self._repeated = repeated_head(data, item.body, item.headers)
            self.sample = replace(item, body=b"")

    def _parse(self, data: memoryview) -> None:
        while len(data) and self._refusal is None:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
                self._parser = httptools.HttpRequestParser(self)
                self._decline_upgrade()
            else:
                return

    def _decline_upgrade(self) -> None:
        """Serve the request as if it had not asked (the parser skips its body otherwise); Jetty does without HTTP/2."""
        if self._refusal is not None or not isinstance(request := self._items[-1], HttpRequest):
            return
        if request.method == "CONNECT":
            return
        self._items.pop()
        gone = ("upgrade", "connection", "expect")
        lines = [f"{name}: {value}" for name, value in request.headers.items() if name not in gone]
        head = "\r\n".join([f"{request.method} {request.target} HTTP/1.1", *lines, "", ""])
        self._parser.feed_data(head.encode("latin-1"))

    def close(self) -> None:
        """Give back what an incomplete body holds of the budget."""
        self.budget.used -= len(self._body)
        self._body = b""
        self.is_busy = False

    def _refuse(self, status: int, reason: str) -> None:
        if self._refusal is None:
            self._refusal = Refusal(status, reason)
            self.close()

    def _count_header(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > self.limits.header_bytes:
            self._refuse(431, "Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """Start a request (called by httptools, as all of these)."""
        if self._refusal is None:
            self._target, self._headers, self._body, self._cut_bytes = b"", {}, b"", 0
            self._header_bytes = 0
            self._is_in_headers = self.is_busy = self._has_begun = True

    def on_url(self, url: bytes) -> None:
        """Collect the request target."""
        if len(self._target) + len(url) > self.limits.header_bytes:
            self._refuse(414, "URI Too Long")
        if self._refusal is None:
            self._target += url
            self._count_header(len(url))

    def on_header(self, name: bytes, value: bytes | None) -> None:
        """Keep a header; trailers are dropped."""
        if self._refusal is None and self._is_in_headers:
            self._headers.setdefault(name.decode("latin-1").lower(), (value or b"").decode("latin-1"))
            self._count_header(len(name) + len(value or b"") + 4)

    def on_headers_complete(self) -> None:
        """Refuse what cannot be taken before its body is read."""
        self._is_in_headers = False
        if self._refusal is not None:
            return
        length = self._headers.get("content-length", "")
        if self._parser.get_http_version() == "1.1" and "host" not in self._headers:
            self._refuse(400, "No Host")
        elif self.limits.cut_body_at is None and length.isdigit() and int(length) > self.limits.body_bytes:
            self._refuse_body()
        elif self._headers.get("expect", "").lower() == "100-continue":
            self._items.append(EXPECTS_BODY)

    def _refuse_body(self) -> None:
        self._refuse(413, f"The request is larger than {self.limits.body_bytes} bytes (max-request-bytes)")

    def on_body(self, chunk: bytes) -> None:
        """Collect a part of the body."""
        if self._refusal is not None:
            return
        limit = self.limits.cut_body_at
        if limit is None and len(self._body) + len(chunk) > self.limits.body_bytes:
            self._refuse_body()
            return
        if limit is not None and len(self._body) + len(chunk) > limit:
            kept = chunk[: limit - len(self._body)]
            self._cut_bytes += len(chunk) - len(kept)
            chunk = kept
        self.budget.used += len(chunk)
        if not self._body:
            self._body = chunk
        elif isinstance(self._body, bytearray):
            self._body += chunk
        else:
            self._body = bytearray(self._body) + chunk
        if self.budget.used > self.budget.limit:
            self._refuse(503, f"More than {self.budget.limit} bytes of requests are under way (max-buffered-bytes)")

    def on_message_complete(self) -> None:
        """Hand the request over."""
        if self._refusal is not None:
            return
        parser = self._parser
        request = HttpRequest(
            method=parser.get_method().decode("latin-1"),
            target=self._target.decode("latin-1"),
            version=parser.get_http_version(),
            headers=self._headers,
            keep_alive=parser.should_keep_alive(),
            body=bytes(self._body),
            cut_bytes=self._cut_bytes,
        )
        if not request.keep_alive:
            self._repeated, self._heads_tried = None, HEADS_TRIED  # nothing may follow
        self.close()
        self._items.append(request)
