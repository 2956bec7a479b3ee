"""What `flumepy channel ls` shows: the directories of a channel, file by file."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from flumepy.event_log import checkpoint as checkpoints
from flumepy.event_log.take_over import MARKER as TAKE_OVER_MARKER
from flumepy.log.segment import HEADER_BYTES, SegmentHeader
from flumepy.log.shelf import LOCK_NAME, SPARE_NAME
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.import_events import MARKER as IMPORT_MARKER
from flumepy.log_tools.repair import ASIDE
from flumepy.log_tools.walk import Hole, walk


def listing(channel: StoredChannel) -> Iterator[str]:
    """Iterate the lines of a listing; only the last segment is read. Raises InputError, StartError."""
    segments = dict(_segments(channel))
    java = set(channel.java.files() if channel.java is not None else ())
    for folder in channel.folders.all():
        yield f"{folder}  {_purpose(channel, folder)}{_use(channel, folder)}"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name == LOCK_NAME:
                continue
            with suppress(FileNotFoundError):  # given back meanwhile
                status = path.stat()
                size = f"{status.st_size:>13} bytes" if path.is_file() else f"{'directory':>19}"
                what = segments.get(path) or _what(channel, path, java)
                yield f"  {path.name:<30} {size}  {local_time(status.st_mtime)}  {what}"


def local_time(seconds: float) -> str:
    """Return a time as text, in the zone of this machine."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _purpose(channel: StoredChannel, folder: Path) -> str:
    folders = channel.folders
    if not channel.segment_bytes and folder.is_dir() and all(path.name == LOCK_NAME for path in folder.iterdir()):
        return "empty"
    names = {
        "data": folder in folders.data,
        "checkpoint": folder == folders.checkpoint,
        "backup": folder == folders.backup,
    }
    return " and ".join(name for name, applies in names.items() if applies)


def _use(channel: StoredChannel, folder: Path) -> str:
    if not folder.is_dir():
        return ", does not exist"
    return f", in use by {channel.holders[folder]}" if folder in channel.holders else ", not in use"


def _segments(channel: StoredChannel) -> Iterator[tuple[Path, str]]:
    """Say which positions and events stand in each segment: up to where the next one begins."""
    bounds = [(position, _sequence(path)) for position, path in channel.segments]
    if not channel.segments:
        return
    bounds.append(_end(channel, *bounds[-1]))
    for (_, path), (position, first), (end, stop) in zip(channel.segments, bounds, bounds[1:], strict=False):
        events = "its header is damaged"
        if first is not None:
            events = f"{stop - first} events from {first} on" if stop is not None else f"events from {first} on"
        yield path, f"positions {position} to {end}, {events}"


def _sequence(path: Path) -> int | None:
    with suppress(FileNotFoundError), path.open("rb") as file:
        header = SegmentHeader.decode(file.read(HEADER_BYTES), path)
        return header.sequence if header is not None else None
    return None


def _end(channel: StoredChannel, position: int, sequence: int | None) -> tuple[int, int | None]:
    end, stop = position, sequence
    for piece in walk(channel.segments[-1:], is_live=True):
        if not isinstance(piece, Hole):
            *_, (last, length, first, count, _) = piece.heads
            end, stop = last + length, first + count
    return end, stop


def _what(channel: StoredChannel, path: Path, java: set[Path]) -> str:
    by_name = {
        TAKE_OVER_MARKER: "a take-over from a Java agent was interrupted; flumepy adopt finishes it",
        IMPORT_MARKER: "an import was interrupted; repeat it",
        ASIDE: "what repairs have set aside",
    }
    if channel.checkpoint is not None:
        by_name[checkpoints.NAME] = f"a start reads from position {channel.checkpoint.start} on"
    if path in java:
        return "of a Java agent, not taken over yet"
    if SPARE_NAME.match(path.name):
        return "spare, for the next segment"
    if path.is_dir() and path.name.startswith("java-"):
        return "of a Java agent, taken over"
    return by_name.get(path.name, "not of flumepy")
