"""The directories of one durable channel as tools see them: what is in them, and who uses them. Nothing is changed.

They may hold the log of flumepy, what a Java agent left, or both: then the take-over is still to come, or was interrupted.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter, itemgetter
from pathlib import Path

import msgspec

from flumepy.core.errors import InputError, StartError, translate
from flumepy.core.holders import Holder, holder_of, named
from flumepy.event_log import checkpoint as checkpoints
from flumepy.event_log.checkpoint import Checkpoint, CheckpointFile
from flumepy.event_log.take_over import MARKER, Marker
from flumepy.formats.flume_log import JavaDirectories
from flumepy.formats.flume_log.locks import users
from flumepy.log.frame import HEAD, NativeFormat
from flumepy.log.segment import HEADER_BYTES, SegmentHeader
from flumepy.log.shelf import LOCK_NAME, SEGMENT_NAME, SPARE_NAME
from flumepy.log_tools.walk import ReadOnlyDisk

_JAVA_DATA = re.compile(r"log-\d{1,10}")
_JAVA_CHECKPOINT = re.compile(r"checkpoint(\.meta)?|inflight(puts|takes)")
_OWN_CHECKPOINT = (checkpoints.NAME, MARKER)


@dataclass(frozen=True)
class Folders:
    """The directories of a channel by what they are for. `checkpoint` is None where it was not named."""

    data: tuple[Path, ...]
    checkpoint: Path | None = None
    backup: Path | None = None

    def all(self) -> list[Path]:
        """Return each of them once."""
        return list(dict.fromkeys([*self.data, *self.checkpoints()]))

    def checkpoints(self) -> list[Path]:
        """Return the directory of the checkpoint, and that of its backup."""
        return [folder for folder in (self.checkpoint, self.backup) if folder is not None]


@dataclass
class StoredChannel:
    """A channel's directories and how to read what is encrypted in them."""

    folders: Folders
    keys: Mapping[str, bytes] = field(default_factory=dict)
    segments: list[tuple[int, Path]] = field(default_factory=list)
    spares: list[Path] = field(default_factory=list)
    holders: dict[Path, Holder] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    checkpoints: list[Checkpoint] = field(default_factory=list)  #: that one, and the one of the backup
    take_over: Marker | None = None
    segment_bytes: int = 0  #: of new segments, where a configuration says so
    capacity: int = 0  #: events, where a configuration says so

    @property
    def java(self) -> JavaDirectories | None:
        """Return the Java side where a Java agent left something that is not taken over."""
        if self.take_over is not None and self.take_over.state == "imported":
            return None
        folders = self.folders
        java = JavaDirectories(
            folders.checkpoint or folders.data[0], list(folders.data), folders.backup, self.keys, tolerant=True
        )
        return java if java.exists() else None

    @property
    def is_empty(self) -> bool:
        """Tell whether no channel has ever been here."""
        return not (self.segments or self.spares or self.checkpoint or self.take_over or self.java)

    @property
    def is_live(self) -> bool:
        """Tell whether an agent uses the directories."""
        return bool(self.holders)

    @property
    def known_end(self) -> int:
        """Return the position that the log reaches at least, as its checkpoint has seen it; 0 where it has none."""
        return self.witness.summary + HEAD.size if self.witness is not None else 0

    @property
    def witness(self) -> Checkpoint | None:
        """Return the checkpoint of this log that has seen it reach farthest."""
        log_id = self.log_id
        own = [found for found in self.checkpoints if log_id in (found.log_id, None)]
        return max(own, key=attrgetter("summary"), default=None)

    @property
    def log_id(self) -> bytes | None:
        """Return the identity of the log, by the first sound header of its segments."""
        for _, path in self.segments:
            with suppress(OSError, StartError), path.open("rb") as file:
                header = SegmentHeader.decode(file.read(HEADER_BYTES), path)
                if header is not None:
                    return header.log_id
        return None

    def segment_at(self, position: int) -> tuple[int, Path]:
        """Return the first position and the file of the segment that holds a position."""
        return self.segments[max(0, bisect_right(self.segments, position, key=itemgetter(0)) - 1)]

    def size_bytes(self) -> int:
        """Return the length of all segment files."""
        return sum(_size(path) for _, path in self.segments)


def sort_folders(named: Iterable[Path]) -> Folders:
    """Find out what each of these directories is for. Raises InputError."""
    data: list[Path] = []
    kept: list[Path] = []  # checkpoints
    for folder in dict.fromkeys(named):
        names = _names(folder)
        is_checkpoint = any(name in _OWN_CHECKPOINT or _JAVA_CHECKPOINT.fullmatch(name) for name in names)
        if is_checkpoint:
            kept.append(folder)
        if not is_checkpoint or any(map(_is_data, names)):
            data.append(folder)
    return Folders(tuple(data), *_main_and_backup(kept))


def _main_and_backup(kept: list[Path]) -> tuple[Path | None, Path | None]:
    """Tell the checkpoint directory and its backup apart: Java marks its backup, ours is not written more often."""
    identities = {found.log_id for folder in kept if (found := read_checkpoint(folder)) is not None}
    if len(kept) > 2 or len(identities) > 1:
        raise InputError(
            f"{' and '.join(map(str, kept))} are checkpoint directories of several channels; name those of one channel"
        )

    def rank(folder: Path) -> tuple[bool, float]:
        path = folder / checkpoints.NAME
        return (folder / "backupComplete").exists(), -path.stat().st_mtime if path.exists() else 0

    first, second, *_ = [*sorted(kept, key=rank), None, None]
    return first, second


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the checkpoint in a directory, if it has a sound one. Raises InputError."""
    with translate({OSError: InputError}, f"{folder} cannot be read"):
        return CheckpointFile(folder, ReadOnlyDisk()).read() if folder.is_dir() else None


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise InputError(f"{folder} is no directory")
    with translate({OSError: InputError}, f"{folder} cannot be read"):
        return sorted(os.listdir(folder))


def _is_data(name: str) -> bool:
    return bool(SEGMENT_NAME.match(name) or SPARE_NAME.match(name) or _JAVA_DATA.fullmatch(name))


def look_into(folders: Folders, keys: Mapping[str, bytes] | None = None) -> StoredChannel:
    """List the directories that exist. Raises InputError for one that cannot be read."""
    channel = StoredChannel(folders, keys or {})
    for folder in dict.fromkeys(folders.data):
        for name in _names(folder) if folder.exists() else ():
            if match := SEGMENT_NAME.match(name):
                channel.segments.append((int(match[1]), folder / name))
            elif SPARE_NAME.match(name):
                channel.spares.append(folder / name)
    channel.segments = without_doubles(sorted(channel.segments))
    channel.holders = holders(folders.all())
    for folder in folders.checkpoints():
        found = read_checkpoint(folder)
        channel.checkpoints += [found] if found is not None else []
        channel.take_over = channel.take_over or _marker(folder / MARKER)
    channel.checkpoint = next(iter(channel.checkpoints), None)
    return channel


def _marker(path: Path) -> Marker | None:
    with translate({OSError: InputError, msgspec.DecodeError: InputError}, f"{path} cannot be read"):
        return msgspec.json.decode(path.read_bytes(), type=Marker) if path.exists() else None


def without_doubles(segments: list[tuple[int, Path]]) -> list[tuple[int, Path]]:
    """Leave out empty files whose name another, filled one has as well; both filled is left to the reader."""
    kept: list[tuple[int, Path]] = []
    for position, path in segments:
        if not kept or kept[-1][0] != position:
            kept.append((position, path))
        elif not _has_frame(position, kept[-1][1]):
            kept[-1] = (position, path)
        elif _has_frame(position, path):
            raise InputError(
                f"{kept[-1][1]} and {path}: two segments with frames of the same position; one of the directories holds a"
                " copy, leave it out"
            )
    return kept


def _has_frame(position: int, path: Path) -> bool:
    with translate({OSError: InputError}, f"{path} cannot be read"), path.open("rb") as file:
        file.seek(HEADER_BYTES)
        scan = NativeFormat().scan(file.read(HEAD.size), position, verify=False)
        return bool(scan.heads)


def holders(folders: Iterable[Path]) -> dict[Path, Holder]:
    """Return who uses these directories, other than this process: by its lock, or by its open lock file (a Java agent).

    Not for a process that holds one of the locks: to open and close the file would drop it.
    """
    found: dict[Path, Holder] = {}
    opened: dict[tuple[int, int], int] | None = None
    for folder in folders:
        path = folder / LOCK_NAME
        with suppress(OSError):
            status = os.stat(path)
            with path.open("rb") as file:
                holder = holder_of(file.fileno())
            if holder is None:
                opened = users() if opened is None else opened
                process = opened.get((status.st_dev, status.st_ino))
                holder = None if process is None else named(process)
            if holder is not None:
                found[folder] = holder
    return found


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0
