"""Syslog over TCP on several ports, each with its own charset. Source: MultiportSyslogTCPSource, SyslogParser."""

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ConfigurationError, InputError
from flumepy.core.later import LaterSource
from flumepy.core.options import opt
from flumepy.core.ssl_options import ServerSslOptions, server_ssl
from flumepy.formats.java_text import java_charset, parse_int
from flumepy.formats.syslog_options import kept_fields


class MultiportSyslogtcpOptions(ServerSslOptions):
    """Properties of the multiport_syslogtcp source."""

    ports: tuple[str, ...] = opt("ports", doc="Blank-separated ports to listen on.")
    host: str | None = opt("host", None, doc="Address to listen on; all interfaces when not given.")
    event_size_bytes: int = opt("eventSize", 2500, unit="bytes", doc="Longest message, newline included.")
    batch_size: int = opt("batchSize", 100, unit="events", doc="Most events of one read in one transaction.")
    keep_fields: str = opt(
        "keepFields", "none",
        doc="Fields that stay in the body: none, all, or any of priority, version, timestamp, hostname.",
    )  # fmt: skip
    port_header: str | None = opt("portHeader", None, doc="Header that gets the port a message came in on.")
    client_ip_header: str | None = opt("clientIPHeader", None, since="1.9", doc="Header that gets the peer's address.")
    client_hostname_header: str | None = opt(
        "clientHostnameHeader", None, since="1.9", doc="Header that gets the peer's name by reverse look-up."
    )
    default_charset: str = opt("charset.default", "UTF-8", doc="Charset of ports that have none of their own.")
    port_charsets: dict[str, str] = opt("charset.port.", {}, doc="Charset by port: charset.port.<port>.")
    read_buffer_bytes: int = opt("readBufferBytes", 1024, unit="bytes", doc="Bytes of one read.",
                                 ignored="one big read buffer serves all connections")  # fmt: skip
    processors: int | None = opt("numProcessors", None, doc="I/O threads; CPU count + 1 when not given.",
                                 ignored="one event loop serves all connections")  # fmt: skip


class MultiportSyslogtcpSource(LaterSource[MultiportSyslogtcpOptions]):
    """Receives syslog messages over TCP on several ports."""

    Options = MultiportSyslogtcpOptions
    type_name = "multiport_syslogtcp"

    def __init__(self, context: Context, options: MultiportSyslogtcpOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.declared_batch_size = options.batch_size
        self.ssl = server_ssl(context, options)
        self.kept_fields = kept_fields(options.keep_fields)
        self.ports = [_port(port, "ports") for port in options.ports]
        self.charset = _charset(options.default_charset, "charset.default")
        self.charsets = {
            _port(port, f"charset.port.{port}"): _charset(charset, f"charset.port.{port}")
            for port, charset in options.port_charsets.items()
        }


def _port(text: str, key: str) -> int:
    try:
        return parse_int(text)
    except InputError as error:
        raise ConfigurationError(str(error), key=key) from error


def _charset(name: str, key: str) -> str:
    try:
        return java_charset(name)
    except ConfigurationError as error:
        message = f"Unable to parse charset string ({name}) from port configuration."
        raise ConfigurationError(message, key=key) from error
