"""Notice at once that a watched file changed; the poll interval remains the safety net (network file systems)."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger("flumepy.agent")


class FileWatch:
    """Calls back, on watchdog's thread, for each change of one of the files (or of what replaces it)."""

    def __init__(self, files: list[Path], changed: Callable[[], None]) -> None:
        self._observer = None
        if not files:
            return
        # Imported here: an agent that does not reload need not pay for it.
        from watchdog.events import FileSystemEvent, FileSystemEventHandler  # noqa: PLC0415
        from watchdog.observers import Observer  # noqa: PLC0415

        names = {os.path.realpath(file) for file in files} | {os.path.abspath(file) for file in files}

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                touched = {os.fsdecode(event.src_path), os.fsdecode(event.dest_path or b"")}
                if event.event_type not in ("opened", "closed_no_write") and touched & names:
                    changed()

        self._observer = Observer()
        try:
            for folder in {os.path.dirname(name) for name in names}:
                self._observer.schedule(Handler(), folder)
            self._observer.start()
        except OSError as error:
            self._observer = None
            log.warning("Changes are seen at the next poll only; the folder cannot be watched: %s", error)

    def stop(self) -> None:
        """Stop watching."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None
