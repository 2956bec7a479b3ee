"""The monitor `http`: Flume's JSON at /metrics, and health, readiness and Prometheus text beside it.

Source: HTTPMetricsServer.
"""

from flumepy.monitor.flume_json import metrics_json
from flumepy.monitor.health import health, readiness
from flumepy.monitor.page_server import Page, PageServer, PageServerOptions

HTML = "text/html;charset=utf-8"
JSON = "application/json;charset=utf-8"
PLAIN = "text/plain;charset=utf-8"
INDEX = b'For Flume metrics please click <a href = "./metrics"> here</a>.'
NO_PROMETHEUS = b"Prometheus text needs the package prometheus-client: pip install 'flumepy[prometheus]'\n"


class HttpMonitor(PageServer[PageServerOptions]):
    """Serves Flume's JSON."""

    Options = PageServerOptions

    def page(self, path: str, accept: str) -> Page | None:
        """Return the page at a path."""
        if path == "/metrics":
            return Page(JSON, metrics_json(self.application))
        if path == "/metrics/prometheus":
            return self._prometheus(accept)
        return self.common_page(path)

    def common_page(self, path: str) -> Page | None:
        """Return a page that all types of monitors have."""
        if path == "/":
            return Page(HTML, INDEX)
        if path == "/health":
            status, body = health(self.application)
            return Page(JSON, body, status)
        if path == "/ready":
            status, body = readiness(self.application)
            return Page(JSON, body, status)
        return None

    def _prometheus(self, accept: str) -> Page:
        try:
            # Optional, and 10 MB that only those pay who ask for the page.
            from flumepy.monitor.prometheus_text import exposition  # noqa: PLC0415
        except ImportError:
            return Page(PLAIN, NO_PROMETHEUS, 501)
        content_type, body = exposition(self.application, accept)
        return Page(content_type, body)
