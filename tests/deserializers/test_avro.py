"""Avro containers: records as they stand in the file, block positions, schemas and codecs."""

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import pytest
from fastavro.schema import fingerprint, to_parsing_canonical_form
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.deserializer import TextRules
from flumepy.core.errors import InputError
from flumepy.deserializers.avro import AvroDeserializer, AvroReader
from flumepy.formats.avro_container import encode_block, encode_header
from flumepy.formats.avro_schema import canonical_form, fingerprint_hex
from flumepy.testing.conformance import DeserializerConformance
from flumepy.testing.fakes import build

SCHEMA: dict[str, Any] = {
    "type": "record", "name": "Log", "namespace": "org.example", "doc": "all kinds", "fields": [
        {"name": "id", "type": "long", "doc": "x"},
        {"name": "text", "type": ["null", "string"], "default": None},
        {"name": "tags", "type": {"type": "map", "values": {"type": "array", "items": "int"}}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "hash", "type": {"type": "fixed", "name": "org.other.Hash", "size": 3}},
        {"name": "ratio", "type": "double"}, {"name": "share", "type": "float"}, {"name": "ok", "type": "boolean"},
        {"name": "raw", "type": "bytes"}, {"name": "nothing", "type": "null"},
        {"name": "more", "type": ["null", "Log"], "default": None}, {"name": "again", "type": "Kind"},
    ],
}  # fmt: skip


def record(number: int, more: Any = None) -> dict[str, Any]:
    return {
        "id": number, "text": "é" * (number % 3) or None, "tags": {"a": list(range(number % 4)), "b": []}, "kind": "B",
        "hash": b"abc", "ratio": 1.5, "share": 0.5, "ok": True, "raw": bytes([number % 256]), "nothing": None,
        "more": more, "again": "A",
    }  # fmt: skip


RECORDS = [record(n, record(n + 1) if n % 5 == 0 else None) for n in range(200)]


def container(codec: str = "null", interval: int = 300) -> bytes:
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, RECORDS, codec=codec, sync_interval=interval)
    return file.getvalue()


def datum(one: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, SCHEMA, one)
    return out.getvalue()


BODIES = [datum(one) for one in RECORDS]


def opened(data: bytes, position: int = 0, **settings: str) -> AvroReader:
    return build(AvroDeserializer, settings).open(io.BytesIO(data), position, TextRules())


def read_all(reader: AvroReader, step: int = 7) -> list[bytes]:
    found: list[bytes] = []
    while batch := reader.read(step).bodies:
        found += batch
    return found


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_bodies_are_the_records_binary_encodings(codec: str) -> None:
    assert read_all(opened(container(codec))) == BODIES


def test_snappy_of_the_avro_extra_is_read() -> None:
    pytest.importorskip("cramjam", reason="the extra flumepy[avro]")
    assert read_all(opened(container("snappy"))) == BODIES


def test_zstandard_of_the_avro_extra_is_read() -> None:
    cramjam = pytest.importorskip("cramjam", reason="the extra flumepy[avro]")
    header = encode_header({"avro.schema": json.dumps(SCHEMA).encode(), "avro.codec": b"zstandard"}, bytes(16))
    block = encode_block(len(BODIES), bytes(cramjam.zstd.compress(b"".join(BODIES))), bytes(16))
    assert read_all(opened(header + block)) == BODIES


def test_the_hash_header_is_the_fingerprint_of_the_canonical_form() -> None:
    canonical = to_parsing_canonical_form(SCHEMA)
    assert canonical_form(SCHEMA) == canonical
    batch = opened(container()).read(3)
    assert batch.headers == {"flume.avro.schema.hash": fingerprint(canonical, "CRC-64-AVRO")}


def test_a_known_fingerprint_of_the_specification() -> None:
    # Apache Avro, share/test/data/schema-tests.txt: "null" has 7195948357588979594.
    assert fingerprint_hex("null") == (7195948357588979594).to_bytes(8, "little").hex()


def test_the_literal_header_is_the_schema_on_one_line() -> None:
    text = opened(container(), schemaType="literal").read(1).headers["flume.avro.schema.literal"]
    assert isinstance(text, str)
    assert text.startswith('{"type":"record","name":')


@given(st.integers(0, 200), st.integers(1, 50))
def test_a_position_resumes_at_the_block_of_the_next_record(count: int, step: int) -> None:
    data = container()
    reader = opened(data)
    done = 0
    while done < count:
        done += len(reader.read(min(step, count - done)).bodies)
    rest = read_all(opened(data, reader.position))
    assert BODIES[count:] == rest[len(rest) - len(BODIES[count:]) :]
    assert len(rest) <= len(BODIES[count:]) + 20  # at most the whole block again


@pytest.mark.parametrize(
    "data", [b"", b"plain text\n", b"Obj\x01", b"Obj\x01\x02\x16avro.schema\x06{}!\x00" + bytes(16)]
)
def test_what_is_no_container_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        opened(data)


def test_an_unknown_codec_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="codec"):
        opened(container().replace(b"avro.codec\x08null", b"avro.codec\x08nope"))


def test_records_before_a_broken_block_are_returned_first() -> None:
    data = container()
    reader = opened(data[:-30])
    found: list[bytes] = []
    with pytest.raises(InputError, match="cut off"):  # noqa: PT012  # the loop ends in the error
        while True:
            found += reader.read(1000).bodies
    assert found
    assert found == BODIES[: len(found)]


@given(st.data())
def test_damaged_containers_never_raise_anything_else(data: st.DataObject) -> None:
    content = bytearray(container("deflate"))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_all(opened(bytes(content), data.draw(st.integers(0, len(content)))), 100)
    except InputError:
        return


class TestLaw(DeserializerConformance):
    """The conformance suite, with a block for each record: only there a new reader goes on exactly."""

    def make(self) -> AvroDeserializer:
        return build(AvroDeserializer)

    def sample(self) -> tuple[bytes, list[bytes]]:
        return container(interval=1), BODIES

    def test_an_empty_file_has_no_events(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no end"):
            self.make().open(io.BytesIO(b""), 0, TextRules())
