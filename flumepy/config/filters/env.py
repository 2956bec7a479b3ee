"""Values from environment variables. Source: org.apache.flume.configfilter.EnvironmentVariableConfigFilter."""

import os

from flumepy.config.filters.base import ConfigFilter
from flumepy.core.options import NoOptions


class EnvConfigFilter(ConfigFilter[NoOptions]):
    """Takes `${name['KEY']}` from the environment variable KEY."""

    def value(self, key: str) -> str | None:
        """Return the variable's value, or None when it is not set."""
        return os.environ.get(key)
