"""The checksum is CRC-32C as the standard, and another implementation, has it."""

import crc32c as other
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.log.checksum import crc32c


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_the_values_of_rfc_3720_come_out(data: bytes, expected: int) -> None:
    assert crc32c(data) == expected


@given(st.binary(max_size=3000), st.binary(max_size=3000), st.integers(1, 50))
def test_any_data_in_any_buffer_and_in_parts_has_the_checksum_of_another_implementation(
    first: bytes, second: bytes, times: int
) -> None:
    first *= times
    expected = other.crc32c(first + second)
    assert crc32c(first + second) == expected
    assert crc32c(memoryview(second), crc32c(bytearray(first))) == expected
