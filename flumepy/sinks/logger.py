"""Events in the agent's own log: headers, and the first bytes of the body as hex and text.

Many events share one transaction (Flume: one each). Lines go to Java's logger name, so that log settings and greps for
Flume's class go on to work. Source: LoggerSink, EventHelper.
"""

import logging

from flumepy.core.batch import EventBatch
from flumepy.core.batch_sink import BatchSink
from flumepy.core.options import Options, opt
from flumepy.formats.java_text import hex_dump, java_map_text

BATCH_SIZE = 100
event_log = logging.getLogger("org.apache.flume.sink.LoggerSink")


class LoggerOptions(Options):
    """Properties of the logger sink."""

    max_bytes_to_log: int = opt("maxBytesToLog", 16, unit="bytes", ge=0, on_bad="default",
                                doc="Most bytes of a body that are shown. Flume 1.11 ignores it.")  # fmt: skip


class LoggerSink(BatchSink[LoggerOptions]):
    """Logs each event at INFO."""

    Options = LoggerOptions

    def start(self) -> None:
        """Fit the transaction to the channel."""
        self.batch_size = min(BATCH_SIZE, self.channel.transaction_capacity or BATCH_SIZE)

    def deliver(self, batches: list[EventBatch]) -> None:
        """Log the events, unless nobody listens at INFO."""
        if not event_log.isEnabledFor(logging.INFO):
            return
        limit = self.options.max_bytes_to_log
        for batch in batches:
            for headers, body in zip(batch.header_maps(), batch.bodies, strict=True):
                event_log.info("Event: { headers:%s body:%s }", java_map_text(headers), hex_dump(body, limit))
