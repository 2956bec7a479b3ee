"""The kinds of frames that make a log a queue of events.

    PUT   count = events; payload: the batch as flumepy.formats.event_columns, sealed by the codec (compressed, encrypted)
    TAKE  count = 0;      payload: watermark u64 | (first u64, count u32) ...
    GAP   count = events that are lost; payload: zeros. A repair has put it in the place of damaged bytes

Little-endian. A TAKE frame says that every event below the watermark and every event of the ranges is taken. It is never
sealed: sequence numbers tell nothing, and recovery needs no key. All TAKE frames together, in any order, give the taken
events; one that is read twice changes nothing.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from flumepy.core.batch import EventBatch
from flumepy.core.errors import InputError
from flumepy.formats.event_columns import decode_batch, encode_batch
from flumepy.log.disk import Buffer
from flumepy.log.frame import HEAD, MAX_PAYLOAD_BYTES, Frame, StoredFrame

PUT: Final = 1
TAKE: Final = 2
GAP: Final = 3

#: a payload of a GAP frame is no longer, so that reading one back costs no memory
_MOST_GAP_BYTES = 1024 * 1024
_ZEROS = bytes(64 * 1024)

_WATERMARK: Final = struct.Struct("<Q")
_RANGE: Final = struct.Struct("<QI")
_pack_one_range: Final = struct.Struct("<QQI").pack
_MOST_IN_A_RANGE: Final = (1 << 32) - 1

#: [first, stop) in sequence numbers
Span = tuple[int, int]


class PayloadCodec(Protocol):
    """Compresses or encrypts payloads."""

    @property
    def seals(self) -> bool:
        """Tell whether `seal` does anything."""

    def seal(self, kind: int, count: int, parts: Sequence[Buffer]) -> tuple[int, Sequence[Buffer]]:
        """Return the frame's flags and the payload as it is stored."""

    def open(self, kind: int, count: int, flags: int, payload: bytes) -> bytes:
        """Return the payload as it was sealed. Raises InputError, or ConfigurationError for a key that is missing."""


class Takes(NamedTuple):
    """What a TAKE frame says."""

    watermark: int
    spans: list[Span]


def put_frame(batch: EventBatch, codec: PayloadCodec | None = None) -> Frame:
    """Return the frame that stores a batch. Raises InputError for one of 4 GiB or more."""
    parts: Sequence[Buffer] = encode_batch(batch)
    count, flags = len(batch), 0
    if codec is not None:
        flags, parts = codec.seal(PUT, count, parts)
    frame = Frame(PUT, count, parts, flags)
    if frame.length > MAX_PAYLOAD_BYTES:
        raise InputError(f"{count} events are {frame.length} bytes; one transaction can store less than 4 GiB")
    return frame


def read_put(stored: StoredFrame, codec: PayloadCodec | None = None) -> EventBatch:
    """Return the batch of a PUT frame. Raises InputError, and what the codec raises."""
    payload = stored.payload
    if codec is not None:
        payload = codec.open(PUT, stored.count, stored.flags, payload)
    elif stored.flags:
        raise InputError(f"the stored events are compressed or encrypted (flags {stored.flags:#x})")
    return decode_batch(stored.count, payload)


def take_frame(watermark: int, spans: list[Span]) -> Frame:
    """Return the frame that marks events as taken."""
    if len(spans) == 1 and (count := spans[0][1] - spans[0][0]) <= _MOST_IN_A_RANGE:
        return Frame(TAKE, 0, [_pack_one_range(watermark, spans[0][0], count)])
    payload = bytearray(_WATERMARK.pack(watermark))
    for first, stop in spans:
        for start in range(first, stop, _MOST_IN_A_RANGE):
            payload += _RANGE.pack(start, min(_MOST_IN_A_RANGE, stop - start))
    return Frame(TAKE, 0, [payload])


def read_take(payload: bytes) -> Takes:
    """Return what a TAKE frame says. Raises InputError."""
    if len(payload) < _WATERMARK.size or (len(payload) - _WATERMARK.size) % _RANGE.size:
        raise InputError(f"a TAKE frame has a payload of {len(payload)} bytes")
    ranges = _RANGE.iter_unpack(memoryview(payload)[_WATERMARK.size :])
    return Takes(_WATERMARK.unpack_from(payload)[0], [(first, first + count) for first, count in ranges])


def gap_frames(length: int, lost: int) -> Iterator[Frame]:
    """Iterate the frames that fill exactly `length` bytes, at least one head, and use up `lost` sequence numbers."""
    while length > 0:
        payload = min(length - HEAD.size, _MOST_GAP_BYTES)
        if 0 < length - HEAD.size - payload < HEAD.size:
            payload -= HEAD.size  # what is left must hold a head
        whole, rest = divmod(payload, len(_ZEROS))
        count = min(lost, _MOST_IN_A_RANGE)
        yield Frame(GAP, count, [*[_ZEROS] * whole, _ZEROS[:rest]])
        length -= HEAD.size + payload
        lost -= count
