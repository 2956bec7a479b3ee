"""Avro source: an RPC server for what AvroSink, the client SDK and log4j appenders send. Source: AvroSource."""

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ConfigurationError, at_key
from flumepy.core.later import LaterSource
from flumepy.core.options import opt
from flumepy.core.ssl_options import ServerSslOptions, server_ssl
from flumepy.formats.java_regex import compile_java


class AvroOptions(ServerSslOptions):
    """Properties of the avro source."""

    bind: str = opt("bind", doc="Host name or address to listen on.")
    port: int = opt("port", doc="Port to listen on.")
    threads: int = opt(
        "threads", 0, on_bad="default", ignored="one event loop serves all connections",
        doc="Most worker threads; Flume reads it and has not used it since 1.10.",
    )  # fmt: skip
    compression_type: str = opt(
        "compression-type", "none", since="1.4",
        doc="none or deflate (any case); any other word means none. Both peers must agree.",
    )  # fmt: skip
    ip_filter: bool = opt("ipFilter", False, since="1.5", doc="Admit and refuse peers by ipFilterRules.")
    ip_filter_rules: str | None = opt(
        "ipFilterRules", None, since="1.5",
        doc="Comma-separated rules `allow|deny:ip|name:pattern`, first match decides, no match admits.",
    )  # fmt: skip


class AvroSource(LaterSource[AvroOptions]):
    """Receives events over Avro RPC."""

    Options = AvroOptions
    type_name = "avro"

    def __init__(self, context: Context, options: AvroOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.ssl = server_ssl(context, options)
        self.uses_deflate = options.compression_type.lower() == "deflate"
        if not self.uses_deflate and options.compression_type.lower() != "none":
            self.warn(f"{options.compression_type!r} is neither none nor deflate; nothing is compressed, as in Flume",
                      key="compression-type")  # fmt: skip
        self.rules = parse_rules(options.ip_filter_rules) if options.ip_filter else []


def parse_rules(text: str | None) -> list[tuple[bool, str, str]]:
    """Return the rules as (admits, "ip" or "name", pattern). Raises ConfigurationError with Flume's reason.

    >>> parse_rules("allow:ip:127.*, deny:name:*")
    [(True, 'ip', '127.*'), (False, 'name', '*')]
    """
    if text is None:
        raise ConfigurationError(
            "ipFilter is configured with true but ipFilterRules is not defined", key="ipFilterRules"
        )
    return [_rule(rule.strip()) for rule in text.rstrip(",").split(",")] if text.rstrip(",") else []


def _rule(rule: str) -> tuple[bool, str, str]:
    access, _, rest = rule.partition(":")
    kind, colon, pattern = rest.partition(":")
    if access not in ("allow", "deny") or kind not in ("ip", "name") or not colon:
        raise ConfigurationError(
            f"Invalid ipFilter patternRule '{rule}' should look like <'allow'  or 'deny'>:<'ip' or 'name'>:<pattern>",
            key="ipFilterRules",
        )
    with at_key("ipFilterRules"):
        compile_java(pattern.replace(".", r"\.").replace("*", ".*").replace("?", "."))
    return access == "allow", kind, pattern
