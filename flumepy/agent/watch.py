"""Notice at once that a watched file changed; the poll interval remains the safety net (network file systems).

A file is watched through its folder, so that one that is replaced, or missing for a while, is seen again; so is each
symbolic link on the way to it, since that is what Kubernetes exchanges to bring a new version (`..data`).
"""

import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flumepy.core.observers import end_observer

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

log = logging.getLogger("flumepy.agent")

#: what is asked of watchdog, so that the kernel does not wake us for each reader of a file or folder beside ours
CHANGES = (
    "FileCreatedEvent", "FileModifiedEvent", "FileAttribEvent", "FileClosedEvent", "FileMovedEvent", "FileDeletedEvent",
    "DirCreatedEvent", "DirMovedEvent", "DirDeletedEvent",
)  # fmt: skip


class FileWatch:
    """Calls back, on watchdog's thread, for each change of one of the files (or of what replaces it)."""

    def __init__(self, files: Iterable[Path], changed: Callable[[], None]) -> None:
        self._files = list(files)
        self._changed = changed
        self._names: frozenset[str] = frozenset()
        self._folders: set[tuple[str, int]] = set()
        self._observer: Any = None
        if self._files:
            # Imported here: an agent that does not reload need not pay for it.
            from watchdog.observers import Observer  # noqa: PLC0415

            self._events = event_classes()
            self._observer = Observer()
            try:
                self._observer.start()
            except OSError as error:
                self._observer = None
                log.warning("Changes are seen at the next poll only; no file can be watched: %s", error)
        self.refresh()

    def refresh(self) -> None:
        """Follow the links anew; to be called after each change."""
        self._names = frozenset(name for file in self._files for name in trail(os.path.abspath(file)))
        folders = {identity(os.path.dirname(name)) for name in self._names}
        if self._observer is None or folders == self._folders:
            return
        self._folders = folders
        self._observer.unschedule_all()
        for folder, _ in sorted(folders):
            try:
                self._observer.schedule(self, folder, event_filter=self._events)
            except OSError as error:
                log.warning("Changes in %s are seen at the next poll only; it cannot be watched: %s", folder, error)

    def dispatch(self, event: "FileSystemEvent") -> None:
        """Take an event of one of the folders; what watchdog asks of a handler."""
        touched = {os.fsdecode(event.src_path), os.fsdecode(event.dest_path or b"")}
        if touched & self._names:
            self._changed()

    def stop(self) -> None:
        """Stop watching."""
        observer, self._observer = self._observer, None
        if observer is not None:
            end_observer(observer, log)


def event_classes() -> "list[type[FileSystemEvent]]":
    """Return the classes of watchdog's events that mean a change."""
    from watchdog import events  # noqa: PLC0415

    return [getattr(events, name) for name in CHANGES if hasattr(events, name)]  # some are younger than others


def trail(path: str) -> set[str]:
    """Return every symbolic link on the way to a file, and where the way ends; a loop ends it, too."""
    names: set[str] = set()
    while True:
        parts = [part for part in (*reversed(Path(path).parents), Path(path)) if os.path.islink(part)]
        if not parts or str(parts[0]) in names:
            return {*names, path}
        link = str(parts[0])
        names.add(link)
        try:
            target = os.readlink(link)
        except OSError:  # exchanged at this moment: there will be an event
            return names
        path = os.path.normpath(os.path.join(os.path.dirname(link), target, os.path.relpath(path, link)))


def identity(folder: str) -> tuple[str, int]:
    """Return what changes when a folder is replaced by another of its name."""
    try:
        return folder, os.stat(folder).st_ino
    except OSError:
        return folder, 0
