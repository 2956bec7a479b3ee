"""HBase 1 sink, synchronous. Source: HBaseSink."""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt
from flumepy.formats.hbase import (
    HbaseSinkOptions,
    RegexSerializerOptions,
    SimpleSerializerOptions,
    check_serializer,
    check_table,
    quorum,
)

SIMPLE = "org.apache.flume.sink.hbase.SimpleHbaseEventSerializer"
SERIALIZERS: dict[str, type[Options]] = {
    SIMPLE: SimpleSerializerOptions,
    "org.apache.flume.sink.hbase.RegexHbaseEventSerializer": RegexSerializerOptions,
}


class HbaseOptions(HbaseSinkOptions):
    """Properties of the hbase sink."""

    kerberos_principal: str | None = opt("kerberosPrincipal", None, doc="Principal; used at start.")
    kerberos_keytab: str | None = opt("kerberosKeytab", None, doc="Keytab; used at start.")


class HbaseSink(LaterSink[HbaseOptions]):
    """Writes events into an HBase table."""

    Options = HbaseOptions
    type_name = "hbase"

    def __init__(self, context: Context, options: HbaseOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        self.declared_batch_size = options.batch_size
        check_table(options)
        self.serializer = check_serializer(options.serializer or SIMPLE, options.serializer_settings, SERIALIZERS)
        self.quorum = quorum(options.zookeeper_quorum)
        if not options.enable_wal:
            self.warn("data that HBase only holds in memory can be lost with its server", key="enableWal")
