"""Wakes the spooling directory source when a file has been closed by its writer or moved in.

A file that is only just created is left to the next poll: its writer is still at it. The watch is a help, not a need:
where the system refuses it, the poll delay alone decides.
"""

import logging
import os
import time
from collections.abc import Callable

from watchdog.events import FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from flumepy.core.observers import end_observer

MOVED_IN_AGE_S = 1.0


class SpoolWatch(FileSystemEventHandler):
    """Watches one directory tree from start to stop."""

    def __init__(self, name: str, directory: str, is_wanted: Callable[[str], bool], wake: Callable[[], None]) -> None:
        self._is_wanted = is_wanted
        self._wake = wake
        self._observer = Observer()
        self._log = logging.getLogger(f"flumepy.source.{name}")
        self._observer.name = f"source-{name}-watch"
        self._directory = directory

    def start(self, *, is_recursive: bool) -> None:
        """Begin to watch. Raises OSError where the system has no watch left."""
        self._observer.schedule(
            self,
            self._directory,
            recursive=is_recursive,
            event_filter=[FileClosedEvent, FileCreatedEvent, FileMovedEvent],
        )
        self._observer.start()

    def stop(self) -> None:
        """Stop watching and wait for the end of its threads."""
        if self._observer.is_alive():
            end_observer(self._observer, self._log)

    def on_closed(self, event: FileSystemEvent) -> None:
        """Wake for a file that its writer has closed."""
        self._wake_for(os.fsdecode(event.src_path))

    def on_moved(self, event: FileSystemEvent) -> None:
        """Wake for a file that was renamed inside the directory."""
        self._wake_for(os.fsdecode(event.dest_path))

    def on_created(self, event: FileSystemEvent) -> None:
        """Wake for a file that was moved in: one that is new here and has not been written to just now."""
        path = os.fsdecode(event.src_path)
        try:
            age_s = time.time() - os.stat(path).st_mtime
        except OSError:
            return
        if age_s > MOVED_IN_AGE_S:
            self._wake_for(path)

    def _wake_for(self, path: str) -> None:
        if self._is_wanted(os.path.basename(path)):
            self._wake()
