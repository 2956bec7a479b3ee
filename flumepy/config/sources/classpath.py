"""A configuration in the conf directory, which Flume has first on its class path. Never read again.

Source: org.apache.flume.node.ClasspathConfigurationSource. There is no class path here: only the conf directory is searched.
`classpath:name`, on which Flume fails, is the same as `classpath:/name`.
"""

from pathlib import Path

from flumepy.config.sources.base import ConfigurationSource
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import Entry, load_properties


class ClasspathSource(ConfigurationSource):
    """Reads one file below the conf directory once."""

    def __init__(self, uri: str, conf_directory: Path | None) -> None:
        self.origin = uri
        self.name = uri.partition(":")[2].strip("/")
        self.conf_directory = conf_directory
        self._is_read = False

    def read(self) -> list[Entry] | None:
        """Return the file's entries the first time. Raises ConfigurationError when there is no such file."""
        if self._is_read:
            return None
        if self.conf_directory is None:
            raise ConfigurationError(f"{self.origin} needs a conf directory", hint="name it with --conf")
        path = self.conf_directory / self.name
        try:
            if not path.resolve().is_relative_to(self.conf_directory.resolve()):
                raise ConfigurationError(f"{self.origin} leads out of the conf directory {self.conf_directory}")
            data = path.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise ConfigurationError(f"cannot read {self.origin} in {self.conf_directory}: {reason}") from error
        entries = load_properties(data, str(path))
        self._is_read = True
        return entries

    def has_changed(self) -> bool:
        """Tell that it never changes."""
        return False
