"""Walking over the frames of a directory without opening it as a log: no lock is taken and nothing is changed.

So it also serves while an agent runs on the directory: what is appended meanwhile may be seen or not, and a frame that is
being written looks like the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from flumepy.core.errors import InputError, StartError, translate
from flumepy.log.disk import Disk
from flumepy.log.frame import NativeFormat
from flumepy.log.recovery import Reader, Recovery, Visit
from flumepy.log.segment import Segment
from flumepy.log.shelf import SEGMENT_NAME, SPARE_NAME


class ReadOnlyDisk(Disk):
    """Opens every file for reading only."""

    def open(self, path: Path, *, create: bool = False, read_only: bool = False) -> int:
        """Open for reading."""
        return super().open(path, read_only=True)


@dataclass
class Files:
    """The files of a log in some folders, by their names."""

    segments: list[tuple[int, Path]]
    spares: list[Path]
    others: list[Path]


def find_files(folders: Iterable[Path]) -> Files:
    """List the folders. Raises InputError for one that cannot be read."""
    files = Files([], [], [])
    for folder in folders:
        with translate({OSError: InputError}, str(folder)):
            names = Disk().list(folder)
        for name in names:
            if match := SEGMENT_NAME.match(name):
                files.segments.append((int(match[1]), folder / name))
            elif SPARE_NAME.match(name):
                files.spares.append(folder / name)
            else:
                files.others.append(folder / name)
    files.segments.sort()
    return files


def walk(segments: list[tuple[int, Path]], visit: Visit, *, start: int = 0) -> Recovery:
    """Visit the frames of all segments in order, from a position on. Raises InputError, as for a newer version."""
    disk = ReadOnlyDisk()
    reader = Reader(disk, NativeFormat(), visit)
    opened: list[Segment] = []
    try:
        with translate({OSError: InputError, StartError: InputError}, "reading"):
            log_id: bytes | None = None
            for position, path in segments:
                segment = reader.open_segment(position, path, log_id)
                opened.append(segment)
                log_id = log_id or segment.header.log_id or None
            for number, segment in enumerate(opened):
                stop = opened[number + 1].position if number + 1 < len(opened) else None
                if stop is None or stop > start:
                    reader.scan(segment, max(start, segment.position), stop)
    finally:
        for segment in opened:
            disk.close(segment.descriptor)
    return reader.recovery
