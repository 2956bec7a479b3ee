"""What a log holds, counted in two passes: what is taken, and then what of the rest is queued.

Memory does not grow with the log.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from flumepy.event_log.frames import GAP, PUT
from flumepy.event_log.ranges import TakenRanges
from flumepy.event_log.recovery import Replay
from flumepy.log.codec import COMPRESSION_BITS, ENCRYPTED
from flumepy.log.compression import COMPRESSIONS
from flumepy.log.cursor import Chunk
from flumepy.log.format import FrameHead
from flumepy.log.frame import HEAD
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.pieces import pieces
from flumepy.log_tools.walk import Advance, Hole, walk


@dataclass
class SegmentFacts:
    """One segment file."""

    path: Path
    position: int
    end: int
    first: int = -1  #: sequence number, -1 without frames
    stop: int = -1
    events: int = 0
    frames: int = 0
    oldest_ms: int = 0
    newest_ms: int = 0


@dataclass
class Survey:
    """A whole log."""

    taken: TakenRanges = field(default_factory=TakenRanges)
    segments: list[SegmentFacts] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    frames: Counter[int] = field(default_factory=Counter)  #: by kind
    codings: Counter[str] = field(default_factory=Counter)  #: PUT frames by how their payload is coded
    puts: int = 0  #: events in all PUT frames
    lost: int = 0  #: events in holes and gaps
    is_least: bool = False  #: more may be lost than that
    stop: int = 0  #: the sequence number behind the last event that is known of
    queued: int = 0
    queued_bytes: int = 0  #: of payload, as it is stored
    oldest_ms: int | None = None  #: when the first queued event was put

    @property
    def taken_count(self) -> int:
        """Return how many of the stored events are taken."""
        return self.puts - self.queued


def facts_of(chunk: Chunk, head: FrameHead) -> tuple[int, int]:
    """Return the flags of a frame and the time of its append, ms since 1970."""
    _, _, flags, _, _, _, _, _, time_ms, _ = HEAD.unpack_from(chunk.data, head[0] - chunk.position)
    return flags, time_ms


def coding(flags: int) -> str:
    """Return how a payload is coded, in words."""
    number = flags & COMPRESSION_BITS
    name = COMPRESSIONS[number] if number < len(COMPRESSIONS) else f"unknown ({number})"
    return f"{name}, encrypted" if flags & ENCRYPTED else name


def survey(channel: StoredChannel, advance: Advance = lambda _: None) -> Survey:
    """Read a log and count. Raises InputError, StartError."""
    found = Survey()
    replay = Replay("the log")
    facts = {path: SegmentFacts(path, position, position) for position, path in channel.segments}
    found.segments = list(facts.values())
    starts = [position for position, _ in channel.segments]
    place = 0
    for piece in pieces(channel, advance):
        if isinstance(piece, Hole):
            found.holes.append(piece)
            found.lost += piece.lost
            found.is_least = found.is_least or piece.is_least
            found.stop = max(found.stop, piece.first + piece.lost)
            continue
        replay.visit(piece.heads, piece.frame)
        while place + 1 < len(starts) and starts[place + 1] <= piece.position:
            place += 1
        _count(found, found.segments[place], piece)
    if replay.first is not None:
        replay.taken.raise_watermark(replay.first[2])
    found.taken = replay.taken
    _count_queued(found, channel, advance)
    return found


def _count(found: Survey, facts: SegmentFacts, chunk: Chunk) -> None:
    heads = chunk.heads
    if facts.first < 0:
        facts.first = heads[0][2]
        facts.oldest_ms = facts_of(chunk, heads[0])[1]
    last = heads[-1]
    facts.stop, facts.end = last[2] + last[3], last[0] + last[1]
    found.stop = max(found.stop, facts.stop)
    facts.newest_ms = facts_of(chunk, last)[1]
    facts.frames += len(heads)
    for head in heads:
        kind, count = head[4], head[3]
        found.frames[kind] += 1
        if kind == PUT:
            found.puts += count
            facts.events += count
            found.codings[coding(facts_of(chunk, head)[0])] += 1
        elif kind == GAP:
            found.lost += count


def _count_queued(found: Survey, channel: StoredChannel, advance: Advance) -> None:
    """Read the segments again from the first queued event on, since only now it is known what is taken."""
    taken = found.taken
    start = next((facts.position for facts in found.segments if facts.stop > taken.watermark), None)
    if start is None:
        return
    for piece in walk(channel.segments, start=start, is_live=channel.is_live, advance=advance):
        if isinstance(piece, Hole):
            continue
        for head in piece.heads:
            if head[4] != PUT or not head[3]:
                continue
            queued = sum([stop - first for first, stop in taken.missing(head[2], head[2] + head[3])])
            if queued:
                found.queued += queued
                found.queued_bytes += (head[1] - HEAD.size) * queued // head[3]
                if found.oldest_ms is None:
                    found.oldest_ms = facts_of(piece, head)[1]
