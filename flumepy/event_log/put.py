"""A batch on its way into the log."""

from collections.abc import Callable
from threading import get_ident

from flumepy.core.batch import EventBatch
from flumepy.core.errors import FlumeError
from flumepy.core.offer import Line
from flumepy.event_log.frames import PayloadCodec, put_frame
from flumepy.log.frame import Frame
from flumepy.log.ticket import Ticket

Ended = Callable[[FlumeError | None], None]


class Put:
    """A batch and its frame. `then` is called once, with the error if any, when takers can see the events.

    Without `then` it needs a thread that leads.
    """

    __slots__ = ("batch", "count", "error", "frame", "leader", "line", "put_s", "size_bytes", "then", "ticket")

    def __init__(
        self,
        batch: EventBatch,
        codec: PayloadCodec | None,
        put_s: float,
        then: Ended | None = None,
        *,
        line: Line | None = None,
    ) -> None:
        """Encode a batch. Raises InputError, ConfigurationError."""
        self.batch = batch
        frame = put_frame(batch, codec)
        self.count = frame.count
        self.frame: Frame | None = frame  # until it has its place
        #: in memory; the frame of a batch that is stored as it is knows it without counting
        self.size_bytes = batch.body_bytes() if frame.flags else frame.length
        self.put_s = put_s
        self.then = then
        self.line = line
        self.leader = 0  # the thread that will wait with `Puts.store`, and sync; 0: it is answered with `then`
        self.ticket: Ticket | None = None  # its place, once it has one
        self.error: FlumeError | None = None  # why it got none, where a thread leads

    @property
    def end(self) -> int:
        """Return the position behind its frame, which has its place."""
        assert self.ticket is not None
        return self.ticket.end

    def lead(self) -> None:
        """Promise that this thread waits for the put, with `Puts.store`."""
        self.leader = get_ident()
