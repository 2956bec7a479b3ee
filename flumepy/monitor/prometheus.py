"""The monitor `prometheus`: the text format at /metrics, health and readiness beside it.

Source: PrometheusHTTPMetricsServer (Flume's trunk after 1.11).
"""

from flumepy.monitor.http import HttpMonitor
from flumepy.monitor.page_server import Page
from flumepy.monitor.prometheus_text import exposition


class PrometheusMonitor(HttpMonitor):
    """Serves the Prometheus text format."""

    def page(self, path: str, accept: str) -> Page | None:
        """Return the page at a path."""
        if path in ("/metrics", "/metrics/prometheus"):
            content_type, body = exposition(self.application, accept)
            return Page(content_type, body)
        return self.common_page(path)
