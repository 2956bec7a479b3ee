"""HTTP sink: posts one body a request; the status code decides what becomes of the event. Source: HttpSink."""

import re
from urllib.parse import urlsplit

from flumepy.core.component import Context
from flumepy.core.counters import SinkCounters
from flumepy.core.errors import ConfigurationError
from flumepy.core.later import LaterSink
from flumepy.core.options import Options, opt

PORT = re.compile(r"[+-]?\d+", re.ASCII)
JAVA_PROTOCOLS = ("http", "https", "file", "ftp", "jar", "mailto")


class HttpOptions(Options):
    """Properties of the http sink."""

    endpoint: str | None = opt("endpoint", None, doc="URL to post to. Needed.")
    connect_timeout_ms: int = opt("connectTimeout", 5000, ge=1, unit="ms", doc="Longest wait for a connection.")
    request_timeout_ms: int = opt("requestTimeout", 5000, ge=1, unit="ms", doc="Longest wait for an answer.")
    content_type_header: str = opt("contentTypeHeader", "text/plain", doc="Content-Type of requests.")
    accept_header: str = opt("acceptHeader", "text/plain", doc="Accept of requests.")
    default_backoff: bool = opt("defaultBackoff", True, doc="Wait after a request.")
    default_rollback: bool = opt("defaultRollback", True, doc="Give the event back after a request, 200 included.")
    default_increment_metrics: bool = opt("defaultIncrementMetrics", False, doc="Count the event as delivered.")
    backoff: dict[str, str] = opt("backoff.", {}, doc="backoff.<code>: the same for a status such as 503 or 5XX.")
    rollback: dict[str, str] = opt("rollback.", {}, doc="rollback.<code>: the same for a status such as 200 or 2XX.")
    increment_metrics: dict[str, str] = opt(
        "incrementMetrics.", {}, doc="incrementMetrics.<code>: the same for a status."
    )


class HttpSink(LaterSink[HttpOptions]):
    """Posts events."""

    Options = HttpOptions
    type_name = "http"

    def __init__(self, context: Context, options: HttpOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        if not _is_java_url(options.endpoint or ""):
            raise ConfigurationError(f"Endpoint URL invalid: {options.endpoint or ''}", key="endpoint")
        for name, codes in (("backoff", options.backoff), ("rollback", options.rollback),
                            ("incrementMetrics", options.increment_metrics)):  # fmt: skip
            for code in codes:
                if not (len(code) == 3 and code[0].isdigit() and (code[1:].isdigit() or code[1:] == "XX")):
                    self.warn("is no status: write three digits, or one and XX", key=f"{name}.{code}")


def _is_java_url(text: str) -> bool:
    """Tell whether java.net.URL takes the text; it allows any port from -1 up and no host."""
    try:
        url = urlsplit(text)
    except ValueError:  # a bracket is left open
        return False
    port = url.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    return url.scheme in JAVA_PROTOCOLS and (not port or (bool(PORT.fullmatch(port)) and int(port) >= -1))
