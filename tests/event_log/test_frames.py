"""PUT and TAKE frames: what goes in comes out, sealed or not."""

from collections.abc import Sequence

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.errors import InputError
from flumepy.event_log.frames import GAP, PUT, Takes, gap_frames, put_frame, read_put, read_take, take_frame
from flumepy.log.disk import Buffer
from flumepy.log.frame import HEAD, Frame, NativeFormat, StoredFrame, read_frame

BATCH = EventBatch([b"one", b"", b"three"], {"host": "web1", "n": ["1", None, "3"]})


def stored(frame: Frame) -> StoredFrame:
    return read_frame(b"".join(NativeFormat().prepare(frame, 7, 100, 5).parts))


class Reversing:
    """Stores payloads backwards."""

    seals = True

    def seal(self, kind: int, count: int, parts: Sequence[Buffer]) -> tuple[int, Sequence[Buffer]]:
        assert (kind, count) == (PUT, 3)
        return 9, [b"".join(parts)[::-1]]

    def open(self, kind: int, count: int, flags: int, payload: bytes) -> bytes:
        assert (kind, count, flags) == (PUT, 3, 9)
        return payload[::-1]


def test_a_batch_comes_back_as_it_was_put() -> None:
    frame = stored(put_frame(BATCH))
    assert (frame.kind, frame.count, frame.flags) == (PUT, 3, 0)
    assert read_put(frame) == BATCH


def test_a_codec_seals_and_opens_the_payload() -> None:
    frame = stored(put_frame(BATCH, Reversing()))
    assert frame.flags == 9
    assert read_put(frame, Reversing()) == BATCH
    with pytest.raises(InputError, match="compressed or encrypted"):
        read_put(frame)


def test_takes_carry_the_watermark_and_the_ranges() -> None:
    frame = take_frame(5, [(7, 9), (1 << 40, (1 << 40) + 3)])
    assert (frame.count, read_take(stored(frame).payload)) == (0, Takes(5, [(7, 9), (1 << 40, (1 << 40) + 3)]))
    assert read_take(stored(take_frame(1, [])).payload) == Takes(1, [])


def test_a_range_of_more_than_four_billion_is_written_in_parts() -> None:
    takes = read_take(stored(take_frame(0, [(10, (1 << 33) + 10)])).payload)
    assert [stop - first for first, stop in takes.spans] == [(1 << 32) - 1, (1 << 32) - 1, 2]
    assert (takes.spans[0][0], takes.spans[-1][1]) == (10, (1 << 33) + 10)


@pytest.mark.parametrize("payload", [b"", b"1234567", b"12345678" + b"x" * 11])
def test_a_payload_that_is_no_take_is_refused(payload: bytes) -> None:
    with pytest.raises(InputError):
        read_take(payload)


@pytest.mark.parametrize(
    "length", [44, 45, 1000, (1 << 20) + 44, (1 << 20) + 45, (1 << 20) + 87, (1 << 20) + 88, 5 << 20]
)
def test_gap_frames_fill_exactly_their_length_and_count_what_is_lost(length: int) -> None:
    frames = list(gap_frames(length, 7))
    assert sum(HEAD.size + frame.length for frame in frames) == length
    assert [frame.count for frame in frames] == [7] + [0] * (len(frames) - 1)
    assert {frame.kind for frame in frames} == {GAP}
    data, position = b"", 4096
    for frame in frames:
        prepared = NativeFormat().prepare(frame, 100, position, 1)
        data += b"".join(prepared.parts)
        position += prepared.length
    scan = NativeFormat().scan(data, 4096, verify=True)
    assert len(scan.heads) == len(frames)
    assert max(head[1] for head in scan.heads) <= (1 << 20) + HEAD.size
