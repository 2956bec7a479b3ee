"""Cutting off the end of a log, so that no crash brings back a part of it.

Files go from the last one on, and are deleted: in a spare, what was cut off would one day stand at its old place again, and
look valid. The one that is cut is made shorter, which a file system does as one step, and then gets back its room.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flumepy.log.disk import Disk
from flumepy.log.format import FrameFormat, FrameHead
from flumepy.log.recovery import Reader
from flumepy.log.row import SegmentRow
from flumepy.log.segment import HEADER_BYTES, Segment, SegmentHeader
from flumepy.log.shelf import Shelf


def end_before(row: SegmentRow, position: int, disk: Disk, frame_format: FrameFormat[Any]) -> tuple[int, int]:
    """Return where the last sound frame before this position ends, and the sequence number behind it.

    That is the position itself, unless damage is before it: as the last of a log it would be cut when the log is opened.
    Raises ValueError unless a frame begins at the position.
    """
    with row.lease(position) as segment:
        heads: list[FrameHead] = []
        reader = Reader(disk, frame_format, lambda more, _read: heads.extend(more[-1:]))
        end = reader.walk(segment, segment.position, position, is_last=True)
        if end < position and reader.next_sound(segment, position, segment.end) != position:
            raise ValueError(f"position {position} is no frame's start")
        return end, heads[-1][2] + heads[-1][3] if heads else segment.header.sequence


def cut_off(
    row: SegmentRow, shelf: Shelf, position: int, disk: Disk, new_header: Callable[[int, int], SegmentHeader]
) -> None:
    """Take everything from this position on off the disk, durably. Raises OSError."""
    while (segment := row.pop_last(position)) is not None:
        shelf.delete(segment)
    active = row.active
    if not active.is_header_sound:  # it may be all that knows the next sequence number
        active.write_header(disk, new_header(active.position, active.header.sequence))
    if position < active.end:
        _shorten(active, position, disk, keeps_room=shelf.settings.preallocates)


def _shorten(segment: Segment, position: int, disk: Disk, *, keeps_room: bool) -> None:
    disk.truncate(segment.descriptor, segment.offset(position))
    disk.sync(segment.descriptor)
    if keeps_room:
        with suppress(OSError):  # the room is gone: the next frame opens a new segment
            disk.allocate(segment.descriptor, HEADER_BYTES + segment.capacity)
            disk.sync(segment.descriptor)
            return
        segment.capacity = position - segment.position
