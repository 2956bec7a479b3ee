"""The agent's configuration as the service sees it: one source after another, read again when it has changed.

Source: UriConfigurationProvider, ZooKeeperConfigurationProvider; their order of precedence is ZooKeeper, URIs, files.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flumepy.config.load import load
from flumepy.config.model import Configuration
from flumepy.config.sources.backup import Backup
from flumepy.config.sources.base import ConfigurationSource, MergedSource
from flumepy.config.sources.file import FileSource
from flumepy.config.sources.uri import open_file, open_uri
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import Entry


@dataclass(frozen=True)
class SourceSettings:
    """Where the command line says the configuration is."""

    files: Sequence[str] = ()
    uris: Sequence[str] = ()
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    zookeeper: str | None = None
    zookeeper_base: str | None = None


class Remembering(ConfigurationSource):
    """A source that gives its last entries again when nothing has changed: a reload on demand looks anew at all else."""

    def __init__(self, source: ConfigurationSource) -> None:
        self.source = source
        self.origin = source.origin
        self.resolves_lookups = source.resolves_lookups
        self._entries: list[Entry] = []

    def read(self) -> list[Entry] | None:
        """Return the entries, new or as they were. Raises ConfigurationError."""
        entries = self.source.read()
        if entries is not None:
            self._entries = entries
        return self._entries

    def has_changed(self) -> bool:
        """Ask the source."""
        return self.source.has_changed()

    def close(self) -> None:
        """Close the source."""
        self.source.close()


class ConfigurationLoader:
    """Reads and validates everything; fits the service's `Loader`."""

    def __init__(
        self,
        source: ConfigurationSource,
        system_properties: Mapping[str, str],
        environ: Mapping[str, str],
        *,
        conf_directory: Path | None = None,
        backup: Backup | None = None,
    ) -> None:
        self.origin = source.origin  #: where the configuration is, for messages
        self._source = Remembering(source)
        self._system_properties = system_properties
        self._environ = environ
        self._conf_directory = conf_directory
        self._backup = backup

    def load(self) -> Configuration:
        """Return what the sources say now. Raises ConfigurationError where nothing can be read."""
        configuration = load(
            self._source, self._system_properties, self._environ,
            conf_directory=self._conf_directory, backup=self._backup,
        )  # fmt: skip
        assert configuration is not None, "a source that remembers always has entries"
        return configuration

    def has_changed(self) -> bool:
        """Tell whether a source has changed since the last load. Raises ConfigurationError."""
        return self._source.has_changed()

    def watched_files(self) -> list[Path]:
        """Return the local files that may change."""
        source = self._source.source
        sources = source.sources if isinstance(source, MergedSource) else [source]
        return [single.path for single in sources if isinstance(single, FileSource)]

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed`, from any thread, where a source knows of its changes by itself."""
        self._source.source.on_change = changed

    def close(self) -> None:
        """End what the sources have opened."""
        self._source.close()


def open_sources(settings: SourceSettings, agent: str, conf_directory: Path | None = None) -> ConfigurationSource:
    """Return the source that counts: ZooKeeper before URIs before files. Raises ConfigurationError."""
    if settings.zookeeper is not None:
        # kazoo is an extra, and few configurations are in ZooKeeper.
        zookeeper = importlib.import_module("flumepy.config.sources.zookeeper")
        watched: ConfigurationSource = zookeeper.ZooKeeperSource(settings.zookeeper, agent, settings.zookeeper_base)
        return watched
    sources: list[ConfigurationSource] = [
        open_uri(uri, conf_directory=conf_directory, user=settings.user, password=settings.password)
        for uri in settings.uris
    ] or [open_file(path) for path in settings.files]
    if not sources:
        raise ConfigurationError("no configuration was named", hint="give --conf-file FILE")
    return sources[0] if len(sources) == 1 else MergedSource(sources)
