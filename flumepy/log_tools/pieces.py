"""The frames and holes of a channel's log, with what its checkpoint knows of events that are gone."""

from collections.abc import Iterator
from contextlib import suppress

from flumepy.core.errors import InputError
from flumepy.event_log.frames import TAKE, read_take
from flumepy.event_log.ranges import TakenRanges
from flumepy.log.frame import read_frame
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.remains import first_sequence
from flumepy.log_tools.walk import Advance, Hole, Piece, walk


def pieces(channel: StoredChannel, advance: Advance = lambda _: None) -> Iterator[Piece]:
    """Iterate the verified frames and the holes of a channel, in order. Raises InputError, StartError."""
    return walk(
        channel.segments,
        known_end=channel.known_end,
        known_events=lambda: _known_events(channel),
        is_live=channel.is_live,
        advance=advance,
    )


def _known_events(channel: StoredChannel) -> int:
    """Return how many events were put at least: those that the checkpoint saw queued, and those taken before it.

    Only for a log that ends before its checkpoint: all its TAKE frames are older. What repairs gave up does not count,
    since the checkpoint may have seen it queued; nor do released segments, if that was later.
    """
    witness = channel.witness
    if witness is None:
        return 0
    taken = TakenRanges()
    if channel.segments and channel.segments[0][0] <= witness.low:
        taken.raise_watermark(first_sequence(channel.segments) or 0)
    for piece in walk(channel.segments, is_live=True):
        if isinstance(piece, Hole):
            continue
        for head in piece.heads:
            if head[4] == TAKE:
                with suppress(InputError):
                    takes = read_take(read_frame(piece.data, head[0] - piece.position).payload)
                    taken.raise_watermark(takes.watermark)
                    for first, stop in takes.spans:
                        taken.add(first, stop)
    return taken.watermark + taken.count_above + witness.queued
