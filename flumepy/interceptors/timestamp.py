"""Sets a header to the current time: one reading for the whole batch, since a batch arrives at one time."""

from flumepy.core.batch import EventBatch
from flumepy.core.component import Interceptor
from flumepy.core.options import Options, opt


class TimestampOptions(Options):
    """Properties of the timestamp interceptor."""

    header_name: str = opt("headerName", "timestamp", doc="Header that gets the time.", since="1.8")
    preserve_existing: bool = opt("preserveExisting", False, doc="Leave the header of events that have it.")


class TimestampInterceptor(Interceptor[TimestampOptions]):
    """Stamps events with epoch milliseconds in decimal. Source: TimestampInterceptor."""

    Options = TimestampOptions

    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch with the header set; O(1) unless events with and without it are mixed."""
        now = str(self.context.clock.time_ms())
        return batch.with_header(self.options.header_name, now, preserve=self.options.preserve_existing)
