"""Properties that syslogtcp and syslogudp share, and which fields a body keeps. Source: SyslogUtils."""

from flumepy.core.errors import ConfigurationError
from flumepy.core.options import Options, opt
from flumepy.formats.java_regex import compile_java

FIELDS = ("priority", "version", "timestamp", "hostname")


class SyslogOptions(Options):
    """Properties of the single-port syslog sources."""

    port: int = opt("port", doc="Port to listen on.")
    host: str | None = opt("host", None, doc="Address to listen on; all interfaces when not given.")
    keep_fields: str = opt(
        "keepFields", "none", since="1.5",
        doc="Fields that stay in the body: none, all, or any of priority, version, timestamp, hostname.",
    )  # fmt: skip
    format_regex: str | None = opt(
        "format.regex", None,
        doc="Java regular expression tried first; groups 1 to 5 are priority, version, timestamp, host, body.",
    )  # fmt: skip
    format_search: str | None = opt(
        "format.search", None, doc="Java regular expression replaced in the timestamp; needs format.replace."
    )
    format_replace: str | None = opt("format.replace", None, doc="What replaces format.search in the timestamp.")
    format_date: str | None = opt(
        "format.dateFormat", None, doc="Java date pattern of the timestamp; without it no timestamp header is set."
    )
    client_ip_header: str | None = opt(
        "clientIPHeader", None, since="1.9", doc="Header that gets the peer's address; none when not given."
    )
    client_hostname_header: str | None = opt(
        "clientHostnameHeader", None, since="1.9", doc="Header that gets the peer's name by reverse look-up."
    )


def kept_fields(text: str) -> frozenset[str]:
    """Return the fields that stay in the body; the words may stand anywhere in the text, as in Flume.

    >>> sorted(kept_fields("timestamp,hostname"))
    ['hostname', 'timestamp']
    """
    text = text.strip().lower()
    if text in ("false", "none"):
        return frozenset()
    if text in ("true", "all"):
        return frozenset(FIELDS)
    return frozenset(field for field in FIELDS if field in text)


def bad_patterns(options: SyslogOptions) -> dict[str, str]:
    """Return what is wrong with each regular expression that is none; Flume finds out at the start, not before."""
    problems: dict[str, str] = {}
    for key, pattern in (("format.regex", options.format_regex), ("format.search", options.format_search)):
        try:
            compile_java(pattern or "")
        except ConfigurationError as error:
            problems[key] = f"{error}; the source cannot start with it"
    return problems
