"""The serializer contract: events to the bytes of a file. A sink names one by type; what it returns is written in order.

    out += serializer.begin()                        a new file; not for one that is continued (`can_resume`)
    out += serializer.serialize(batches), flush()    once per transaction
    out += serializer.end()                          before the file is closed

Invariant: after `flush` nothing is held back, so what was written can be read, and a sink that cuts a failed write off its
file can serialize the same batches again. One serializer serves one file at a time; `begin` forgets the one before.
Source: EventSerializer.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import ClassVar

from flumepy.core.batch import EventBatch
from flumepy.core.component import Component
from flumepy.core.line_text import Buffer
from flumepy.core.options import OptionsT

#: one C call on more data would keep other threads from the interpreter for too long
PIECE_BYTES = 256 * 1024


class Serializer(Component[OptionsT]):
    """Turns events into the bytes of a file; no I/O."""

    kind = "serializer"
    #: false: a file that was closed cannot be continued (Flume's supportsReopen)
    can_resume: ClassVar[bool] = True

    def begin(self) -> bytes:
        """Return what a new file starts with, and forget the file before."""
        return b""

    @abstractmethod
    def serialize(self, batches: list[EventBatch]) -> Sequence[Buffer]:
        """Return the events' bytes in parts, to be written in order; what an open block keeps comes with `flush`."""

    def flush(self) -> bytes:
        """End an open block and return it."""
        return b""

    def end(self) -> bytes:
        """Return what a file ends with."""
        return b""


def gathered(batches: list[EventBatch]) -> list[bytes]:
    """Return the bodies of all batches in order; of one batch its own list, which must not be changed."""
    if len(batches) == 1:
        return batches[0].bodies
    return list(chain.from_iterable([batch.bodies for batch in batches]))


def framed(bodies: list[bytes], before: bytes, after: bytes) -> Iterator[bytes]:
    """Put `before` and `after` around each body; yield the bytes in parts of about PIECE_BYTES, without a loop per event."""
    separator = after + before
    start = 0
    while start < len(bodies):
        # The first body stands for the others: a limit that is exact would cost a look at every length.
        stop = start + 1 + PIECE_BYTES // (len(bodies[start]) + len(separator) + 1)
        piece = bodies if start == 0 and stop >= len(bodies) else bodies[start:stop]
        yield before
        yield separator.join(piece)
        yield after
        start = stop
