"""Blobs: a file is one event, or a slice of it."""

import io
import logging

import pytest

from flumepy.core.deserializer import TextRules
from flumepy.core.errors import ConfigurationError
from flumepy.deserializers.blob import BATCH_BYTES, BlobDeserializer
from flumepy.testing.conformance import DeserializerConformance
from flumepy.testing.fakes import build


def test_a_file_is_one_event_unchanged() -> None:
    lines = build(BlobDeserializer).open(io.BytesIO(b"a\n\xff\r\n"), 0, TextRules())
    assert lines.read(100).bodies == [b"a\n\xff\r\n"]
    assert lines.position == 5
    assert lines.read(100).bodies == []


def test_a_longer_file_is_cut_and_said_so_once(caplog: pytest.LogCaptureFixture) -> None:
    blobs = build(BlobDeserializer, {"maxBlobLength": "4"}, name="r1")
    with caplog.at_level(logging.WARNING):
        first = blobs.open(io.BytesIO(b"0123456789"), 4, TextRules())
        assert first.read(1).bodies == [b"4567"]
        assert first.position == 8
        assert first.read(10).bodies == [b"89"]
        assert blobs.open(io.BytesIO(b"0123456789"), 0, TextRules()).read(10).bodies == [b"0123", b"4567", b"89"]
    assert len(caplog.records) == 1


def test_a_batch_of_large_blobs_is_bounded_in_bytes() -> None:
    blobs = build(BlobDeserializer, {"maxBlobLength": str(BATCH_BYTES)})
    reader = blobs.open(io.BytesIO(b"x" * (3 * BATCH_BYTES)), 0, TextRules())
    assert [len(reader.read(100).bodies) for _ in range(4)] == [1, 1, 1, 0]


def test_a_length_below_one_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        build(BlobDeserializer, {"maxBlobLength": "0"})


class TestLaw(DeserializerConformance):
    """The conformance suite."""

    def make(self) -> BlobDeserializer:
        return build(BlobDeserializer, {"maxBlobLength": "3"})

    def sample(self) -> tuple[bytes, list[bytes]]:
        return b"abc\ndef\ng", [b"abc", b"\nde", b"f\ng"]
