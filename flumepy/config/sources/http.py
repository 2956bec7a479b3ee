"""A configuration behind http or https. Source: org.apache.flume.node.HttpConfigurationSource.

GET with `If-Modified-Since` once the server has named a Last-Modified; 200 is new data, 304 is not, 401 and 404 are errors,
any other status is ignored with a warning. The server that names no Last-Modified answers 200 each time, with Flume a full
restart at every poll; here equal bytes are no change. Redirects are followed; the credentials go to the named host only.
"""

import base64
import logging
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from flumepy.config.sources.base import ConfigurationSource
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import Entry, load_properties

TIMEOUT_S = 60
LIMIT_BYTES = 16 << 20

log = logging.getLogger("flumepy.config.http")

# As in Java, the proxies that the environment names are not used.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password for HTTP Basic."""

    user: str
    password: str = field(repr=False)

    def header(self) -> str:
        """Return the value of the Authorization header."""
        return f"Basic {base64.b64encode(f'{self.user}:{self.password}'.encode()).decode('ascii')}"


class HttpSource(ConfigurationSource):
    """Fetches one URI."""

    def __init__(self, uri: str, credentials: Credentials | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self.uri = uri
        self.origin = uri
        self.credentials = credentials
        self.timeout_s = timeout_s
        self._last_modified: str | None = None
        self._data: bytes | None = None
        self._is_new = False

    def read(self) -> list[Entry] | None:
        """Return the entries; an ignored status at the first read gives none. Raises ConfigurationError."""
        if not self._is_new and not self.has_changed() and self._data is not None:
            return None
        self._is_new = False
        return load_properties(self._data or b"", self.origin)

    def has_changed(self) -> bool:
        """Ask the server. Raises ConfigurationError when it cannot be reached or refuses."""
        data = self._fetch()
        if data is not None and data != self._data:
            self._data = data
            self._is_new = True
        return self._is_new

    def _fetch(self) -> bytes | None:
        request = urllib.request.Request(self.uri)  # noqa: S310 - the factory admits http and https only
        is_properties = self.uri.partition("?")[0].endswith(".properties")
        request.add_header("Content-Type", "text/x-java-properties" if is_properties else "text/plain")
        if self._last_modified is not None:
            request.add_header("If-Modified-Since", self._last_modified)
        if self.credentials is not None:
            request.add_unredirected_header("Authorization", self.credentials.header())
        try:
            with _opener.open(request, timeout=self.timeout_s) as reply:
                return self._accept(reply.status, reply.headers.get("Last-Modified"), reply.read(LIMIT_BYTES + 1))
        except urllib.error.HTTPError as error:
            with error:
                return self._refused(error.code)
        except (OSError, ValueError, urllib.error.URLError) as error:
            raise ConfigurationError(f"cannot read {self.origin}: {getattr(error, 'reason', error)}") from error

    def _accept(self, status: int, last_modified: str | None, data: bytes) -> bytes | None:
        if status != 200:
            return self._refused(status)
        if len(data) > LIMIT_BYTES:
            raise ConfigurationError(f"{self.origin} sends more than {LIMIT_BYTES >> 20} MiB")
        self._last_modified = last_modified or self._last_modified
        return data

    def _refused(self, status: int) -> bytes | None:
        if status == 304:
            return None
        if status == 401:
            raise ConfigurationError(
                f"{self.origin} asks for other credentials (401)", hint="set --conf-user and --conf-password"
            )
        if status == 404:
            raise ConfigurationError(f"{self.origin} does not exist (404)")
        log.warning("%s answered with status %d, which is ignored.", self.origin, status)
        return None
