"""The avro_event serializer against files that Flume 1.11 wrote, and against fastavro."""

import io
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import Event, EventBatch
from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import Problem
from flumepy.serializers.avro_event import AvroEventSerializer
from flumepy.testing.conformance import SerializerConformance
from flumepy.testing.fakes import build

HERE = Path(__file__).parent
# Flume read the file's UTF-8 as ISO-8859-1, so its header value is that.
PEER_BATCH = EventBatch(
    [b"0", b"1", b"2", b"3", b"4"], {"a": "b", "datacenter": "ZÃ¼rich", "digit": ["0", "1", "2", None, None]}
)


def file_of(*batches: EventBatch, flush_each: bool = False, **settings: str) -> bytes:
    serializer = build(AvroEventSerializer, settings)
    parts = [serializer.begin()]
    for batch in batches:
        parts += serializer.serialize([batch])
        if flush_each:
            parts.append(serializer.flush())
    return b"".join([*parts, serializer.flush(), serializer.end()])


def read(data: bytes) -> list[Event]:
    return [Event(record["body"], record["headers"]) for record in records(data)]


def records(data: bytes) -> list[Any]:
    return list(fastavro.reader(io.BytesIO(data)))


class TestLaw(SerializerConformance):
    def make(self) -> AvroEventSerializer:
        return build(AvroEventSerializer)

    def read(self, data: bytes) -> list[bytes]:
        return [record["body"] for record in records(data)]


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_the_bytes_are_those_of_flume(codec: str) -> None:
    peer = (HERE / f"flume-1.11-{codec}.avro").read_bytes()
    ours = file_of(PEER_BATCH, compressionCodec=codec)
    assert ours.replace(ours[-16:], peer[-16:]) == peer


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz", "snappy"])
def test_fastavro_reads_the_file(codec: str) -> None:
    data = file_of(PEER_BATCH, PEER_BATCH, compressionCodec=codec)
    assert fastavro.reader(io.BytesIO(data)).codec == codec
    assert read(data) == [*PEER_BATCH.events(), *PEER_BATCH.events()]


def test_each_flush_ends_a_block() -> None:
    data = file_of(EventBatch([b"a", b"b"]), EventBatch([b"c"]), flush_each=True)
    blocks = [block.num_records for block in fastavro.block_reader(io.BytesIO(data))]
    assert blocks == [2, 1]


def test_a_block_ends_once_it_reaches_the_sync_interval() -> None:
    # A datum of 10 bytes: an empty map, the length, 8 bytes of body.
    data = file_of(EventBatch([b"12345678"] * 10), syncIntervalBytes="35")
    blocks = [block.num_records for block in fastavro.block_reader(io.BytesIO(data))]
    assert blocks == [4, 4, 2]
    assert len(read(data)) == 10


def test_each_file_has_a_marker_of_its_own_and_forgets_the_file_before() -> None:
    serializer = build(AvroEventSerializer)
    first = serializer.begin()
    serializer.serialize([EventBatch([b"lost with its file"])])
    second = serializer.begin()
    assert first[:-16] == second[:-16]
    assert first[-16:] != second[-16:]
    assert serializer.flush() == b""


def test_an_unknown_codec_means_none_and_is_reported() -> None:
    reports: list[Problem] = []
    serializer = build(AvroEventSerializer, {"compressionCodec": "gzip"}, report=reports.append)
    assert [problem.key for problem in reports] == ["compressionCodec"]
    assert b"\x14avro.codec\x08null" in serializer.begin()


def test_a_sync_interval_that_avro_refuses_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        build(AvroEventSerializer, {"syncIntervalBytes": "31"})


headers = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.text(max_size=8), max_size=4
)


@given(st.lists(st.builds(Event, st.binary(max_size=200), headers), min_size=1, max_size=30))
def test_any_events_come_back(events: list[Event]) -> None:
    assert read(file_of(EventBatch.from_events(events), syncIntervalBytes="256")) == events
