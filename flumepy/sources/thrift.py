"""Thrift source: an RPC server for what ThriftSink and the client SDK send. Source: ThriftSource."""

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.kerberos import check_kerberos
from flumepy.core.later import LaterSource
from flumepy.core.options import opt
from flumepy.core.ssl_options import ServerSslOptions, server_ssl


class ThriftOptions(ServerSslOptions):
    """Properties of the thrift source."""

    bind: str = opt("bind", doc="Host name or address to listen on.")
    port: int = opt("port", doc="Port to listen on.")
    threads: int = opt("threads", 0, on_bad="default", doc="Most worker threads; 0 or less means no limit.",
                       ignored="one event loop serves all connections")  # fmt: skip
    protocol: str = opt(
        "protocol", "compact", since="1.6", doc="compact or binary; only `binary` in lower case means binary."
    )
    kerberos: bool = opt("kerberos", False, since="1.6", doc="Authenticate clients with Kerberos.")
    agent_principal: str | None = opt("agent-principal", None, since="1.6", doc="Principal of the agent.")
    agent_keytab: str | None = opt("agent-keytab", None, since="1.6", doc="Keytab of the agent.")


class ThriftSource(LaterSource[ThriftOptions]):
    """Receives events over Thrift RPC."""

    Options = ThriftOptions
    type_name = "thrift"

    def __init__(self, context: Context, options: ThriftOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.ssl = server_ssl(context, options)
        if options.protocol.lower() not in ("binary", "compact"):
            raise ConfigurationError("binary or compact are the only valid Thrift protocol types to choose from.",
                                     key="protocol")  # fmt: skip
        if options.protocol.lower() == "binary" != options.protocol:
            self.warn("only `binary` in lower case means binary; compact is used, as in Flume", key="protocol")
        check_kerberos(options.agent_principal, options.agent_keytab,
                       principal_key="agent-principal", keytab_key="agent-keytab")  # fmt: skip
        if options.kerberos and options.agent_principal is None:
            raise ConfigurationError(
                "Authentication failed in Kerberos mode: agent-principal and agent-keytab are missing",
                key="agent-principal",
            )
