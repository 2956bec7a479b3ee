"""File names that count on from the start: <prefix><milliseconds>-<n>[.<extension>]. Source: DefaultPathManager."""

from flumepy.core.component import Context
from flumepy.core.path_manager import PathManager, PathOptions


class DefaultPathManager(PathManager[PathOptions]):
    """Numbers the files from 1; the milliseconds are those of its making."""

    Options = PathOptions

    def __init__(self, context: Context, options: PathOptions) -> None:
        super().__init__(context, options)
        self._series = str(context.clock.time_ms())
        self._number = 0

    def next_name(self) -> str:
        """Return the name with the next number."""
        self._number += 1
        return self.options.file_name(self._series, self._number)
