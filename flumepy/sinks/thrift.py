"""Thrift sink: sends batches to a thrift source. Source: ThriftSink, AbstractRpcSink, ThriftRpcClient."""

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.later import LaterSink
from flumepy.core.options import opt
from flumepy.core.ssl_options import client_ssl
from flumepy.formats.rpc_options import RpcSinkOptions, check_target


class ThriftOptions(RpcSinkOptions):
    """Properties of the thrift sink."""

    protocol: str = opt("protocol", "compact", doc="compact or binary; any other word means compact.")
    kerberos: bool = opt("kerberos", False, since="1.6", doc="Authenticate with Kerberos.")
    client_principal: str | None = opt("client-principal", None, since="1.6", doc="Principal of this agent.")
    client_keytab: str | None = opt("client-keytab", None, since="1.6", doc="Keytab of this agent.")
    server_principal: str | None = opt("server-principal", None, since="1.6", doc="Principal of the next agent.")
    max_connections: int = opt("maxConnections", 1, on_bad="default", doc="Connections.", ignored="a sink has one")


class ThriftSink(LaterSink[ThriftOptions]):
    """Sends events over Thrift RPC."""

    Options = ThriftOptions
    type_name = "thrift"

    def __init__(self, context: Context, options: ThriftOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        check_target(options)
        self.declared_batch_size = options.batch_size
        self.ssl = client_ssl(context, options)
        if options.protocol not in ("compact", "binary"):
            self.warn(
                f"{options.protocol!r} is neither compact nor binary; compact is used, as in Flume", key="protocol"
            )
