"""The header_and_text serializer. The expected lines were written by Flume 1.11."""

from flumepy.core.batch import EventBatch
from flumepy.serializers.header_and_text import HeaderAndTextSerializer
from flumepy.testing.conformance import SerializerConformance
from flumepy.testing.fakes import build


def written(batch: EventBatch, **settings: str) -> bytes:
    return b"".join(build(HeaderAndTextSerializer, settings).serialize([batch]))


class TestLaw(SerializerConformance):
    def make(self) -> HeaderAndTextSerializer:
        return build(HeaderAndTextSerializer)

    def read(self, data: bytes) -> list[bytes]:
        return [line.rpartition(b"} ")[2] for line in data.splitlines()]


def test_a_header_that_some_events_lack_is_printed_where_it_is() -> None:
    digits: list[str | None] = ["0", "1", None]
    batch = EventBatch([b"0", b"1", b"3"], {"datacenter": "Zürich", "a": "b", "digit": digits})
    assert written(batch).decode() == (
        "{a=b, datacenter=Zürich, digit=0} 0\n{a=b, datacenter=Zürich, digit=1} 1\n{a=b, datacenter=Zürich} 3\n"
    )


def test_shared_headers_and_no_headers_are_printed_on_each_line() -> None:
    assert written(EventBatch([b"x", b"y"], {"k": "v"})) == b"{k=v} x\n{k=v} y\n"
    assert written(EventBatch([b"x", b"y"])) == b"{} x\n{} y\n"


def test_without_append_newline_events_touch() -> None:
    assert written(EventBatch([b"x", b"y"]), appendNewline="false") == b"{} x{} y"
    assert written(EventBatch([b"x", b"y"], {"k": ["1", None]}), appendNewline="false") == b"{k=1} x{} y"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert written(EventBatch([b"x"], {"k": "\ud800"})) == b"{k=?} x\n"
