"""Small neighbouring blobs of event columns as one blob, so that single events are decoded many at once.

Blobs can be joined where head and headers are the same bytes. Nothing is checked here: decoding the joined blob checks that
its entries are as many as the blobs have events, and headers with a column refuse another count of events.
"""

import struct
from collections.abc import Sequence

from flumepy.formats.event_columns import TEXT

_HEADER_BYTES = struct.Struct("<4xI")
_ARRAY = struct.Struct(">BI")  # the head of a msgpack array of any length

#: where a blob begins and ends in the data, and its count of events
Place = tuple[int, int, int]


def common_part(data: bytes, start: int, stop: int) -> bytes:
    """Return the head and the headers of the blob at this place; empty where there is none."""
    if stop - start < _HEADER_BYTES.size:
        return b""
    (header_bytes,) = _HEADER_BYTES.unpack_from(data, start)
    end = start + _HEADER_BYTES.size + header_bytes
    return data[start:end] if end <= stop else b""


def join_blobs(data: bytes, common: bytes, places: Sequence[Place]) -> bytes:
    """Return one blob for those at these places, which all begin with `common`."""
    size = len(common)
    if common[1] == TEXT:
        return b"".join([common, *[data[start + size : stop] for start, stop, _ in places]])
    head = common + _ARRAY.pack(0xDD, sum([count for _, _, count in places]))
    return b"".join([head, *[data[start + size + _array_head_bytes(count) : stop] for start, stop, count in places]])


def _array_head_bytes(count: int) -> int:
    """Return how many bytes come before the entries of a msgpack array, as it is written."""
    if count < 16:
        return 1
    return 3 if count < 1 << 16 else 5
