"""Syslog over UDP, a message a datagram. Source: SyslogUDPSource, SyslogUtils."""

from flumepy.core.component import Context
from flumepy.core.counters import SourceCounters
from flumepy.core.later import LaterSource
from flumepy.formats.syslog_options import SyslogOptions, bad_patterns, kept_fields


class SyslogudpOptions(SyslogOptions):
    """Properties of the syslogudp source."""


class SyslogudpSource(LaterSource[SyslogudpOptions]):
    """Receives syslog messages over UDP."""

    Options = SyslogudpOptions
    type_name = "syslogudp"

    def __init__(self, context: Context, options: SyslogudpOptions) -> None:
        super().__init__(context, options)
        self.counters = SourceCounters(context.name)
        self.kept_fields = kept_fields(options.keep_fields)
        for key, problem in bad_patterns(options).items():
            self.warn(problem, key=key)
