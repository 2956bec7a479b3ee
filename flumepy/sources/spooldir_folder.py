"""Which files of a spooling directory are to be read, and in which order.

A listing is sorted once and handed out file by file; it is taken anew when it is used up or older than the poll delay, so
that new files find their place without a listing for every file. Source: ReliableSpoolingFileEventReader.getNextFile.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum


class ConsumeOrder(Enum):
    """Which file comes first."""

    OLDEST = "oldest"
    YOUNGEST = "youngest"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class FolderRules:
    """What makes a file a candidate. `is_finished` answers for a path whether it is done or set aside."""

    suffix: str
    include: re.Pattern[str]
    ignore: re.Pattern[str]
    is_recursive: bool
    order: ConsumeOrder
    is_finished: Callable[[str], bool]

    def fits(self, name: str) -> bool:
        """Tell whether a file of this name is to be read."""
        return (
            not name.endswith(self.suffix)
            and not name.startswith(".")
            and self.include.fullmatch(name) is not None
            and self.ignore.fullmatch(name) is None
        )

    def enters(self, name: str) -> bool:
        """Tell whether a sub-directory of this name is looked into."""
        return self.is_recursive and not name.startswith(".") and self.ignore.fullmatch(name) is None


class SpoolFolder:
    """Hands out the candidates of one directory."""

    def __init__(self, directory: str, rules: FolderRules, max_age_s: float, monotonic_s: Callable[[], float]) -> None:
        self.directory = directory
        self._rules = rules
        self._max_age_s = max_age_s
        self._monotonic_s = monotonic_s
        self._listed_s = float("-inf")
        self._paths: list[str] = []  # the next one is last

    def forget_listing(self) -> None:
        """Look at the directory again for the next file."""
        self._listed_s = float("-inf")

    def next_path(self, *, may_list: bool) -> str | None:
        """Return the next candidate, each once in a listing; without `may_list` only those already listed.

        Raises OSError when the directory cannot be listed.
        """
        if may_list and not self._is_fresh():
            self._paths = self._list()
            self._listed_s = self._monotonic_s()
        while self._paths:
            path = self._paths.pop()
            if not self._rules.is_finished(path):
                return path
        return None

    def _is_fresh(self) -> bool:
        if self._rules.order is ConsumeOrder.RANDOM and self._paths:
            return True
        return bool(self._paths) and self._monotonic_s() - self._listed_s < self._max_age_s

    def _list(self) -> list[str]:
        order = self._rules.order
        found = list(self._walk(self.directory))
        if order is ConsumeOrder.RANDOM:
            found.reverse()  # Flume's random is the order of the directory itself
        else:
            sign = -1 if order is ConsumeOrder.YOUNGEST else 1
            found.sort(key=lambda one: (sign * one[0], os.path.basename(one[1])), reverse=True)
        return [path for _, path in found]

    def _walk(self, directory: str) -> Iterator[tuple[int, str]]:
        """Iterate modification time in ms and path; only the top directory must be there."""
        prefix = directory if directory.endswith("/") else f"{directory}/"
        below: list[str] = []
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if self._rules.enters(entry.name):
                        below.append(prefix + entry.name)
                elif self._rules.fits(entry.name) and (time_ms := _regular_file_time_ms(entry)) is not None:
                    yield time_ms, prefix + entry.name
        for path in below:
            try:
                yield from self._walk(path)
            except OSError:  # gone or closed to us meanwhile: the other directories go on
                continue


def _regular_file_time_ms(entry: os.DirEntry[str]) -> int | None:
    """Return the modification time; None for what is no file (a pipe would block its reader) or is gone."""
    try:
        status = entry.stat()
    except OSError:
        return None
    return status.st_mtime_ns // 1_000_000 if stat.S_ISREG(status.st_mode) else None
