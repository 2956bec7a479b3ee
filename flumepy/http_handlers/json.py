"""JSONHandler: the body is a JSON array of events, `[{"headers": {"a": "b"}, "body": "text"}, …]`.

Four steps, each for what the one before refuses: events that are printed alike are cut at the text between their bodies
(formats/event_skeleton), then strings only, then valid JSON with numbers and booleans where strings belong, and last
whatever else Gson lets pass (up to LENIENT_BYTES, because that one is slow). Headers are first kept as raw text: where all
events of a request have the same, they are read once and become shared columns.
Source: JSONHandler, JSONEvent; statuses were compared with the real agent.
"""

import re
from codecs import BOM_UTF16_BE
from itertools import chain

import msgspec

from flumepy.core.batch import Column, EventBatch, shared
from flumepy.core.component import Context
from flumepy.core.errors import InputError
from flumepy.core.line_text import LineText
from flumepy.core.options import NoOptions
from flumepy.formats.event_skeleton import EventSkeleton, find_skeleton
from flumepy.formats.gson import JsonObject, JsonSyntaxError, JsonValue, read_json
from flumepy.formats.http_request import HttpRequest
from flumepy.http_handlers.handler import BadRequestError, HttpHandler, LikePost

LENIENT_BYTES = 4 * 1024 * 1024
BAD_SYNTAX = "Request has invalid JSON Syntax."
NO_EVENTS = "The request holds no JSON array, or one with an empty element."

HeaderMap = dict[str, str | None]


class _TextEvent(msgspec.Struct, gc=False):
    headers: msgspec.Raw = msgspec.Raw(b"{}")
    body: str | None = None


class _RawEvent(msgspec.Struct, gc=False):
    headers: msgspec.Raw = msgspec.Raw(b"{}")
    body: msgspec.Raw = msgspec.Raw(b"null")


_text_events = msgspec.json.Decoder(list[_TextEvent])
_raw_events = msgspec.json.Decoder(list[_RawEvent])
_text_headers = msgspec.json.Decoder(list[HeaderMap | None])
_raw_headers = msgspec.json.Decoder(list[dict[str, msgspec.Raw] | None])
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])
_text_value = msgspec.json.Decoder(str)
_BLANK_BEFORE_COLON = re.compile(rb"[ \t\r\n]:")


class JsonHandler(HttpHandler[NoOptions]):
    """The default handler."""

    Options = NoOptions

    def __init__(self, context: Context, options: NoOptions) -> None:
        super().__init__(context, options)
        # The headers of a client seldom change: the last ones read are kept.
        self._last_raw = b""
        self._last_headers: dict[str, Column] = {}
        self._last_skeleton: EventSkeleton | None = None
        self._skeleton_headers: dict[str, Column] = {}
        self._last_content_type: str | None = None
        self._last_charset = ""

    def handle(self, request: HttpRequest) -> EventBatch:
        """Return the events of the array. Raises BadRequestError, InputError."""
        charset = self._charset_of(request)
        data = _utf8(request, charset)
        if charset == "utf-8" and (batch := self._like_events(data)) is not None:
            return batch
        try:
            bodies, raw_headers = _strict_events(data)
            headers = self._columns(raw_headers)
        except (msgspec.DecodeError, RecursionError):
            events = _lenient_events(data)
            bodies, headers = [body for body, _ in events], _merge([headers for _, headers in events])
        return EventBatch(_encoded(bodies, charset), headers)

    def like_post(self, request: HttpRequest) -> LikePost | None:
        """Cut bodies that are printed like the last one; a charset is looked at here, once."""
        if type(self).handle is not JsonHandler.handle:  # a plugin's own, which wants to see every request
            return None
        try:
            if self._charset_of(request) != "utf-8":
                return None
        except InputError:
            return None
        skeleton = self._last_skeleton
        return LikePost(_like_none if skeleton is None else skeleton.lines, self._skeleton_headers)

    def _charset_of(self, request: HttpRequest) -> str:
        content_type = request.headers.get("content-type", "")
        if content_type != self._last_content_type:
            self._last_charset, self._last_content_type = _charset(request), content_type
        return self._last_charset

    def _like_events(self, data: bytes) -> EventBatch | None:
        skeleton = self._last_skeleton
        cut = None if skeleton is None else skeleton.texts(data)
        if skeleton is None or cut is None:
            skeleton = find_skeleton(data)
            cut = None if skeleton is None else skeleton.texts(data)
            if skeleton is None or cut is None or not self._learn(skeleton):
                return None
        lines, texts = cut
        if b"\n" in data:
            size_bytes = len(data) - skeleton.size_bytes(len(texts))
            return EventBatch(texts, self._skeleton_headers, body_bytes=size_bytes)
        return EventBatch.from_text(LineText(lines, len(texts)), self._skeleton_headers)

    def _learn(self, skeleton: EventSkeleton) -> bool:
        """Prove what the texts of a skeleton are and keep it; false where they are not the bodies of equal events."""
        try:
            bodies, raw_headers = _strict_events(skeleton.with_texts(b"?1", b"?2"))
            headers = self._columns(raw_headers)
        except (InputError, msgspec.DecodeError, RecursionError):
            return False
        if bodies != ["?1", "?2"] or bytes(raw_headers[0]) != bytes(raw_headers[1]):
            return False
        self._last_skeleton, self._skeleton_headers = skeleton, headers
        return True

    def _columns(self, raw_headers: list[msgspec.Raw]) -> dict[str, Column]:
        if not raw_headers:
            return {}
        joined = b",".join(raw_headers)
        first = bytes(raw_headers[0])
        if joined != b",".join([first] * len(raw_headers)):
            return _merge(_header_maps(joined))
        if first != self._last_raw:
            self._last_headers = _merge(_header_maps(first))
            self._last_raw = first
        return self._last_headers


def _like_none(data: bytes, start: int) -> None:
    """Cut nothing: no events were printed alike yet."""


def _charset(request: HttpRequest) -> str:
    charset = (request.content_type[1] or "UTF-8").lower()
    if charset == "utf8":
        charset = "utf-8"
    if charset not in ("utf-8", "utf-16", "utf-32"):
        raise InputError("JSON handler supports UTF-8, UTF-16 and UTF-32 only.")
    return charset


def _utf8(request: HttpRequest, charset: str) -> bytes:
    """Return the text as UTF-8; what cannot be decoded becomes U+FFFD, as in Java."""
    body = request.body
    if charset != "utf-8":
        marks = {"utf-16": (b"\xfe\xff", b"\xff\xfe"), "utf-32": (b"\x00\x00\xfe\xff", b"\xff\xfe\x00\x00")}[charset]
        # Without a mark Java reads big-endian.
        text = body.decode(charset if body.startswith(marks) else f"{charset}-be", "replace")
        return text.encode(errors="replace")
    if body.isascii():
        return body
    try:
        body.decode()
    except UnicodeDecodeError:
        media_type, named = request.content_type
        # Jetty takes every other type without a charset for ISO-8859-1, also where the text is plainly UTF-8.
        fallback = "utf-8" if named or media_type in ("application/json", "text/json") else "iso-8859-1"
        return body.decode(fallback, "replace").encode()
    return body


def _strict_events(data: bytes) -> tuple[list[str | None], list[msgspec.Raw]]:
    try:
        texts = _text_events.decode(data)
    except msgspec.ValidationError:
        raws = _raw_events.decode(data)
        return [_literal(raw.body) for raw in raws], [raw.headers for raw in raws]
    return [event.body for event in texts], [event.headers for event in texts]


def _literal(raw: msgspec.Raw) -> str | None:
    """Return a string's value, the text of a number or boolean, None for null."""
    text = bytes(raw)
    if text[:1] == b'"':
        return _text_value.decode(text)
    if text[:1] in (b"{", b"["):
        raise BadRequestError(BAD_SYNTAX)
    return None if text == b"null" else text.decode()


def _header_maps(joined: bytes) -> list[HeaderMap]:
    """Read header objects that stand side by side."""
    array = b"[%b]" % joined
    maps: list[HeaderMap]
    try:
        maps = [headers or {} for headers in _text_headers.decode(array)]
    except msgspec.ValidationError:
        maps = [_literals(headers) for headers in _raw_headers.decode(array)]
    # A name that stands twice is an error for Gson. There is none if there are no more names than colons, or, where
    # values hold colons too, than colons right behind a quote.
    names = sum(map(len, maps))
    if joined.count(b":") != names and (joined.count(b'":') != names or _BLANK_BEFORE_COLON.search(joined)):
        return [_checked_pairs(read_json(bytes(headers).decode())) for headers in _raw_list.decode(array)]
    return maps


def _literals(headers: dict[str, msgspec.Raw] | None) -> HeaderMap:
    return {name: _literal(value) for name, value in (headers or {}).items()}


def _merge(maps: list[HeaderMap]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for name in dict.fromkeys(chain.from_iterable(maps)):
        column = [one.get(name) for one in maps]
        if column.count(None) < len(column):
            columns[name] = shared(column)
    return columns


def _lenient_events(data: bytes) -> list[tuple[str | None, HeaderMap]]:
    if len(data) > LENIENT_BYTES:
        raise BadRequestError(f"{BAD_SYNTAX} Over {LENIENT_BYTES} bytes only strict JSON is read.")
    try:
        value = read_json(data.decode())
    except JsonSyntaxError as error:
        raise BadRequestError(f"{BAD_SYNTAX} ({error})") from error
    if value is None:
        raise InputError(NO_EVENTS)
    if not isinstance(value, list) or isinstance(value, JsonObject):
        raise BadRequestError(BAD_SYNTAX)
    events = [_lenient_event(element) for element in value if element is not None]
    if len(events) < len(value):
        raise InputError(NO_EVENTS)
    return events


def _lenient_event(element: JsonValue) -> tuple[str | None, HeaderMap]:
    if not isinstance(element, JsonObject):
        raise BadRequestError(BAD_SYNTAX)
    body: str | None = None
    headers: HeaderMap = {}
    for name, value in element:
        if name == "body":
            if isinstance(value, list):
                raise BadRequestError(BAD_SYNTAX)
            body = value
        elif name == "headers":
            headers = _checked_pairs(value)
    return body, headers


def _checked_pairs(value: JsonValue) -> HeaderMap:
    """Return an object, or Gson's other form of a map: an array of pairs."""
    if value is None:
        return {}
    if isinstance(value, str):
        raise BadRequestError(BAD_SYNTAX)
    headers: HeaderMap = {}
    for pair in value:
        if not isinstance(pair, tuple | list) or isinstance(pair, JsonObject) or len(pair) != 2:
            raise BadRequestError(BAD_SYNTAX)
        name, text = pair
        name = "null" if name is None else name
        if isinstance(name, list) or isinstance(text, list) or headers.get(name) is not None:
            raise BadRequestError(BAD_SYNTAX)
        headers[name] = text
    return headers


def _encoded(bodies: list[str | None], charset: str) -> list[bytes]:
    """Encode as Java does: UTF-16 gets a mark, UTF-32 none, and an absent body is empty."""
    if charset != "utf-8":
        mark = BOM_UTF16_BE if charset == "utf-16" else b""
        return [mark + body.encode(f"{charset}-be") if body else b"" for body in bodies]
    try:
        return list(map(str.encode, bodies))  # type: ignore[arg-type]
    except TypeError:
        return [body.encode() if body else b"" for body in bodies]
