"""Properties that the avro and thrift sinks share. Source: AbstractRpcSink, AbstractRpcClient."""

from flumepy.core.errors import ConfigurationError
from flumepy.core.options import opt
from flumepy.core.ssl_options import ClientSslOptions

LEAST_TIMEOUT_MS = 1000


class RpcSinkOptions(ClientSslOptions):
    """Properties of a sink that calls another agent."""

    hostname: str | None = opt("hostname", None, doc="Host of the next agent. Needed.")
    port: int | None = opt("port", None, doc="Port of the next agent. Needed.")
    batch_size: int = opt("batch-size", 100, ge=1, on_bad="default", unit="events", doc="Most events of one call.")
    connect_timeout_ms: int = opt("connect-timeout", 20_000, long=True, ge=LEAST_TIMEOUT_MS, on_bad="default", unit="ms",
                                  doc="Longest wait for a connection and its handshake.")  # fmt: skip
    request_timeout_ms: int = opt("request-timeout", 20_000, long=True, ge=LEAST_TIMEOUT_MS, on_bad="default", unit="ms",
                                  doc="Longest wait for an answer.")  # fmt: skip
    reset_connection_interval_s: int = opt("reset-connection-interval", 0, unit="s", since="1.4",
                                           doc="Age at which a connection is made anew; 0 means never.")  # fmt: skip
    client_type: str = opt("client.type", "default", doc="default, default_failover, default_loadbalance or thrift.")
    hosts: tuple[str, ...] = opt("hosts", (), doc="Blank-separated names of hosts instead of hostname and port.")
    host: dict[str, str] = opt("hosts.", {}, doc="hosts.<name>: host:port.")
    max_attempts: int | None = opt("max-attempts", None, on_bad="default",
                                   doc="Most tries of default_failover; one per host when not given.")  # fmt: skip
    host_selector: str = opt("host-selector", "ROUND_ROBIN", doc="ROUND_ROBIN or RANDOM, for default_loadbalance.")
    backoff: bool = opt("backoff", False, doc="Leave failed hosts alone for a while, for default_loadbalance.")
    max_backoff_ms: int = opt("maxBackoff", 30_000, long=True, on_bad="default", unit="ms", doc="Longest such while.")


def check_target(options: RpcSinkOptions) -> None:
    """Raise ConfigurationError with Flume's reason when host or port is missing."""
    if options.hostname is None:
        raise ConfigurationError("No hostname specified", key="hostname")
    if options.port is None:
        raise ConfigurationError("No port specified", key="port")
