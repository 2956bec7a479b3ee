"""File names with the local time of the roll: <prefix><yyyyMMddHHmmss>-<n>[.<extension>]. Source: RollTimePathManager."""

from datetime import datetime

from flumepy.core.component import Context
from flumepy.core.path_manager import PathManager, PathOptions


class RolltimePathManager(PathManager[PathOptions]):
    """Numbers the files of one second from 1."""

    Options = PathOptions

    def __init__(self, context: Context, options: PathOptions) -> None:
        super().__init__(context, options)
        self._second = ""
        self._number = 0

    def next_name(self) -> str:
        """Return the name for the present second."""
        second = datetime.fromtimestamp(self.context.clock.time_ms() // 1000).strftime("%Y%m%d%H%M%S")
        if second != self._second:
            self._second, self._number = second, 0
        self._number += 1
        return self.options.file_name(second, self._number)
