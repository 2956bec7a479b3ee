"""Avro sink: sends batches to an avro source. Source: AvroSink, AbstractRpcSink, NettyAvroRpcClient."""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.later import LaterSink
from flumepy.core.options import opt
from flumepy.core.ssl_options import client_ssl
from flumepy.formats.rpc_options import RpcSinkOptions, check_target


class AvroOptions(RpcSinkOptions):
    """Properties of the avro sink."""

    compression_type: str = opt("compression-type", "none", since="1.4",
                                doc="none or deflate; must be what the source has.")  # fmt: skip
    compression_level: int = opt("compression-level", 6, ge=0, le=9, on_bad="default", since="1.4",
                                 doc="0 (none) to 9 (best) for deflate.")  # fmt: skip
    trust_all_certs: bool = opt("trust-all-certs", False, since="1.4", doc="Accept any certificate; for tests only.")
    max_io_workers: str | None = opt("maxIoWorkers", None, doc="Most I/O threads.",
                                     ignored="Flume ignores it since 1.10")  # fmt: skip


class AvroSink(LaterSink[AvroOptions]):
    """Sends events over Avro RPC."""

    Options = AvroOptions
    type_name = "avro"

    def __init__(self, context: Context, options: AvroOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        check_target(options)
        self.declared_batch_size = options.batch_size
        self.ssl = client_ssl(context, options)
