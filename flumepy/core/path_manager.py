"""The path manager contract: names for the files that a sink writes one after the other. Source: PathManager."""

from abc import abstractmethod

from flumepy.core.component import Component
from flumepy.core.options import Options, OptionsT, opt


class PathOptions(Options):
    """Properties that the built-in path managers share."""

    prefix: str = opt("prefix", "", doc="What every file name starts with.")
    extension: str = opt("extension", "", doc="What every file name ends with, after a dot that is added.")

    def file_name(self, series: str, number: int) -> str:
        """Return <prefix><series>-<number>[.<extension>]."""
        return f"{self.prefix}{series}-{number}" + (f".{self.extension}" if self.extension else "")


class PathManager(Component[OptionsT]):
    """Names files; called by one thread."""

    kind = "path_manager"

    @abstractmethod
    def next_name(self) -> str:
        """Return the name of the next file, one that was not returned before."""
