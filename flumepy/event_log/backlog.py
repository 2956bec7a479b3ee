"""The part of a queue that is on disk only: read back in large pieces, in order, by one thread at a time.

The state is guarded by the queue's lock; `read` does the I/O and the decoding without it.
"""

import logging
from typing import TYPE_CHECKING, NamedTuple

from flumepy.core.clock import Clock
from flumepy.core.errors import ChannelError, ConfigurationError, InputError, translate
from flumepy.event_log.frames import PUT, PayloadCodec, Span, read_put
from flumepy.event_log.ranges import TakenRanges
from flumepy.event_log.runs import Run
from flumepy.log.cursor import Chunk
from flumepy.log.format import FrameHead
from flumepy.log.frame import StoredFrame, read_frame

if TYPE_CHECKING:
    from flumepy.event_log.queue import EventQueue

log = logging.getLogger("flumepy.event_log")

READ_BYTES = 512 * 1024


class Loaded(NamedTuple):
    """What one read brought. `lost`: events that are gone, since their frame is damaged."""

    runs: list[Run]
    frames: list[tuple[int, int]]  # first sequence number, position
    lost: list[Span]
    position: int  #: behind the last frame read
    sequence: int  #: behind its last event


class Backlog:
    """Frames from `position` on, which begin with the event `sequence`."""

    def __init__(self, owner: "EventQueue", codec: PayloadCodec | None, clock: Clock, *, skips_bad: bool) -> None:
        self._owner = owner
        self._log = owner.log
        self._codec = codec
        self._clock = clock
        self._skips_bad = skips_bad
        self._cursor = self._log.cursor(0)
        self.position = 0
        self.sequence = 0

    def begin(self, position: int, sequence: int) -> None:
        """Go on from this frame."""
        self.position = self._cursor.position = position
        self.sequence = sequence

    def read(self, end: int) -> tuple[Chunk | None, list[FrameHead]]:
        """Return the next frames before `end`, and the heads of those with events. Raises ChannelError, LogFailedError."""
        self._cursor.position = self.position
        with translate({OSError: ChannelError}, f"{self._log.name}: the stored events cannot be read"):
            chunk = self._cursor.read(end, READ_BYTES)
        if chunk is None:
            return None, []
        return chunk, [head for head in chunk.heads if head[4] == PUT]

    def decode(
        self, chunk: Chunk | None, wanted: list[tuple[FrameHead, list[Span]]], end: int, end_sequence: int
    ) -> Loaded:
        """Return the events of these spans of frames. Raises ChannelError where a sound frame cannot be read."""
        runs: list[Run] = []
        frames: list[tuple[int, int]] = []
        lost: list[Span] = []
        expected = self.sequence
        for head, spans in wanted:
            position, _, sequence, count, _ = head
            if sequence > expected:
                lost.append((expected, sequence))
            expected = sequence + count
            if not spans:
                continue
            assert chunk is not None
            stored = read_frame(chunk.data, position - chunk.position)
            decoded = self._runs(stored, spans)
            if decoded is None:
                lost += spans
            else:
                runs += decoded
                frames.append((sequence, position))
        if self._cursor.position >= end and expected < end_sequence:
            lost.append((expected, end_sequence))
            expected = end_sequence
        return Loaded(runs, frames, lost, self._cursor.position, expected)

    def _runs(self, stored: StoredFrame, spans: list[Span]) -> list[Run] | None:
        first = stored.sequence
        try:
            batch = read_put(stored, self._codec)
        except (InputError, ConfigurationError) as error:
            where = f"{self._log.name}: the stored events {first} to {first + stored.count - 1} cannot be read: {error}"
            if not self._skips_bad or not isinstance(error, InputError):
                raise ChannelError(where) from error
            log.warning("%s. They are left out, since fsyncPerTransaction is false.", where)
            return None
        age_ms = max(0, self._clock.time_ms() - stored.time_ms)
        put_s = self._clock.monotonic_s() - age_ms / 1000
        parts = [(start, batch.slice(start - first, stop - first)) for start, stop in spans]
        return [Run(self._owner, start, part, part.body_bytes(), put_s) for start, part in parts]


def wanted_of(heads: list[FrameHead], taken: TakenRanges) -> list[tuple[FrameHead, list[Span]]]:
    """Return for each frame the events of it that are not taken; called under the queue's lock."""
    if not taken.count_above and heads and heads[0][2] >= taken.watermark:
        return [(head, [(head[2], head[2] + head[3])]) for head in heads]
    return [(head, taken.missing(head[2], head[2] + head[3])) for head in heads]
