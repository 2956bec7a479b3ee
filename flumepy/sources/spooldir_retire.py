"""What happens to a spooled file that was read to its end: it is renamed, deleted, or marked in the tracker directory."""

import os
from pathlib import Path

from flumepy.sources.spooldir_options import DeletePolicy, SpooldirOptions, TrackingPolicy


class Retirement:
    """Retires the files of one source and knows which ones are marked."""

    def __init__(self, directory: str, tracker_directory: Path, options: SpooldirOptions) -> None:
        self._directory = directory
        self._tracker_directory = tracker_directory
        self._suffix = options.file_suffix
        self._is_tracking = options.tracking_policy is TrackingPolicy.TRACKER_DIR
        self._is_deleting = options.delete_policy is DeletePolicy.IMMEDIATE
        #: the position file of a marked file stays until the next file begins, as in Flume
        self.keeps_position = self._is_tracking and not self._is_deleting
        #: files of the directory itself are changed
        self.changes_directory = not self.keeps_position

    def is_marked(self, path: str) -> bool:
        """Tell whether the tracker directory says that the file is done."""
        return self._is_tracking and os.path.lexists(self._marker(path))

    def retire(self, path: str) -> str | None:
        """Do it; return why it cannot be done without harm, None when done.

        Raises FileNotFoundError when the file is gone.
        """
        try:
            if self._is_deleting:
                os.unlink(path)
                return None
            return self._keep(path)
        except FileNotFoundError:
            raise
        except OSError as error:
            return f"it was read to its end but cannot be renamed, deleted or marked: {error}"

    def _keep(self, path: str) -> str | None:
        target = self._marker(path) if self._is_tracking else Path(path + self._suffix)
        if os.path.lexists(target):
            return f"it was read to its end but its name was used before: {target} exists"
        if self._is_tracking:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch(exist_ok=False)
        else:
            os.rename(path, target)
        return None

    def _marker(self, path: str) -> Path:
        return self._tracker_directory / (os.path.relpath(path, self._directory) + self._suffix)
