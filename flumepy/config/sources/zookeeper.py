"""A configuration in a ZooKeeper node, `<base>/<agent>`, in UTF-8, watched.

Source: AbstractZooKeeperConfigurationProvider, PollingZooKeeperConfigurationProvider. A node that is not there, or goes
away, is an empty configuration; one that comes (back) is read. `${}` is not resolved on this path, config filters work.
"""

import threading
from typing import Any

from flumepy.config.sources.base import ConfigurationSource
from flumepy.core.errors import ConfigurationError, MissingPackageError
from flumepy.formats.properties import Entry, load_properties

DEFAULT_BASE = "/flume"
CONNECT_TIMEOUT_S = 15


class ZooKeeperSource(ConfigurationSource):
    """Watches one node. Connects at the first read, stays connected until `close`."""

    resolves_lookups = False

    def __init__(
        self, connection: str, agent: str, base_path: str | None = None, timeout_s: float = CONNECT_TIMEOUT_S
    ) -> None:
        self.connection = connection
        self.path = f"{(base_path or DEFAULT_BASE).rstrip('/')}/{agent}"
        self.origin = f"zookeeper:{connection}{self.path}"
        self.timeout_s = timeout_s
        self._client: Any = None
        self._lock = threading.Lock()  # guards _data and _is_new, which kazoo's thread writes
        self._data = b""
        self._is_new = True

    def read(self) -> list[Entry] | None:
        """Return the node's entries, none for a missing node. Raises ConfigurationError when ZooKeeper is away."""
        if self._client is None:
            self._connect()
        with self._lock:
            if not self._is_new:
                return None
            self._is_new = False
            data = self._data
        return load_properties(data, self.origin)

    def has_changed(self) -> bool:
        """Tell whether the watch has seen another content."""
        with self._lock:
            return self._is_new

    def close(self) -> None:
        """Disconnect."""
        client, self._client = self._client, None
        if client is not None:
            client.stop()
            client.close()

    def _connect(self) -> None:
        try:
            # kazoo is an extra, and only this source needs it.
            from kazoo.client import KazooClient  # noqa: PLC0415
            from kazoo.exceptions import KazooException  # noqa: PLC0415
            from kazoo.handlers.threading import KazooTimeoutError  # noqa: PLC0415
        except ImportError as error:
            raise MissingPackageError(
                "a configuration in ZooKeeper needs the package kazoo", hint="pip install 'flumepy[zookeeper]'"
            ) from error
        client = KazooClient(hosts=self.connection)
        try:
            client.start(timeout=self.timeout_s)
            client.DataWatch(self.path, self._seen)
        except (KazooException, KazooTimeoutError, OSError, ValueError) as error:
            client.stop()
            client.close()
            raise ConfigurationError(f"cannot read {self.origin}: {error or type(error).__name__}") from error
        self._client = client

    def _seen(self, data: bytes | None, _stat: object) -> None:
        with self._lock:
            if (data or b"") == self._data:
                return
            self._data = data or b""
            self._is_new = True
        if self._client is not None:
            self.on_change()
