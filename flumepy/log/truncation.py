"""Cutting off the end of a log, so that no crash brings back a part of it.

Files go from the last one on, and are deleted: in a spare, what was cut off would one day stand at its old place again, and
look valid. The one that is cut is made shorter, which a file system does as one step, and then gets back its room.
"""

from contextlib import suppress
from typing import Any

from flumepy.log.disk import Disk
from flumepy.log.format import FrameFormat, FrameHead
from flumepy.log.recovery import Reader
from flumepy.log.row import SegmentRow
from flumepy.log.segment import HEADER_BYTES, Segment
from flumepy.log.shelf import Shelf


def sequence_at(row: SegmentRow, position: int, disk: Disk, frame_format: FrameFormat[Any]) -> int:
    """Return the sequence number that a frame at this position has. Raises ValueError unless one begins there."""
    with row.lease(position) as segment:
        if position == segment.position:
            return segment.header.sequence
        last: list[FrameHead] = []

        def keep_last(heads: list[FrameHead], _read: object) -> None:
            last[:] = heads[-1:]

        start = segment.index.floor_position(position - 1, segment.position)
        reader = Reader(disk, frame_format, keep_last)
        reader.walk(segment, start, position)
        if last and last[0][0] + last[0][1] == position:
            return last[0][2] + last[0][3]
        raise ValueError(f"position {position} is inside a frame, or behind a damaged one")


def cut_off(row: SegmentRow, shelf: Shelf, position: int, disk: Disk) -> None:
    """Take everything from this position on off the disk, durably. Raises OSError."""
    while (segment := row.pop_last(position)) is not None:
        shelf.delete(segment)
    if position < row.active.end:
        _shorten(row.active, position, disk, keeps_room=shelf.settings.preallocates)


def _shorten(segment: Segment, position: int, disk: Disk, *, keeps_room: bool) -> None:
    disk.truncate(segment.descriptor, segment.offset(position))
    disk.sync(segment.descriptor)
    if keeps_room:
        with suppress(OSError):  # the room is gone: the next frame opens a new segment
            disk.allocate(segment.descriptor, HEADER_BYTES + segment.capacity)
            disk.sync(segment.descriptor)
            return
        segment.capacity = position - segment.position
