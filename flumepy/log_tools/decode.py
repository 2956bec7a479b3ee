"""The events of a log as tools read them: verified, decoded, with or without those that are taken."""

from collections.abc import Callable, Iterator, Mapping

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ConfigurationError, InputError
from flumepy.event_log.frames import PUT, PayloadCodec, read_put
from flumepy.event_log.ranges import TakenRanges
from flumepy.event_log.recovery import Replay
from flumepy.formats.flume_log import Replay as Replayed
from flumepy.log.codec import COMPRESSION_BITS, ENCRYPTED, Codec
from flumepy.log.compression import COMPRESSIONS
from flumepy.log.cursor import Chunk
from flumepy.log.encryption import KeyRing
from flumepy.log.format import FrameHead
from flumepy.log.frame import read_frame
from flumepy.log.segment import HEADER_BYTES
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.pieces import pieces
from flumepy.log_tools.walk import Advance, Hole, HoleKind, walk

JAVA_BATCH_EVENTS = 1000
JAVA_BATCH_BYTES = 1024 * 1024


def reading_codec(keys: Mapping[str, bytes]) -> Codec:
    """Return what opens payloads with these keys. Raises ConfigurationError, MissingPackageError."""
    return Codec(keys=KeyRing(next(iter(keys)), keys) if keys else None)


def decode(channel: StoredChannel, chunk: Chunk, head: FrameHead, codec: PayloadCodec) -> EventBatch | Hole:
    """Return the events of a PUT frame, or what is wrong with its payload.

    Raises ConfigurationError where a key or a package is missing, and for a coding that only a newer flumepy knows.
    """
    stored = read_frame(chunk.data, head[0] - chunk.position)
    known = stored.flags & COMPRESSION_BITS < len(COMPRESSIONS) and not stored.flags & ~(COMPRESSION_BITS | ENCRYPTED)
    start, path = channel.segment_at(head[0])
    offset = HEADER_BYTES + head[0] - start
    if not known:
        raise ConfigurationError(
            f"{path}: the frame at offset {offset} is coded in a way, {stored.flags:#04x}, that this flumepy does not"
            " know; use the flumepy that wrote it, or a newer one"
        )
    try:
        return read_put(stored, codec)
    except InputError as error:
        return Hole(
            HoleKind.UNREADABLE, path, head[0], head[0] + head[1], offset,
            f"its checksum is right, but its events cannot be decoded ({error})", head[2], head[3],
        )  # fmt: skip


def read_taken(channel: StoredChannel, advance: Advance = lambda _: None) -> TakenRanges:
    """Return which events of a log are taken. Raises InputError, StartError."""
    replay = Replay("the log")
    for piece in walk(channel.segments, is_live=channel.is_live, advance=advance):
        if isinstance(piece, Chunk):
            replay.visit(piece.heads, piece.frame)
    if replay.first is not None:
        replay.taken.raise_watermark(replay.first[2])
    return replay.taken


def stored_batches(
    channel: StoredChannel,
    codec: PayloadCodec,
    *,
    everything: bool = False,
    met: Callable[[Hole], object] = lambda _: None,
    met_java: Callable[[Replayed], object] = lambda _: None,
    advance: Advance = lambda _: None,
) -> Iterator[EventBatch]:
    """Iterate the queued events in their order, or all that the log still holds; then those that a Java agent left.

    met: called with damage, which is left out; met_java with what was found of a Java agent. Raises InputError, StartError,
    ConfigurationError, MissingPackageError.
    """
    taken = TakenRanges() if everything else read_taken(channel, advance)
    for piece in pieces(channel, advance):
        if isinstance(piece, Hole):
            met(piece)
            continue
        for head in piece.heads:
            first, stop = head[2], head[2] + head[3]
            spans = taken.missing(first, stop) if head[4] == PUT else []
            if not spans:
                continue
            batch = decode(channel, piece, head, codec)
            if isinstance(batch, Hole):
                met(batch)
            elif spans == [(first, stop)]:
                yield batch
            else:
                yield from (batch.slice(start - first, end - first) for start, end in spans)
    java = channel.java
    if java is not None:
        replay = java.replay()
        met_java(replay)
        yield from replay.batches(JAVA_BATCH_EVENTS, JAVA_BATCH_BYTES)
