"""The contract of a configuration source, and several of them as one.

`read` and `has_changed` are called by one thread; a source may have threads of its own that call `on_change`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from flumepy.formats.properties import Entry


def nobody() -> None:
    """Tell nobody."""


class ConfigurationSource(ABC):
    """One place that holds a configuration in properties form."""

    #: what it is called in messages and in entries
    origin: str
    #: whether Flume resolves `${}` in what comes from here
    resolves_lookups = True
    #: called from any thread when a change is known without asking
    on_change: Callable[[], None] = staticmethod(nobody)

    @abstractmethod
    def read(self) -> list[Entry] | None:
        """Return the entries, or None when they have not changed since the last read. Raises ConfigurationError."""

    @abstractmethod
    def has_changed(self) -> bool:
        """Tell whether `read` would bring something new. Raises ConfigurationError when that cannot be found out."""

    def close(self) -> None:
        """End what was opened. Safe twice."""


class MergedSource(ConfigurationSource):
    """Several sources as one; later ones override earlier ones."""

    def __init__(self, sources: Sequence[ConfigurationSource]) -> None:
        self.sources = list(sources)
        self.origin = ", ".join(source.origin for source in sources)
        self.resolves_lookups = all(source.resolves_lookups for source in sources)
        self._entries: list[list[Entry]] = [[] for _ in sources]
        # One source was read anew and another then failed: what was read must not be forgotten.
        self._is_pending = False
        for source in sources:
            source.on_change = self._pass_on

    def read(self) -> list[Entry] | None:
        """Read what has changed and return everything, in the order of the sources."""
        for index, source in enumerate(self.sources):
            entries = source.read()
            if entries is not None:
                self._entries[index] = entries
                self._is_pending = True
        if not self._is_pending:
            return None
        self._is_pending = False
        return [entry for entries in self._entries for entry in entries]

    def has_changed(self) -> bool:
        """Tell whether any source has changed."""
        return self._is_pending or any(source.has_changed() for source in self.sources)

    def _pass_on(self) -> None:
        self.on_change()

    def close(self) -> None:
        """Close all."""
        for source in self.sources:
            source.close()
