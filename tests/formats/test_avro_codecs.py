"""The codecs of Avro containers; fastavro reads their blocks in tests/serializers/test_avro_event.py."""

import sys
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import InputError, MissingPackageError
from flumepy.formats.avro_codecs import codec

NAMES = ("null", "deflate", "bzip2", "xz", "snappy", "zstandard")


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(max_size=2000))
def test_a_codec_can_be_undone(name: str, data: bytes) -> None:
    assert codec(name).decompress(codec(name).compress(data)) == data


@pytest.mark.parametrize("name", NAMES[1:])
@given(data=st.binary(max_size=100))
def test_damaged_data_never_raise_anything_else(name: str, data: bytes) -> None:
    try:
        codec(name).decompress(data)
    except InputError as error:
        assert name in str(error)  # noqa: PT017  # most data are damaged, not all


def test_snappy_ends_with_the_checksum_of_the_plain_data() -> None:
    assert codec("snappy").compress(b"abc" * 50)[-4:] == zlib.crc32(b"abc" * 50).to_bytes(4, "big")


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(MissingPackageError, match="cramjam") as caught:
        codec("zstandard")
    assert caught.value.hint == "pip install 'flumepy[avro]'"
