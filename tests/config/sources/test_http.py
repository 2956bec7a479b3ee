"""flumepy.config.sources.http against a real server on this machine."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flumepy.config.sources.http import Credentials, HttpSource
from flumepy.core.errors import ConfigurationError

MODIFIED = "Sat, 21 Nov 2026 10:00:00 GMT"


class Site(ThreadingHTTPServer):
    """Serves one configuration and remembers what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.body = b"a1.x = 1\n"
        self.last_modified: str | None = MODIFIED
        self.location: str | None = None
        self.asked: list[dict[str, str]] = []

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/flume/a.properties"


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        site = self.server
        site.asked.append({name.lower(): value for name, value in self.headers.items()})
        status = (
            304 if site.last_modified and self.headers.get("If-Modified-Since") == site.last_modified else site.status
        )
        self.send_response(status)
        if site.last_modified and status == 200:
            self.send_header("Last-Modified", site.last_modified)
        if site.location:
            self.send_header("Location", site.location)
        self.send_header("Content-Length", str(len(site.body)) if status == 200 else "0")
        self.end_headers()
        if status == 200:
            self.wfile.write(site.body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@contextmanager
def serving() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


def values(source: HttpSource) -> list[str] | None:
    entries = source.read()
    return None if entries is None else [entry.value for entry in entries]


def test_a_configuration_is_fetched_once_and_again_when_the_server_has_a_newer_one(site: Site) -> None:
    source = HttpSource(site.uri)
    assert values(source) == ["1"]
    assert not source.has_changed()
    assert values(source) is None
    assert site.asked[0]["content-type"] == "text/x-java-properties"
    assert "if-modified-since" not in site.asked[0]
    assert site.asked[1]["if-modified-since"] == MODIFIED
    site.body, site.last_modified = b"a1.x = 2\n", "Sat, 21 Nov 2026 11:00:00 GMT"
    assert source.has_changed()
    assert values(source) == ["2"]
    assert values(source) is None


def test_a_server_without_last_modified_is_asked_and_equal_bytes_are_no_change(site: Site) -> None:
    site.last_modified = None
    source = HttpSource(site.uri)
    assert values(source) == ["1"]
    assert values(source) is None
    site.body = b"a1.x = 2\n"
    assert values(source) == ["2"]


def test_credentials_go_out_with_the_first_request(site: Site) -> None:
    HttpSource(site.uri, Credentials("me", "pä:ss")).read()
    assert site.asked[0]["authorization"] == "Basic " + base64.b64encode("me:pä:ss".encode()).decode()
    assert "pä:ss" not in repr(Credentials("me", "pä:ss"))


def test_credentials_do_not_follow_a_redirect_to_another_place(site: Site) -> None:
    with serving() as other:
        site.status, site.location = 302, other.uri
        assert values(HttpSource(site.uri, Credentials("me", "secret"))) == ["1"]
        assert "authorization" not in other.asked[0]


def test_proxies_of_the_environment_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert values(HttpSource(site.uri)) == ["1"]


@pytest.mark.parametrize(("status", "message"), [(401, "asks for other credentials"), (404, "does not exist")])
def test_a_refusal_is_an_error_and_the_next_change_is_seen(site: Site, status: int, message: str) -> None:
    site.status = status
    source = HttpSource(site.uri)
    with pytest.raises(ConfigurationError, match=message):
        source.read()
    site.status = 200
    assert values(source) == ["1"]


def test_another_status_is_ignored(site: Site) -> None:
    site.status = 503
    source = HttpSource(site.uri)
    assert values(source) == []
    site.status = 200
    assert values(source) == ["1"]
    site.status, site.last_modified = 503, None
    assert not source.has_changed()


def test_a_server_that_is_away_or_silent_is_an_error() -> None:
    with serving() as site:
        uri = site.uri
    with pytest.raises(
        ConfigurationError, match=r"^cannot read http://127\.0\.0\.1:\d+/flume/a\.properties: .*refused"
    ):
        HttpSource(uri).read()
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as silent,
        pytest.raises(ConfigurationError, match="timed out"),
    ):
        HttpSource(f"http://127.0.0.1:{silent.server_address[1]}/x", timeout_s=0.1).read()


def test_an_endless_configuration_is_refused(site: Site) -> None:
    site.body = b"#" * (17 << 20)
    with pytest.raises(ConfigurationError, match="sends more than 16 MiB"):
        HttpSource(site.uri).read()
