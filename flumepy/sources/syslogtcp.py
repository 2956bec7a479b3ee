"""Syslog over TCP on one port, a message a line. Source: SyslogTcpSource, SyslogUtils."""

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.later import LaterSource
from flumepy.core.options import opt
from flumepy.core.ssl_options import ServerSslOptions, server_ssl
from flumepy.formats.syslog_options import SyslogOptions, bad_patterns, kept_fields


class SyslogtcpOptions(SyslogOptions, ServerSslOptions):
    """Properties of the syslogtcp source."""

    event_size_bytes: int = opt("eventSize", 2500, unit="bytes", doc="Longest message; the rest becomes another one.")


class SyslogtcpSource(LaterSource[SyslogtcpOptions]):
    """Receives syslog messages over TCP."""

    Options = SyslogtcpOptions
    type_name = "syslogtcp"

    def __init__(self, context: Context, options: SyslogtcpOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.ssl = server_ssl(context, options)
        self.kept_fields = kept_fields(options.keep_fields)
        for key, problem in bad_patterns(options).items():
            self.warn(problem, key=key)
