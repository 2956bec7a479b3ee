"""The Avro container's writer; whole files are compared in tests/serializers/test_avro_event.py."""

import pytest

from flumepy.core.errors import UnsupportedError
from flumepy.formats.avro_writer import ContainerWriter, encode_map, encode_string


def test_an_unknown_codec_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="'lzo'"):
        ContainerWriter('"bytes"', "lzo", 100)


def test_an_empty_map_is_one_byte_and_another_counts_its_entries() -> None:
    entry = encode_string("a") + encode_string("ü")
    assert encode_map([]) == b"\x00"
    assert encode_map([entry]) == b"\x02\x02a\x04\xc3\xbc\x00"


def test_a_lone_surrogate_becomes_a_question_mark() -> None:
    assert encode_string("\ud800") == b"\x02?"
