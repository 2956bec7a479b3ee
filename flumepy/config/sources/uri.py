"""From what the command line names to configuration sources.

Source: org.apache.flume.node.ConfigurationSourceFactory, UriConfigurationProvider, Application. Flume skips a file of a
reserved format with a warning and starts with what is left; here that is an error.
"""

import importlib
import urllib.parse
from collections.abc import Iterable
from pathlib import Path

from flumepy.config.sources.base import ConfigurationSource
from flumepy.config.sources.classpath import ClasspathSource
from flumepy.config.sources.file import FileSource
from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import did_you_mean

SCHEMES = ("file", "http", "https", "classpath")
#: endings that Flume reserves for formats it cannot read
RESERVED = ("json", "yaml", "xml")


def open_file(path: str | Path) -> ConfigurationSource:
    """Return the source of one `--conf-file`. Raises ConfigurationError for a format that is not supported."""
    _refuse_reserved(str(path), str(Path(path).absolute()))
    return FileSource(path)


def open_uri(
    uri: str, *, conf_directory: Path | None = None, user: str | None = None, password: str | None = None
) -> ConfigurationSource:
    """Return the source of one `--conf-uri`. Raises ConfigurationError for a scheme or a format that is not supported."""
    try:
        parts = urllib.parse.urlsplit(uri)
    except ValueError as error:
        raise ConfigurationError(f"{uri} is not a URI: {error}") from error
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES:
        hint = did_you_mean(scheme, SCHEMES) if scheme else f"a file's URI is file://{Path(uri).absolute()}"
        raise ConfigurationError(f"the URI {uri} is none of {', '.join(SCHEMES)}", hint=hint)
    if scheme == "file":
        return open_file(urllib.parse.unquote(parts.path))
    _refuse_reserved(uri, parts.path)
    if scheme == "classpath":
        return ClasspathSource(uri, conf_directory)
    # urllib.request costs 40 ms to import, and most configurations are files.
    http = importlib.import_module("flumepy.config.sources.http")
    credentials = http.Credentials(user, password or "") if user is not None else None
    source: ConfigurationSource = http.HttpSource(uri, credentials)
    return source


def _refuse_reserved(name: str, path: str) -> None:
    # Flume takes what follows the first dot of the whole path.
    ending = path.partition(".")[2]
    if ending in RESERVED:
        raise ConfigurationError(f"{name}: configurations in {ending} are not supported", hint="write it as properties")


def poll_interval_s(uris: Iterable[str]) -> int:
    """Return Flume's default time between two polls: 300 s when any URI is http(s), else 30 s."""
    return 300 if any(uri.lower().startswith("http") for uri in uris) else 30
