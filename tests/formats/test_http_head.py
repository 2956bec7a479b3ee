"""A parser that knows a head understands what follows exactly as one that does not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.formats.http_head import repeated_head
from flumepy.formats.http_message import ByteBudget, Item, RequestLimits, RequestParser
from flumepy.formats.http_request import HttpRequest

HEAD = "POST /in HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nX-Last: 1\r\n\r\n"
LIMITS = RequestLimits(8192, 64)


def request(body: str, length: int | str | None = None) -> bytes:
    return (HEAD.format(len(body) if length is None else length) + body).encode()


def understood(parser: RequestParser, reads: list[bytes]) -> list[Item]:
    return [item for read in reads for item in parser.feed(memoryview(read))]


def experienced_parser(limits: RequestLimits = LIMITS, budget: ByteBudget | None = None) -> RequestParser:
    parser = RequestParser(limits, budget or ByteBudget(1000))
    assert [item.body for item in parser.feed(memoryview(request("first"))) if isinstance(item, HttpRequest)] == [
        b"first"
    ]
    return parser


MESSAGES = [
    request("abc"),
    request("d" * 12),
    request(""),
    request("e" * 65),
    request("f", "01"),
    request("g", "+1"),
    request("h", ""),
    request("i", "9" * 20),
    request("j", "1 "),
    request("k").replace(b"X-Last: 1", b"X-Last: 2"),
    request("l").replace(b"X-Last: 1", b"Connection: close"),
    request("m").replace(b"X-Last: 1", b"Expect: 100-continue"),
    request("n").replace(b"Host: a\r\n", b""),
    request("o").replace(b"1.1", b"1.0"),
    request("p").replace(b"X-Last: 1", b"Connection: upgrade\r\nUpgrade: h2c"),
    b"\r\n",
    b"POST /in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
]


@st.composite
def reads(draw: st.DrawFn) -> list[bytes]:
    """Messages one by one, or together and cut anywhere."""
    messages = draw(st.lists(st.one_of(st.just(MESSAGES[0]), st.sampled_from(MESSAGES)), max_size=6))
    data = b"".join(messages)
    if draw(st.booleans()):
        return messages
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=4)))
    return [data[start:stop] for start, stop in pairwise([0, *cuts, len(data)])]


@given(reads(), st.sampled_from([None, 8]))
def test_what_follows_a_known_head_means_the_same_as_to_a_new_parser(
    data: list[bytes], cut_body_at: int | None
) -> None:
    limits = RequestLimits(LIMITS.header_bytes, LIMITS.body_bytes, cut_body_at)
    new, budget = ByteBudget(1000), ByteBudget(1000)
    expected = understood(RequestParser(limits, new), data)
    found = understood(experienced_parser(limits, budget), data)
    for item in found + expected:
        if isinstance(item, HttpRequest) and "content-length" in item.headers:
            item.headers["content-length"] = item.headers["content-length"].lstrip("0")
    assert found == expected
    assert budget == new


def test_no_head_is_known_behind_the_last_request() -> None:
    parser = RequestParser(LIMITS, ByteBudget(1000))
    last = request("b").replace(b"X-Last: 1", b"Connection: close")
    assert len(parser.feed(memoryview(request("a") + last))) == 2
    (refusal,) = parser.feed(memoryview(request("c")))
    assert getattr(refusal, "status", None) == 400


@pytest.mark.parametrize(
    ("limits", "used", "longest"),
    [(RequestLimits(1000, 50), 0, 50), (RequestLimits(1000, 50, 20), 0, 20), (RequestLimits(1000, 50), 90, 10)],
)
def test_the_body_of_a_sole_request_with_the_known_head_is_found(
    limits: RequestLimits, used: int, longest: int
) -> None:
    parser = RequestParser(limits, ByteBudget(100))
    assert parser.sole_body(request("abc")) == 0
    parser.feed(memoryview(request("abc")))
    parser.budget.used = used
    for body in ("abc", "x" * longest, "", "abc"):
        data = request(body)
        start = parser.sole_body(data)
        assert data[start:] == body.encode()
        assert start == len(data) - len(body)
        assert [parser.sole_body(other) for other in (data + b"P", data[:-1] if body else data[:-2], b"")] == [0, 0, 0]
    assert parser.sole_body(request("x" * (longest + 1))) == 0
    assert parser.sole_body(request("abc").replace(b"X-Last: 1", b"X-Last: 2")) == 0
    parser.feed(memoryview(request("abc")[:-1]))
    assert parser.sole_body(request("abc")) == 0


def test_a_repeated_head_is_compared_and_not_parsed() -> None:
    head = repeated_head(request("first"), b"first", {"host": "a", "content-length": "5"})
    assert head is not None
    following = request("~" * 40)
    for known in (following, request("#" * 40), request("~" * 41), following):
        body_bytes = known.count(known[-1:])
        assert head.sizes(known) == (len(known) - body_bytes, body_bytes)
        assert head.headers == {"host": "a", "content-length": str(body_bytes)}
    assert head.sizes(following.replace(b"X-Last: 1", b"X-Last: 2")) is None
    assert head.sizes(request("x", "1a")) is None


@pytest.mark.parametrize(
    "data",
    [
        request("a").replace(b"X-Last", b"Content-Length"),
        request("a").replace(b"X-Last: 1", b"Upgrade: h2c"),
        request("a").replace(b"X-Last: 1", b"Expect: something"),
        request("a").replace(b"Host: a\r\n", b"Host: a\n"),
        request("a", "2"),
        request("b"),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_a_head_that_is_not_plain_is_not_kept(data: bytes) -> None:
    assert repeated_head(data, b"a", {}) is None


def test_a_request_beyond_the_common_budget_is_refused_behind_a_known_head() -> None:
    budget = ByteBudget(100)
    parser = experienced_parser(RequestLimits(8192, 1000), budget)
    budget.used = 95
    (refusal,) = parser.feed(memoryview(request("x" * 6)))
    assert getattr(refusal, "status", None) == 503


def test_handlers_may_change_the_headers_of_their_request() -> None:
    parser = experienced_parser()
    for _ in range(2):
        (found,) = parser.feed(memoryview(request("abcd")))
        assert isinstance(found, HttpRequest)
        assert found.headers == {"host": "a", "content-type": "text/plain", "content-length": "4", "x-last": "1"}
        found.headers.clear()
