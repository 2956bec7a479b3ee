"""The part of a queue that is on disk only: read back in large pieces, in order, by one thread at a time.

The state is guarded by the queue's lock; `read` does the I/O and the decoding without it.
"""

import logging
from typing import TYPE_CHECKING, NamedTuple

from flumepy.core.clock import Clock
from flumepy.core.errors import ChannelError, ConfigurationError, InputError, translate
from flumepy.event_log.frames import PUT, PayloadCodec, Span, read_put
from flumepy.event_log.ranges import TakenRanges
from flumepy.event_log.rows import Wanted, decode_row, rows
from flumepy.event_log.runs import Run
from flumepy.log.cursor import Chunk
from flumepy.log.format import FrameHead
from flumepy.log.frame import StoredFrame, read_frame, time_of

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

    def decode(self, chunk: Chunk | None, wanted: list[Wanted], end: int, end_sequence: int) -> Loaded:
        """Return the events of these spans of frames. Raises ChannelError where a sound frame cannot be read."""
        runs: list[Run] = []
        frames: list[tuple[int, int]] = []
        lost: list[Span] = []
        expected = self.sequence
        for row in rows(chunk, wanted) if chunk is not None else ():
            assert chunk is not None
            (_, _, sequence, _, _), spans = row[0]
            if sequence > expected:
                lost.append((expected, sequence))
            expected = row[-1][0][2] + row[-1][0][3]
            if not spans:
                continue
            joined = self._joined_run(chunk, row) if len(row) > 1 else None
            if joined is not None:
                runs.append(joined)
                frames += [(head[2], head[0]) for head, _ in row]
                continue
            for head, spans in row:
                decoded = self._runs(read_frame(chunk.data, head[0] - chunk.position), spans)
                if decoded is None:
                    lost += spans
                else:
                    runs += decoded
                    frames.append((head[2], head[0]))
        if self._cursor.position >= end and expected < end_sequence:
            lost.append((expected, end_sequence))
            expected = end_sequence
        return Loaded(runs, frames, lost, self._cursor.position, expected)

    def _joined_run(self, chunk: Chunk, row: list[Wanted]) -> Run | None:
        """Return the events of a row, as old as its first frame; None where they must be read one by one."""
        batch = decode_row(chunk, row)
        if batch is None:
            return None
        position, _, sequence, _, _ = row[0][0]
        put_s = self._put_s(time_of(chunk.data, position - chunk.position))
        return Run(self._owner, sequence, batch, batch.body_bytes(), put_s)

    def _put_s(self, time_ms: int) -> float:
        return self._clock.monotonic_s() - max(0, self._clock.time_ms() - time_ms) / 1000

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
        put_s = self._put_s(stored.time_ms)
        parts = [(start, batch.slice(start - first, stop - first)) for start, stop in spans]
        return [Run(self._owner, start, part, part.body_bytes(), put_s) for start, part in parts]


def wanted_of(heads: list[FrameHead], taken: TakenRanges) -> list[Wanted]:
    """Return for each frame the events of it that are not taken; called under the queue's lock."""
    if not taken.count_above and heads and heads[0][2] >= taken.watermark:
        return [(head, [(head[2], head[2] + head[3])]) for head in heads]
    return [(head, taken.missing(head[2], head[2] + head[3])) for head in heads]
