"""Rows of small PUT frames, read as one batch: a backlog of single events then costs little more than a large one."""

from collections.abc import Iterator

from flumepy.core.batch import EventBatch
from flumepy.core.errors import InputError
from flumepy.event_log.frames import Span
from flumepy.formats.event_columns import decode_batch
from flumepy.formats.joined_columns import common_part, join_blobs
from flumepy.log.cursor import Chunk
from flumepy.log.format import FrameHead
from flumepy.log.frame import HEAD, flags_of

#: a larger frame is worth its own batch
SMALL_FRAME_BYTES = 4 * 1024
ROW_BYTES = 64 * 1024

#: a frame, and those of its events that are wanted
Wanted = tuple[FrameHead, list[Span]]


def rows(chunk: Chunk, wanted: list[Wanted]) -> Iterator[list[Wanted]]:
    """Iterate the frames in rows, most of one; frames of a longer one are small, wanted as a whole, and of one kind."""
    data, base = chunk.data, chunk.position
    row: list[Wanted] = []
    common, expected, end = b"", -1, 0
    for one in wanted:
        position, length, sequence, count, _ = one[0]
        offset = position - base
        start = offset + HEAD.size
        is_plain = (
            length <= SMALL_FRAME_BYTES and one[1] == [(sequence, sequence + count)] and not flags_of(data, offset)
        )
        if common and is_plain and sequence == expected and position < end and data.startswith(common, start):
            row.append(one)
        else:
            if row:
                yield row
            row = [one]
            common = common_part(data, start, offset + length) if is_plain else b""
            end = position + ROW_BYTES
        expected = sequence + count
    if row:
        yield row


def decode_row(chunk: Chunk, row: list[Wanted]) -> EventBatch | None:
    """Return the events of a row of several frames; None where they must be read one by one."""
    data, base = chunk.data, chunk.position
    places = [
        (position - base + HEAD.size, position - base + length, count) for (position, length, _, count, _), _ in row
    ]
    start, stop, _ = places[0]
    try:
        joined = join_blobs(data, common_part(data, start, stop), places)
        return decode_batch(sum([count for _, _, count in places]), joined)
    except InputError:
        return None
