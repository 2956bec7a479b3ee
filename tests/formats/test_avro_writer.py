"""The Avro container's writer; whole files are compared in tests/serializers/test_avro_event.py."""

import bz2
import lzma
import zlib
from collections.abc import Callable

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import UnsupportedError
from flumepy.formats.avro_writer import ContainerWriter, compressor, encode_map, encode_string

UNDO: dict[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": lambda data: zlib.decompress(data, -15),
    "bzip2": bz2.decompress,
    "xz": lzma.decompress,
    "snappy": lambda data: bytes(cramjam.snappy.decompress_raw(data[:-4])),
    "zstandard": lambda data: bytes(cramjam.zstd.decompress(data)),
}


@pytest.mark.parametrize("codec", UNDO)
@given(data=st.binary(max_size=2000))
def test_a_codec_can_be_undone(codec: str, data: bytes) -> None:
    assert UNDO[codec](compressor(codec)(data)) == data


def test_snappy_ends_with_the_checksum_of_the_plain_data() -> None:
    assert compressor("snappy")(b"abc" * 50)[-4:] == zlib.crc32(b"abc" * 50).to_bytes(4, "big")


def test_an_unknown_codec_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="'lzo'"):
        ContainerWriter('"bytes"', "lzo", 100)


def test_an_empty_map_is_one_byte_and_another_counts_its_entries() -> None:
    entry = encode_string("a") + encode_string("ü")
    assert encode_map([]) == b"\x00"
    assert encode_map([entry]) == b"\x02\x02a\x04\xc3\xbc\x00"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert encode_string("\ud800") == b"\x02?"
