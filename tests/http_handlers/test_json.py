"""JSON posts. The table of statuses and events was recorded from the real agent (Flume 1.11, Gson 2.10)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import Event
from flumepy.core.errors import FlumeError
from flumepy.formats.http_request import HttpRequest
from flumepy.http_handlers.handler import BadRequestError
from flumepy.http_handlers.json import LENIENT_BYTES, JsonHandler
from flumepy.testing.fakes import build


def handle(body: bytes | str, content_type: str | None = "application/json") -> list[Event]:
    data = body.encode() if isinstance(body, str) else body
    headers = {} if content_type is None else {"content-type": content_type}
    return list(build(JsonHandler).handle(HttpRequest("POST", "/", "1.1", headers, True, data)).events())


def status(body: bytes | str, content_type: str | None = "application/json") -> int:
    try:
        handle(body, content_type)
    except BadRequestError:
        return 400
    except FlumeError:
        return 500
    return 200


X = [Event(b"x")]
ACCEPTED: list[tuple[str, list[Event]]] = [
    ('[{"headers":{"a":"b"},"body":"x"}]', [Event(b"x", {"a": "b"})]),
    ("[]", []),
    ("[{}]", [Event(b"")]),
    ('[{"body":null}]', [Event(b"")]),
    ('[{"body":1.50,"headers":{"a":1.50,"b":true,"c":null}}]', [Event(b"1.50", {"a": "1.50", "b": "true"})]),
    ("[{body:abc,headers:{x:'y'}}]", [Event(b"abc", {"x": "y"})]),
    ('[{"body":"1","body":"2"}]', [Event(b"2")]),
    ('[{"headers":null}]', [Event(b"")]),
    ('\ufeff[{"body":"bom"}]', [Event(b"bom")]),
    ('#x\n[{"body":"hash"}]', [Event(b"hash")]),
    ('/*c*/[{"body":"c"}]', [Event(b"c")]),
    ('//x\n[{"body":"c"}]', [Event(b"c")]),
    ('[{"body"="eq";"headers"=>{}}]', [Event(b"eq")]),
    ('[{"body":"a"};{"body":"b"}]', [Event(b"a"), Event(b"b")]),
    (')]}\'\n[{"body":"prefix"}]', [Event(b"prefix")]),
    ('[{"body":"\\ud800"}]', [Event(b"?")]),
    ('[{"body":"\\ud83d\\ude00"}]', [Event("😀".encode())]),
    ("[{'body':'\\ud83d\\ude00'}]", [Event("😀".encode())]),
    ('[{"body":"\\u00e9"}]', [Event("é".encode())]),
    ("[{'body':'it\\'s'}]", [Event(b"it's")]),
    ('[{"body":"a\nb"}]', [Event(b"a\nb")]),
    ('[{"body":NaN}]', [Event(b"NaN")]),
    ('[{"body":-0012}]', [Event(b"-0012")]),
    ('[{"body":"a","unknown":[1,{"x":[]}]}]', [Event(b"a")]),
    ('[{"Body":"a"}]', [Event(b"")]),
    ('[{"headers":{1:2,true:null}}]', [Event(b"", {"1": "2"})]),
    ('[{"body":TRUE}]', [Event(b"true")]),
    ('[{"body":nUll}]', [Event(b"")]),
    ('[{"body":"x"}]\n\n', X),
    ('[{"headers":{null:"b"}}]', [Event(b"", {"null": "b"})]),
    ('[{"body":"\t"}]', [Event(b"\t")]),
    ('[{"body":1e400}]', [Event(b"1e400")]),
    ('[{"body":12345678901234567890123}]', [Event(b"12345678901234567890123")]),
    ('[{"body":"x"/*c*/,//\n"headers":{}}]', X),
    ('[{"body":"\\/\\b\\f"}]', [Event(b"/\b\f")]),
    ('[{"body":"a\\\nb"}]', [Event(b"a\nb")]),
    ('[{"body":a"b}]', [Event(b'a"b')]),
    ('[{"body":"\x00"}]', [Event(b"\x00")]),
    ('[{"":"a"}]', [Event(b"")]),
    ('[{"headers":[["a","b"],["c",1]]}]', [Event(b"", {"a": "b", "c": "1"})]),
    ('[{"headers":{"a":null,"a":"1"}}]', [Event(b"", {"a": "1"})]),
    ('[{"body":"x","body":null}]', [Event(b"")]),
    ('[{"headers":{"a":"1"},"headers":{"b":"2"}}]', [Event(b"", {"b": "2"})]),
    ('[{"body"=>x}]', X),
]  # fmt: skip
REFUSED = [
    '{"body":"x"}', '[{"headers":{"a":"1","a":"2"}}]', '[{"headers":{"a":"1","a" :"2"}}]', '[{"body":{}}]',
    '[{"body":["x"]}]', '[{"headers":["x"]}]', '[{"headers":"x"}]', '[{"body":"a"}', '[{"body":"a"}] x',
    '[{"body":"a"}][]', '[1]', '["a"]', '[{"body":"\\q"}]', '[{"body":abc def}]', "{}", '"x"', "5", "abc",
    '[{"headers":{"a":{}}}]', '[{"headers":{"a":[]}}]', '[{"headers":{"a":"b",}}]', '[{"headers":{"a"}}]',
    '[{"body":"x"}]/*', '[{"body":"x"}]//d', '[{"body":"x"}]#d', "[{,}]", '[{"body":"a",}]', '[{"body":"a";}]',
    '[{"body":}]', '[{"body":,"headers":{}}]', '[{:"a"}]', '{"a":[', "[[]]", "[true]", '[{"headers":[["a","b","c"]]}]',
    '[{"headers":[["a"]]}]', '[{"body":"\\', '[{"body":/x}]', '[{"body":"a" "b"}]', '[{"body"\f:"a"}]',
    '[{"body":"x"}];', '[{"body":"x"}],', '[{"body":=x}]', "nullx", '[{"body":"x"}]\x00', "'x'", "[\u00a0]",
    '[{"body":"\\u00',
]  # fmt: skip
FAILED = ["", "null", "[null]", "[{},]", "[,]", '[{"body":"a"},,{"body":"b"}]', " ", "\n", '[{"body":"\\u12"}]',
          '[{"body":"\\u00zz"}]', ")]}'\n", "null x"]  # fmt: skip


@pytest.mark.parametrize(("body", "events"), ACCEPTED, ids=[body for body, _ in ACCEPTED])
def test_what_gson_accepts_becomes_the_same_events(body: str, events: list[Event]) -> None:
    assert handle(body) == events


@pytest.mark.parametrize("body", REFUSED)
def test_what_gson_calls_a_syntax_error_is_the_clients_fault(body: str) -> None:
    assert status(body) == 400


@pytest.mark.parametrize("body", FAILED)
def test_what_gson_does_not_call_a_syntax_error_is_a_server_error(body: str) -> None:
    assert status(body) == 500


TEXT = '[{"body":"é€😀","headers":{"h":"ü"}}]'
UTF16 = b"\xfe\xff" + "é€😀".encode("utf-16-be")


@pytest.mark.parametrize(
    ("data", "content_type", "body", "header"),
    [
        (TEXT.encode("utf-16-be"), "application/json; charset=utf-16", UTF16, "ü"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "application/json; charset=UTF-16", UTF16, "ü"),
        (TEXT.encode("utf-32-be"), "application/json; charset=UTF-32", "é€😀".encode("utf-32-be"), "ü"),
        (TEXT.encode(), "application/json", "é€😀".encode(), "ü"),
        (TEXT.encode(), 'application/json; charset="UTF-8"', "é€😀".encode(), "ü"),
        (TEXT.encode(), "text/plain;charset=utf8", "é€😀".encode(), "ü"),
        (TEXT.encode(), "text/plain", "é€😀".encode(), "ü"),
        (TEXT.encode(), None, "é€😀".encode(), "ü"),
        (b'[{"body":"\xe9"}]', "application/json", b"\xef\xbf\xbd", None),
        (b'[{"body":"\xe9"}]', "text/plain", "é".encode(), None),
        (b'[{"body":"\xff\xe9x"}]', "application/json; charset=utf-8", b"\xef\xbf\xbd\xef\xbf\xbdx", None),
        ('[{"body":""}]'.encode("utf-16-be"), "application/json; charset=utf-16", b"", None),
        (b"[{}]", "application/json; charset=", b"", None),
    ],
)
def test_bodies_keep_the_charset_of_the_request(
    data: bytes, content_type: str | None, body: bytes, header: str | None
) -> None:
    assert handle(data, content_type) == [Event(body, {} if header is None else {"h": header})]


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16le", "foo", "ascii"])
def test_other_charsets_are_a_server_error(charset: str) -> None:
    assert status("[]", f"application/json; charset={charset}") == 500


def test_equal_headers_become_shared_columns() -> None:
    handler = build(JsonHandler)
    body = json.dumps([{"headers": {"host": "h", "at": "10:20:30"}, "body": str(n)} for n in range(3)]).encode()
    batch = handler.handle(HttpRequest("POST", "/", "1.1", {}, True, body))
    assert batch.bodies == [b"0", b"1", b"2"]
    assert batch.headers == {"host": "h", "at": "10:20:30"}


def test_headers_that_differ_become_columns_with_gaps() -> None:
    handler = build(JsonHandler)
    body = b'[{"headers":{"a":"1","s":"x"}},{"headers":{"b":"2","s":"x"}},{"headers":{"a":3,"s":"x"}}]'
    batch = handler.handle(HttpRequest("POST", "/", "1.1", {}, True, body))
    assert batch.headers == {"a": ["1", None, "3"], "s": "x", "b": [None, "2", None]}


def test_the_headers_of_one_request_do_not_leak_into_the_next() -> None:
    handler = build(JsonHandler)
    for expected in ({"a": "1"}, {"a": "2"}, {}, {"a": "1"}):
        body = json.dumps([{"headers": expected}]).encode()
        assert handler.handle(HttpRequest("POST", "/", "1.1", {}, True, body)).headers == expected


@pytest.mark.parametrize("depth", [150, 1000, 100_000])
def test_deep_nesting_ends_in_an_answer(depth: int) -> None:
    assert status('[{"unknown":' + "[" * depth + "]" * depth + "}]") in (200, 400)


def test_leniency_ends_where_it_would_cost_seconds() -> None:
    assert status("[{body:'" + "x" * LENIENT_BYTES + "'}]") == 400
    assert status('[{"body":"' + "x" * LENIENT_BYTES + '"}]') == 200


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EVENTS = st.lists(
    st.fixed_dictionaries({}, optional={"body": TEXTS, "headers": st.dictionaries(TEXTS, TEXTS, max_size=3)}),
    max_size=5,
)


@given(EVENTS, st.booleans())
def test_every_strict_array_arrives_as_it_is(events: list[dict[str, object]], compact: bool) -> None:
    text = json.dumps(events, separators=(",", ":") if compact else (" , ", " : "), ensure_ascii=not compact)
    assert handle(text) == [Event(str(e.get("body", "")).encode(), dict(e.get("headers", {}))) for e in events]  # type: ignore[call-overload]


ODD = st.text(alphabet='ab"\\{}[],:?12é\n', max_size=6) | st.sampled_from(
    ["body", '"body":"', "?1", "?2", '"},{"body":"', ""]
)
LIKE = st.builds(
    lambda headers, bodies, after, sort: [
        dict(sorted({**({} if after else headers), "body": body, **(headers if after else {})}.items(), reverse=sort))
        for body in bodies
    ],
    st.sampled_from([{}, {"headers": {"a": "b"}}, {"headers": {"body": "?1"}}, {"x": [{"body": "?1"}], "headers": {}}]),
    st.lists(ODD, max_size=6),
    st.booleans(),
    st.booleans(),
)


@given(LIKE, st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]), st.booleans())
def test_like_events_are_cut_as_a_parser_would_cut_them(
    events: list[dict[str, object]], separators: tuple[str, str], is_ascii: bool
) -> None:
    text = json.dumps(events, separators=separators, ensure_ascii=is_ascii)
    assert handle(text) == [Event(str(e["body"]).encode(), dict(e.get("headers", {}))) for e in events]  # type: ignore[call-overload]


@given(
    st.lists(LIKE, max_size=4),
    st.integers(1, 3),
    st.text(alphabet='[]{}":,?12\\n body', max_size=3),
    st.integers(0, 60),
)
def test_a_handler_that_knows_a_client_answers_like_a_new_one(
    posts: list[list[dict[str, object]]], times: int, junk: str, at: int
) -> None:
    handler = build(JsonHandler)
    for events in posts:
        text = json.dumps(events, separators=(",", ":"))
        for post in [text] * times + [text[:at] + junk + text[at:]]:
            request = HttpRequest("POST", "/", "1.1", {"content-type": "application/json"}, True, post.encode())
            try:
                found: list[Event] | type[FlumeError] = list(handler.handle(request).events())
            except FlumeError as error:
                found = type(error)
            try:
                expected: list[Event] | type[FlumeError] = handle(post)
            except FlumeError as error:
                expected = type(error)
            assert found == expected


def test_like_events_stay_one_text_unless_a_body_holds_a_line_feed() -> None:
    handler = build(JsonHandler)
    for _ in range(3):
        for bodies in (["a", "", "ccc"], ["a\nb", "c"]):
            events = ",".join([f'{{"headers":{{"k":"v"}},"body":"{body}"}}' for body in bodies])
            batch = handler.handle(HttpRequest("POST", "/", "1.1", {}, True, f"[{events}]".encode()))
            assert (batch.text is not None) == ("a\nb" not in bodies)
            assert [event.body.decode() for event in batch.events()] == bodies
            assert batch.body_bytes() == len("".join(bodies))
            assert batch.headers == {"k": "v"}


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ('[{"body":"a"},{"body":"b"},{"body":"c"}]', ["a", "b", "c"]),
        ('[{"body":"a","body":"z"},{"body":"b","body":"z"}]', ["z", "z"]),
        ('[{"body":"a"},{"body":"b","headers":{"x":"y"}}]', ["a", "b"]),
        ('[{"x":{"body":"a"},"body":"1"},{"x":{"body":"b"},"body":"1"}]', ["1", "1"]),
        ('[{"x":"{","body":"a"},{"x":"{","body":"b"}]', ["a", "b"]),
        ('[{"body":"a"},{"body":"b"},{"body":3}]', ["a", "b", "3"]),
    ],
)
def test_events_that_only_look_alike_keep_their_bodies(text: str, bodies: list[str]) -> None:
    assert [event.body.decode() for event in handle(text)] == bodies


@given(st.lists(st.text(alphabet='[]{}":,?12 body', max_size=3), max_size=12), st.integers(0, 60))
def test_a_damaged_array_of_like_events_gets_the_same_answer_without_the_short_cut(junk: list[str], at: int) -> None:
    text = '[{"headers":{"a":"b"},"body":"x"},{"headers":{"a":"b"},"body":"y"}]'
    damaged = (text[:at] + "".join(junk) + text[at:]).encode()
    # A comment in front takes the slow way and means nothing.
    assert status(damaged) == status(b"/**/" + damaged)
    if status(damaged) == 200:
        assert handle(damaged) == handle(b"/**/" + damaged)


@given(
    st.text(alphabet="[]{}:,;=\"'\\/*#u0dx1en \n\t-.tfbody", max_size=30)
    | st.text(max_size=20)
    | st.binary(max_size=30)
)
def test_no_body_raises_anything_but_an_answer(body: str | bytes) -> None:
    data = body.encode(errors="replace") if isinstance(body, str) else body
    assert status(data) in (200, 400, 500)
    assert status(b'[{"body":"x","headers":{' + data + b"}}]") in (200, 400, 500)


def test_the_size_of_events_that_were_cut_is_known() -> None:
    data = b' [ {"id": 1, "body": "one"}, {"id": 1, "body": "three"}, {"id": 1, "body": ""} ] '
    batch = build(JsonHandler).handle(HttpRequest("POST", "/", "1.1", {}, True, data))
    assert batch.bodies == [b"one", b"three", b""]
    assert batch.body_bytes() == 8
