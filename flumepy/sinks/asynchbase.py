"""HBase 1 sink on the asynchronous client. Source: AsyncHBaseSink."""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt
from flumepy.formats.hbase import HbaseSinkOptions, SimpleSerializerOptions, check_serializer, check_table

SIMPLE = "org.apache.flume.sink.hbase.SimpleAsyncHbaseEventSerializer"
SERIALIZERS: dict[str, type[Options]] = {SIMPLE: SimpleSerializerOptions}


class AsynchbaseOptions(HbaseSinkOptions):
    """Properties of the asynchbase sink; zookeeperQuorum is handed on as it is."""

    timeout_ms: int = opt("timeout", 60_000, long=True, ge=1, on_bad="default_outside", unit="ms",
                          doc="Longest wait for all answers of a batch.")  # fmt: skip
    max_consecutive_fails: int = opt("maxConsecutiveFails", 10, since="1.7",
                                     doc="Failures before the client is made anew; 0 means never.")  # fmt: skip
    client: dict[str, str] = opt("async.", {}, since="1.9", doc="Settings of the client; they win.")


class AsynchbaseSink(LaterSink[AsynchbaseOptions]):
    """Writes events into an HBase table."""

    Options = AsynchbaseOptions
    type_name = "asynchbase"

    def __init__(self, context: Context, options: AsynchbaseOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        self.declared_batch_size = options.batch_size
        check_table(options)
        self.serializer = check_serializer(options.serializer or SIMPLE, options.serializer_settings, SERIALIZERS)
        if not options.enable_wal:
            self.warn("data that HBase only holds in memory can be lost with its server", key="enableWal")
