"""Header and blocks of Avro containers: what fastavro writes is read, and the reverse; nothing else escapes."""

import io

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import InputError
from flumepy.formats.avro_container import MAGIC, Block, encode_block, encode_header, parse_header, read_block

SYNC = bytes(range(16))
SCHEMA = b'"long"'


def test_fastavro_reads_what_is_written() -> None:
    data = encode_header({"avro.schema": SCHEMA, "made.by": b"us"}, SYNC) + encode_block(2, b"\x02\x04", SYNC)
    container = fastavro.reader(io.BytesIO(data))
    assert container.metadata["made.by"] == "us"
    assert list(container) == [1, 2]


def test_what_fastavro_writes_is_read_block_by_block() -> None:
    file = io.BytesIO()
    fastavro.writer(file, "long", [1, 2, 3], sync_interval=2, sync_marker=SYNC)
    header = parse_header(file.getvalue())
    assert (header.codec, header.metadata["avro.schema"], header.sync) == ("null", SCHEMA, SYNC)
    file.seek(header.size_bytes)
    assert read_block(file, SYNC) == Block(2, b"\x02\x04")
    assert read_block(file, SYNC) == Block(1, b"\x06")
    assert read_block(file, SYNC) is None


def test_a_block_of_another_file_is_refused_by_its_place() -> None:
    file = io.BytesIO(b"before" + encode_block(1, b"\x02", bytes(16)))
    file.seek(6)
    with pytest.raises(InputError, match="at byte 6 does not end with the file's sync marker"):
        read_block(file, SYNC)


@given(st.binary(max_size=60))
def test_any_other_bytes_are_refused_as_a_header(data: bytes) -> None:
    with pytest.raises(InputError, match="not an Avro container file"):
        parse_header(MAGIC + b"\x02" + data[:10])
    with pytest.raises(InputError, match="not an Avro container file"):
        parse_header(b"x" + data)


@given(st.binary(max_size=60))
def test_any_other_bytes_are_no_block(data: bytes) -> None:
    try:
        assert read_block(io.BytesIO(data), SYNC) is None
    except InputError:
        assert data
