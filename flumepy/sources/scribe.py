"""Scribe source: a Thrift server for the Scribe protocol. Source: ScribeSource."""

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.later import LaterSource
from flumepy.core.options import Options, opt


class ScribeOptions(Options):
    """Properties of the Scribe source."""

    port: int = opt("port", 1499, doc="Port to listen on, on all interfaces.")
    worker_threads: int = opt("workerThreads", 5, ge=1, on_bad="default_outside", doc="Threads that answer calls.",
                              ignored="one event loop serves all connections")  # fmt: skip
    max_read_buffer_bytes: int = opt(
        "maxReadBufferBytes", 16_384_000, ge=1, on_bad="default_outside", unit="bytes", since="1.6",
        doc="Longest call that is read.",
    )  # fmt: skip


class ScribeSource(LaterSource[ScribeOptions]):
    """Receives Scribe log entries."""

    Options = ScribeOptions
    type_name = "scribe"

    def __init__(self, context: Context, options: ScribeOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
