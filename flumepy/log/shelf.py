"""The folders of a log: their locks, the segment files in them, and the spare files that wait to become segments.

A spare is claimed under the append lock, which does no I/O; `grow` makes new ones outside of it.
"""

import os
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flumepy.core.errors import StartError
from flumepy.log.disk import Disk
from flumepy.log.errors import LogFullError
from flumepy.log.segment import HEADER_BYTES, SUFFIX, Segment, SegmentHeader, segment_name

LOCK_NAME = "in_use.lock"
SEGMENT_NAME = re.compile(rf"^(\d{{20}}){re.escape(SUFFIX)}$")
SPARE_NAME = re.compile(r"^(\d+)\.spare$")

_OWNED: set[str] = set()  # folders locked by this process; record locks do not keep a process from itself
_OWNED_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Spare:
    """A file with no live frames. `capacity`: bytes of frames that fit."""

    path: Path
    capacity: int


@dataclass(frozen=True)
class ShelfSettings:
    """Where a log lives and how it takes space.

    segment_bytes: frames of a usual segment; a larger frame gets a segment of its own. reserve: spares kept for appends with
    `uses_reserve`. spares_kept: most spares that are kept. minimum_free_bytes: space that a new file must leave free, except
    for the reserve's sake. preallocates: false lets files grow, and a full disk then fails the log.
    """

    folders: tuple[Path, ...]
    segment_bytes: int = 32 * 1024 * 1024
    reserve: int = 1
    spares_kept: int = 3
    minimum_free_bytes: int = 0
    preallocates: bool = True


class Shelf:
    """Files of one log."""

    def __init__(self, settings: ShelfSettings, disk: Disk, *, is_recyclable: bool) -> None:
        self.settings = settings
        self._disk = disk
        self._is_recyclable = is_recyclable
        self._locks: dict[str, int] = {}
        self.new_folders: list[Path] = []  #: in which no log has been before: new, or a disk is not mounted
        self._growing = threading.Lock()  # one thread at a time makes files
        self._next_spare = 0
        self._lock = threading.Lock()  # guards spares
        self.spares: list[Spare] = []
        self._found_spares: list[Path] = []

    def open(self) -> list[tuple[int, Path]]:
        """Make and lock the folders; return (first position, path) of the segment files, in order. Raises StartError."""
        found: list[tuple[int, Path]] = []
        for step in (self._lock_folder, lambda folder: self._list_folder(folder, found)):
            for folder in self.settings.folders:
                try:
                    step(folder)
                except OSError as error:
                    self.close()
                    raise StartError(
                        f"{folder}: cannot be used as a folder of the log ({error.strerror}); it must be a folder that"
                        " this user can write. Nothing was changed"
                    ) from error
                except BaseException:
                    self.close()
                    raise
        return sorted(found)

    def _lock_folder(self, folder: Path) -> None:
        self._disk.make_folder(folder)
        name = os.path.realpath(folder)
        with _OWNED_LOCK:
            # Before the file is touched: to open and close it once more would drop the record lock.
            if name in _OWNED:
                raise StartError(f"Cannot lock {folder}. The directory is already locked.")
            is_new = LOCK_NAME not in self._disk.list(folder)
            self._locks[name] = self._disk.lock(folder / LOCK_NAME)
            if is_new:
                self.new_folders.append(folder)
            _OWNED.add(name)

    def _list_folder(self, folder: Path, found: list[tuple[int, Path]]) -> None:
        for name in self._disk.list(folder):
            if match := SEGMENT_NAME.match(name):
                found.append((int(match[1]), folder / name))
            elif match := SPARE_NAME.match(name):
                self._next_spare = max(self._next_spare, int(match[1]) + 1)
                self._found_spares.append(folder / name)

    def settle(self, log_id: bytes, before: int) -> None:
        """Make the names durable that were found, which the last process may not have done; adopt or delete the spares.

        log_id, before: frames in a spare must be this log's, from before this position, so that none can fit to a place that
        is still to come. Raises OSError.
        """
        found, self._found_spares = self._found_spares, []
        for path in found:
            descriptor = self._disk.open(path)
            try:
                capacity = self._disk.size(descriptor) - HEADER_BYTES
                head = self._disk.read(descriptor, HEADER_BYTES, 0)
            finally:
                self._disk.close(descriptor)
            header = SegmentHeader.decode(head, path) if head.strip(b"\0") else None
            is_old = header is not None and header.log_id == log_id and header.position < before
            is_new = not head.strip(b"\0")
            has_size = capacity == self.settings.segment_bytes or not self.settings.preallocates
            if has_size and (is_old or is_new) and len(self.spares) < self.settings.spares_kept:
                self.spares.append(Spare(path, self.settings.segment_bytes))
            else:
                self._disk.unlink(path)  # half made when the process ended, of another segment size, or of another log
        for folder in self.settings.folders:
            self._disk.sync_folder(folder)

    def forsake_new_folders(self) -> None:
        """Leave the folders in which no log has been as they were found."""
        for folder in self.new_folders:
            with suppress(OSError):
                self._disk.unlink(folder / LOCK_NAME)

    def close(self) -> None:
        """Unlock the folders, once a file that is being made is done."""
        with self._growing, _OWNED_LOCK:
            for name, descriptor in self._locks.items():
                self._disk.close(descriptor)
                _OWNED.discard(name)
            self._locks.clear()

    def claim(self, length: int, *, uses_reserve: bool) -> Spare | None:
        """Take a spare in which a frame of this length fits, leaving the reserve unless it may be used. No I/O."""
        with self._lock:
            fitting = [spare for spare in self.spares if spare.capacity >= length or not self.settings.preallocates]
            if not fitting or len(self.spares) <= (0 if uses_reserve else self.settings.reserve):
                return None
            chosen = min(fitting, key=lambda spare: spare.capacity)
            self.spares.remove(chosen)
            return chosen

    @property
    def lacks_reserve(self) -> bool:
        """Tell whether the reserve is in use, or was never made."""
        return len(self.spares) < self.settings.reserve

    def room(self, capacity: int, length: int = 0) -> int:
        """Return how many bytes of frames may go into a file of this capacity, whose first frame has this length."""
        return capacity if self.settings.preallocates else max(capacity, length, self.settings.segment_bytes)

    def grow(self, length: int, *, uses_reserve: bool) -> None:
        """Make spares until a claim of this length can succeed. Raises LogFullError, also once the folders are unlocked."""
        with self._growing:
            if not self._locks:
                raise LogFullError(f"{self.settings.folders[0]}: the log is closed")
            wanted = (0 if uses_reserve else self.settings.reserve) + 1
            if not any(spare.capacity >= length for spare in self.spares) and self.settings.preallocates:
                self._make_spare(max(length, self.settings.segment_bytes), keeps_minimum=not uses_reserve)
            while len(self.spares) < wanted:
                self._make_spare(self.settings.segment_bytes, keeps_minimum=not uses_reserve)

    def try_to_grow(self) -> bool:
        """Make the spares that the next append would otherwise make; return False where there is no space."""
        try:
            self.grow(0, uses_reserve=False)
        except LogFullError:
            return False
        return True

    def _make_spare(self, capacity: int, *, keeps_minimum: bool) -> None:
        size = HEADER_BYTES + capacity
        folder, free = max(((f, self._free_bytes(f)) for f in self.settings.folders), key=lambda pair: pair[1])
        required = size + self.settings.minimum_free_bytes if self.settings.preallocates else 0
        if keeps_minimum and free < required:
            raise LogFullError(
                f"Usable space exhausted, only {free} bytes remaining, required {required} bytes: {folder} has no room"
                " for another segment; puts wait until there is, takes go on"
            )
        path = folder / f"{self._next_spare}.spare"
        self._next_spare += 1
        try:
            self._allocate(path, size)
        except OSError as error:
            with suppress(OSError):
                self._disk.unlink(path)
            raise LogFullError(
                f"{path}: no segment of {size} bytes can be made ({error.strerror}); puts wait until it can, takes go on"
            ) from error
        with self._lock:
            self.spares.append(Spare(path, capacity))

    def _free_bytes(self, folder: Path) -> int:
        try:
            return self._disk.free_bytes(folder)
        except OSError as error:
            raise LogFullError(f"{folder}: {error.strerror}") from error

    def _allocate(self, path: Path, size: int) -> None:
        descriptor = self._disk.open(path, create=True)
        try:
            if self.settings.preallocates:
                self._disk.allocate(descriptor, size)
                self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)

    def start_segment(self, spare: Spare, header: SegmentHeader) -> Segment:
        """Make a claimed spare the segment with this header; header and name are durable on return. Raises OSError.

        The header comes first: behind the name of a segment there is never a header of something else.
        """
        path = spare.path.with_name(segment_name(header.position))
        descriptor = self._disk.open(spare.path)
        try:
            self._disk.write(descriptor, [header.encode()], 0)
            self._disk.sync(descriptor)
            self._disk.rename(spare.path, path)
            self._disk.sync_folder(path.parent)
        except BaseException:
            self._disk.close(descriptor)
            raise
        return Segment(path, descriptor, header, spare.capacity)

    def retire(self, segment: Segment) -> None:
        """Take a segment whose frames nobody needs out of the log, durably: a spare if one is wanted, else deleted."""
        with self._lock:
            keeps = (
                self._is_recyclable
                and segment.is_header_sound
                and segment.capacity == self.settings.segment_bytes
                and len(self.spares) < self.settings.spares_kept
            )
        if not keeps:
            self.delete(segment)
            return
        with self._growing:
            path = segment.path.with_name(f"{self._next_spare}.spare")
            self._next_spare += 1
        self._disk.rename(segment.path, path)
        self._disk.sync_folder(path.parent)
        with self._lock:
            self.spares.append(Spare(path, segment.capacity))

    def delete(self, segment: Segment) -> None:
        """Delete a segment file, durably."""
        self._disk.unlink(segment.path)
        self._disk.sync_folder(segment.path.parent)
