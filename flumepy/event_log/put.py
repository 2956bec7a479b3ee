"""A batch on its way into the log."""

from collections.abc import Callable
from threading import get_ident

from flumepy.core.batch import EventBatch
from flumepy.core.channel import Line
from flumepy.core.errors import FlumeError
from flumepy.event_log.frames import PayloadCodec, put_frame
from flumepy.log.frame import Frame

Ended = Callable[[FlumeError | None], None]


class Put:
    """A batch and its frame. `then` is called once, with the error if any, when takers can see the events."""

    __slots__ = ("batch", "count", "frame", "leader", "line", "put_s", "size_bytes", "then")

    def __init__(
        self, batch: EventBatch, codec: PayloadCodec | None, put_s: float, then: Ended, *, line: Line | None = None
    ) -> None:
        """Encode a batch. Raises InputError, ConfigurationError."""
        self.batch = batch
        frame = put_frame(batch, codec)
        self.count = frame.count
        self.frame: Frame | None = frame
        #: in memory; the frame of a batch that is stored as it is knows it without counting
        self.size_bytes = batch.body_bytes() if frame.flags else frame.length
        self.put_s = put_s
        self.then = then
        self.line = line
        self.leader = 0  # the thread that flushes and may then wait and sync, or 0

    def lead(self) -> None:
        """Let this thread wait for the put when it flushes, and sync for it."""
        self.leader = get_ident()
