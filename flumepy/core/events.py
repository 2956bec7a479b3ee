"""Per-event adapters for plugin authors: a source, an interceptor and a sink that see one `Event` at a time.

Built-in components work on columns; these turn columns into events and back, which costs about a microsecond an event.
"""

from abc import abstractmethod

from flumepy.core.batch import Event, EventBatch
from flumepy.core.batch_sink import BatchSink
from flumepy.core.component import Context, Interceptor, PollableSource, Status
from flumepy.core.errors import DeliveryError, PartialDeliveryError
from flumepy.core.options import OptionsT


class EventSource(PollableSource[OptionsT]):
    """A source that is asked for its next events, again and again."""

    def __init__(self, context: Context, options: OptionsT) -> None:
        super().__init__(context, options)
        self._pending: EventBatch | None = None

    @abstractmethod
    def read(self) -> list[Event]:
        """Return the next events, in order, without waiting long; an empty list when there are none now."""

    def stored(self, count: int) -> None:
        """Take note that the last `count` events are in every required channel; a place to acknowledge."""

    def process(self) -> Status:
        """Read and put; what a channel refused is put again before anything new is read."""
        if self._pending is None:
            events = self.read()
            if not events:
                return Status.BACKOFF
            self._pending = EventBatch.from_events(events)
        pending = self._pending
        for start in range(0, len(pending), self.outlet.limit):
            part = pending.slice(start, start + self.outlet.limit)
            self._pending = pending.slice(start, len(pending))
            self.outlet.put(part)
        self._pending = None
        self.stored(len(pending))
        return Status.READY


class EventInterceptor(Interceptor[OptionsT]):
    """An interceptor that sees one event at a time."""

    @abstractmethod
    def intercept_event(self, event: Event) -> Event | None:
        """Return the event, changed or not, or None to drop it."""

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Run every event through `intercept_event`."""
        changed = [self.intercept_event(event) for event in batch.events()]
        return EventBatch.from_events(event for event in changed if event is not None)


class EventSink(BatchSink[OptionsT]):
    """A sink that sees one event at a time, within a transaction of `batch_size` events."""

    @abstractmethod
    def deliver_event(self, event: Event) -> None:
        """Deliver one event or raise DeliveryError; the events before it in the batch then count as delivered."""

    def deliver(self, batches: list[EventBatch]) -> None:
        """Deliver event by event."""
        done = 0
        for batch in batches:
            for event in batch.events():
                try:
                    self.deliver_event(event)
                except DeliveryError as error:
                    if done:
                        raise PartialDeliveryError(str(error), done=done) from error
                    raise
                done += 1
