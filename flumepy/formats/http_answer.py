"""HTTP/1.x answers out, without I/O, in the order of their requests; error pages look like Jetty's.

Source: Jetty 9.4.41 HttpGenerator, ErrorHandler.
"""

import html
import time
from collections import deque
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus

import msgspec

from flumepy.formats.http_request import HttpRequest

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True)
class CommonHeaders:
    """The header lines that all answers of a server have."""

    server: str | None
    has_date: bool
    _second: int = 0
    _date: str = ""
    _success: bytes = b""

    def lines(self, *, is_success: bool) -> str:
        """Return the lines; Jetty dates only successes."""
        lines = f"Server: {self.server}\r\n" if self.server else ""
        if is_success and self.has_date:
            now = int(time.time())
            if now != self._second:
                self._second, self._date = now, f"Date: {formatdate(now, usegmt=True)}\r\n"
            lines += self._date
        return lines

    def plain_success(self) -> bytes:
        """Return the answer that nearly every request gets; it changes once a second."""
        if not self._success or (self.has_date and int(time.time()) != self._second):
            self._success = render_response(200, extra=self.lines(is_success=True))
        return self._success


@dataclass(slots=True)
class Exchange:
    """A request and its answer, once it has one."""

    common: CommonHeaders
    path: str = "/"
    accept: str = ""
    version: str = "1.1"
    is_head: bool = False
    is_last: bool = False
    answer_bytes: bytes | None = None

    def answer(self, status: int, body: bytes = b"", extra: str = "") -> None:
        """Set the answer. extra: header lines, each with its line end."""
        if status == 200 and not body and not self.is_last and self.version == "1.1":
            self.answer_bytes = self.common.plain_success()
            return
        extra = self.common.lines(is_success=status == 200) + extra
        self.answer_bytes = render_response(
            status, body, extra=extra, keep_alive=not self.is_last, version=self.version, is_head=self.is_head
        )

    def fail(self, status: int, message: str) -> None:
        """Answer with an error page."""
        content_type, page = error_page(status, message, self.path, self.accept)
        extra = f"Cache-Control: must-revalidate,no-cache,no-store\r\nContent-Type: {content_type}\r\n"
        self.answer(status, page, extra)


class AnswerQueue:
    """The exchanges of one connection."""

    def __init__(self, common: CommonHeaders) -> None:
        self._common = common
        #: in order, those that are not written yet
        self.exchanges: deque[Exchange] = deque()

    def __len__(self) -> int:
        return len(self.exchanges)

    def open(self, request: HttpRequest | None) -> Exchange:
        """Add the exchange of a request; None: of one that never became complete, the last of its connection."""
        exchange = Exchange(self._common, is_last=True) if request is None else self.exchange(request)
        self.exchanges.append(exchange)
        return exchange

    def exchange(self, request: HttpRequest) -> Exchange:
        """Return the exchange of a request, without adding it."""
        return Exchange(
            self._common,
            request.target.partition("?")[0],
            request.headers.get("accept", ""),
            request.version,
            request.method == "HEAD",
            not request.keep_alive,
        )

    def go_on(self) -> None:
        """Tell the client, in its turn, to send the body."""
        self.exchanges.append(Exchange(self._common, answer_bytes=CONTINUE))

    def ready(self) -> tuple[bytes, bool]:
        """Take what can be written now, and tell whether the connection ends with it."""
        answers: list[bytes] = []
        while self.exchanges:
            exchange = self.exchanges[0]
            if exchange.answer_bytes is None:
                break
            answers.append(exchange.answer_bytes)
            self.exchanges.popleft()
            if exchange.is_last:
                self.exchanges.clear()
                return b"".join(answers), True
        return b"".join(answers), False


def render_response(
    status: int,
    body: bytes = b"",
    *,
    extra: str = "",
    keep_alive: bool = True,
    version: str = "1.1",
    is_head: bool = False,
) -> bytes:
    """Return a response. extra: header lines, each with its line end. is_head: leave out the body, not its length."""
    reason = "Server Error" if status == 500 else HTTPStatus(status).phrase
    if not keep_alive:
        extra += "Connection: close\r\n"
    elif version == "1.0":
        extra += "Connection: keep-alive\r\n"
    start = f"HTTP/1.1 {status} {reason}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode("latin-1", "replace")
    return start if is_head else start + body


def error_page(status: int, message: str, path: str, accept: str) -> tuple[str, bytes]:
    """Return content type and body of an error page as Jetty makes it: JSON where the client asks for it, else HTML."""
    if "json" in accept and "html" not in accept:
        page = {"message": message, "url": path, "status": str(status)}
        return "application/json", msgspec.json.encode(page)
    words, path = html.escape(message), html.escape(path)
    return "text/html;charset=utf-8", (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
        f"<title>Error {status} {words}</title>\n</head>\n<body><h2>HTTP ERROR {status} {words}</h2>\n<table>\n"
        f"<tr><th>URI:</th><td>{path}</td></tr>\n<tr><th>STATUS:</th><td>{status}</td></tr>\n"
        f"<tr><th>MESSAGE:</th><td>{words}</td></tr>\n</table>\n</body>\n</html>\n"
    ).encode(errors="replace")
