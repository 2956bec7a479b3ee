"""The text serializer."""

from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import EventBatch
from flumepy.core.line_text import LineText
from flumepy.core.serializer import PIECE_BYTES
from flumepy.serializers.text import TextSerializer
from flumepy.testing.conformance import SerializerConformance
from flumepy.testing.fakes import build


class TestLaw(SerializerConformance):
    def make(self) -> TextSerializer:
        return build(TextSerializer)

    def read(self, data: bytes) -> list[bytes]:
        return data.splitlines()


def test_each_body_ends_with_a_line_feed() -> None:
    parts = build(TextSerializer).serialize([EventBatch([b"a", b"", b"c\r"]), EventBatch([b"d"], {"h": "1"})])
    assert b"".join(parts) == b"a\n\nc\r\nd\n"


def test_lines_are_written_as_they_came() -> None:
    texts = [
        EventBatch.from_text(LineText(b"one\ntwo\nthree\n")),
        EventBatch.from_text(LineText(b"x" * 20_000 + b"\n")),
    ]
    joined = EventBatch.concat(texts)
    parts = build(TextSerializer).serialize([joined.slice(1, 2), joined.slice(2, 4), EventBatch.from_lines([b"end\n"])])
    assert b"".join(parts) == b"two\nthree\n" + b"x" * 20_000 + b"\nend\n"


def test_without_append_newline_bodies_touch() -> None:
    parts = build(TextSerializer, {"appendNewline": "false"}).serialize([EventBatch([b"a", b"b"])])
    assert b"".join(parts) == b"ab"


def test_a_large_batch_comes_in_pieces() -> None:
    bodies = [b"x" * 1000] * 2000
    parts = build(TextSerializer).serialize([EventBatch(bodies)])
    assert max(map(len, parts)) <= PIECE_BYTES + 1000
    assert b"".join(parts) == b"".join(body + b"\n" for body in bodies)


def test_a_text_file_has_no_frame_of_its_own() -> None:
    serializer = build(TextSerializer)
    assert (serializer.begin(), serializer.flush(), serializer.end(), serializer.can_resume) == (b"", b"", b"", True)


@given(st.lists(st.lists(st.binary(max_size=600), min_size=1), min_size=1, max_size=5))
def test_nothing_is_lost_or_moved(batches: list[list[bytes]]) -> None:
    parts = build(TextSerializer).serialize([EventBatch(bodies) for bodies in batches])
    assert b"".join(parts) == b"".join(body + b"\n" for bodies in batches for body in bodies)
