"""Avro containers: records as they stand in the file, block positions, schemas and codecs."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.deserializer import TextRules
from flumepy.core.errors import InputError
from flumepy.deserializers.avro import AvroDeserializer, AvroReader
from flumepy.formats.avro_container import BLOCK_START, encode, encode_block, encode_header
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


def of_schema(schema: Any, data: bytes, count: int) -> bytes:
    header = encode_header({"avro.schema": json.dumps(schema).encode()}, bytes(range(16)))
    return header + encode_block(count, data, bytes(range(16)))


@pytest.mark.parametrize(
    ("schema", "fingerprint"),
    [
        # Apache Avro, share/test/data/schema-tests.txt
        ("null", 7195948357588979594),
        ({"type": "boolean"}, -6970731678124411036),
        ({"type": "fixed", "name": "foo", "size": 15}, 1756455273707447556),
        ({"type": "record", "name": "foo", "fields": [{"name": "f1", "type": "boolean"}]}, 7843277075252814651),
        # A default that does not fit is no part of the canonical form, and Java reads such a file.
        (
            {"type": "record", "name": "foo", "doc": "x", "fields": [{"name": "f1", "type": "boolean", "default": 7}]},
            7843277075252814651,
        ),
    ],
)
def test_the_hash_header_is_the_fingerprint_of_the_specification(schema: Any, fingerprint: int) -> None:
    batch = opened(of_schema(schema, bytes(15), 1)).read(1)
    assert batch.headers == {"flume.avro.schema.hash": fingerprint.to_bytes(8, "little", signed=True).hex()}


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


@pytest.mark.parametrize(
    "schema",
    [
        "Unknown", 5, {}, {"type": "array"}, {"type": "record", "name": "a", "fields": 5},
        {"type": "fixed", "name": "a", "size": "x"}, {"type": "fixed", "name": "a", "size": -1},
        {"type": "record", "name": "a", "fields": [{"name": "b", "type": "Unknown"}]},
    ],
)  # fmt: skip
def test_a_schema_that_is_none_is_refused(schema: Any) -> None:
    with pytest.raises(InputError, match="the Avro schema is not valid"):
        opened(of_schema(schema, b"", 0))


def test_metadata_need_not_be_text() -> None:
    header = encode_header({"avro.schema": b'"long"', "made.by": b"\xff\xfe"}, bytes(16))
    assert read_all(opened(header + encode_block(1, b"\x02", bytes(16)))) == [b"\x02"]


def test_a_codec_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(InputError, match=r"snappy needs the package cramjam: pip install 'flumepy\[avro\]'"):
        opened(container().replace(b"avro.codec\x08null", b"avro.codec\x0csnappy"))


NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}


def test_a_record_nested_without_end_is_refused() -> None:
    with pytest.raises(InputError, match="does not fit its schema"):
        opened(of_schema(NODE, b"\x02" * 1_000_000 + b"\0", 1)).read(1)


def test_an_array_of_nulls_does_not_keep_the_agent_busy() -> None:
    data = b"\xfe" + b"\xff" * 8 + b"\x01" + b"\0"
    assert read_all(opened(of_schema({"type": "array", "items": "null"}, data, 1))) == [data]


@pytest.mark.parametrize("size", [-1, 1 << 31, 1 << 62])
def test_a_block_whose_size_cannot_be_is_refused(size: int) -> None:
    data = of_schema("long", b"", 0)[:-18] + encode(BLOCK_START, {"count": 1, "size": size})
    with pytest.raises(InputError, match=r"negative|larger than"):
        opened(data).read(1)


@pytest.mark.parametrize("cut", [1, 15, 17, 250])
def test_a_block_that_is_cut_off_is_refused(cut: int) -> None:
    data = of_schema("bytes", b"\x90\x03" + bytes(200), 200)  # its count takes two bytes
    assert len(encode(BLOCK_START, {"count": 200, "size": 202})) == 4
    whole = len(data) - 222
    with pytest.raises(InputError, match=f"at byte {whole} is cut off"):
        opened(data[: max(whole + 1, len(data) - cut)]).read(1)


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
        with pytest.raises(InputError, match="not an Avro container"):
            self.make().open(io.BytesIO(b""), 0, TextRules())
