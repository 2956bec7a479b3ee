"""The contract of a config filter."""

from abc import abstractmethod

from flumepy.core.component import Component
from flumepy.core.options import OptionsT


class ConfigFilter(Component[OptionsT]):
    """Looks values up by key while a configuration is read. Source: org.apache.flume.conf.configfilter.ConfigFilter."""

    kind = "config_filter"

    @abstractmethod
    def value(self, key: str) -> str | None:
        """Return the value, or None when there is none; the reference then stays as it is written."""
