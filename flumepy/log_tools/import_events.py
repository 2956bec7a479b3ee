"""Importing events from files into a channel that no agent uses, so that a repetition after a kill goes on where it stopped.

A marker says which files are on their way in, and from which position of the log on. The same files always make the same
frames, nobody else appends meanwhile, and so the frames that stand there say how far it had come.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelError, FlumeError, InputError, translate
from flumepy.event_log.frames import PUT, PayloadCodec, put_frame
from flumepy.event_log.recovery import recover
from flumepy.formats.event_columns import encode_batch
from flumepy.log.disk import Disk
from flumepy.log.errors import LogFullError
from flumepy.log.frame import Frame, NativeFormat, read_frame
from flumepy.log.log import Log
from flumepy.log.segment import HEADER_BYTES
from flumepy.log.shelf import LOCK_NAME, Shelf, ShelfSettings
from flumepy.log.ticket import Level
from flumepy.log_tools.event_files import file_errors, read_batches
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.repair import ASIDE
from flumepy.log_tools.walk import Hole, walk

MARKER = "flumepy.import"
DEFAULT_SEGMENT_BYTES = 32 * 1024 * 1024
MINIMUM_FREE_BYTES = 64 * 1024 * 1024
_NOT_OF_THE_LOG = (LOCK_NAME, ASIDE, MARKER, "lost+found")


class Marker(msgspec.Struct, frozen=True):
    """An import under way: its files as (path, size, time of change in ns), and where in the log it begins."""

    files: list[tuple[str, int, int]]
    skip: int
    position: int


@dataclass
class Imported:
    """What an import did. `before`: events that an interrupted one had brought in. `queued`: in the channel before."""

    events: int = 0
    before: int = 0
    queued: int = 0

    def lines(self) -> Iterator[str]:
        """Iterate the summary of an import that went well."""
        if self.before:
            yield f"{self.before} events had been imported before the interruption"
        yield f"{self.events} events imported"

    def lines_of_failure(self, error: FlumeError, skip: int) -> Iterator[str]:
        """Iterate what is in nevertheless, and how the rest gets in. skip: events that were to be left out."""
        count = self.before + self.events
        if self.before:
            yield f"{self.before} events had been imported before the interruption"
        if count and isinstance(error, InputError):
            yield f"{self.events} events went in; correct the file, then import the rest with --anew --skip {skip + count}"
        elif count:
            yield f"{self.events} events went in; the same command (without --anew) goes on behind them"

    def warnings(self, capacity: int) -> Iterator[str]:
        """Iterate what to say of a channel that this import has filled beyond its capacity; 0: not known."""
        held = self.queued + self.events
        if 0 < capacity < held:
            yield (
                f"Warning: the channel holds {held} events now, its capacity is {capacity}; the agent delivers them all, and"
                " puts wait until there is room"
            )


def import_files(
    channel: StoredChannel,
    files: Sequence[Path],
    codec: PayloadCodec,
    *,
    form: str | None = None,
    skip: int = 0,
    anew: bool = False,
    done: Imported | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> Imported:
    """Append the events of files, synced on return. skip: events to leave out; anew: forget an interrupted import.

    done: counts along. Raises ChannelError, StartError, InputError, LogFullError; what had gone in stays, see `done`.
    """
    done = done or Imported()
    _refuse(channel)
    data = _data_folders(channel)
    marker = Marker([_identity(path) for path in files], skip, -1)
    with ExitStack() as stack:
        logs = {folder.resolve() for folder in data}
        others = tuple(folder for folder in channel.folders.all() if folder.resolve() not in logs)
        shelf = Shelf(ShelfSettings(others), Disk(), is_recyclable=False)
        shelf.open()
        stack.callback(shelf.close)
        recovered = recover(lambda: Log(_shelf_settings(channel, data), NativeFormat(), name="the channel"), None)
        log, done.queued = recovered.log, recovered.queued
        stack.callback(log.close)
        if channel.known_end > log.written_end:
            raise InputError(
                f"the log ends at position {log.written_end}, but its checkpoint has seen {channel.known_end}: name all data"
                " directories of the channel. Nothing was imported"
            )
        batches = skipped(read_batches(files, form, advance), skip)
        path, old = _find_marker(channel) or (data[0] / MARKER, None)
        if old is None or anew or not _has_brought(log, old.position):
            marker = Marker(marker.files, skip, log.written_end)
            _write(path, marker)
        else:
            _refuse_others(old, marker, path, log)
            marker = old
        try:
            for batch in _behind(log, marker.position, codec, batches, done):
                log.append(put_frame(batch, codec)).wait(Level.WRITTEN)
                done.events += len(batch)
        except (InputError, LogFullError):
            if not _has_brought(log, marker.position):
                with suppress(OSError):  # the next import finds out the same
                    path.unlink()
            raise
        log.sync()
        Disk().unlink(path)
        Disk().sync_folder(path.parent)
    return done


def _refuse(channel: StoredChannel) -> None:
    for folder, holder in channel.holders.items():
        raise ChannelError(f"{folder} is in use by {holder}; stop it, then import. Nothing was imported")
    if channel.java is not None:
        raise ChannelError(
            "a Java agent's events are here that are not taken over yet; take them over first (flumepy adopt, or a start of"
            " the agent), then import. Nothing was imported"
        )


def _data_folders(channel: StoredChannel) -> tuple[Path, ...]:
    """Return the directories that get events: as configured, or else those that hold some. Raises InputError.

    An empty one may be a second data directory or that of a lost checkpoint, so it is locked and gets nothing.
    """
    folders = channel.folders.data
    if channel.segment_bytes:
        return folders
    holding = {path.parent for path in [*channel.spares, *(path for _, path in channel.segments)]}
    for folder in folders:
        if not holding or (folder not in holding and not _is_empty(folder)):
            raise InputError(
                f"{folder} holds no segment, so what it is for cannot be told; name the channel with --conf-file, --name and"
                " --channel. Nothing was imported"
            )
    return tuple(folder for folder in folders if folder in holding)


def _is_empty(folder: Path) -> bool:
    with file_errors(folder, "read"):
        names = os.listdir(folder)
    return all(name in _NOT_OF_THE_LOG or name.startswith("java-") for name in names)


def _identity(path: Path) -> tuple[str, int, int]:
    with file_errors(path, "read"):
        status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def _shelf_settings(channel: StoredChannel, data: tuple[Path, ...]) -> ShelfSettings:
    """Make segments of the size that most of the channel's have."""
    sizes = Counter(path.stat().st_size for path in [*channel.spares, *(path for _, path in channel.segments)])
    size = max((size for size, _ in sizes.most_common(1)), default=0) - HEADER_BYTES
    return ShelfSettings(
        data,
        segment_bytes=size if size > 0 else channel.segment_bytes or DEFAULT_SEGMENT_BYTES,
        minimum_free_bytes=MINIMUM_FREE_BYTES,
    )


def skipped(batches: Iterator[EventBatch], count: int) -> Iterator[EventBatch]:
    """Leave out the first `count` events."""
    for batch in batches:
        if count < len(batch):
            yield batch.slice(count, len(batch))
        count = max(0, count - len(batch))


def _find_marker(channel: StoredChannel) -> tuple[Path, Marker] | None:
    for folder in channel.folders.data:
        path = folder / MARKER
        if path.exists():
            with translate({msgspec.DecodeError: InputError}, f"{path} cannot be read"), file_errors(path, "read"):
                return path, msgspec.json.decode(path.read_bytes(), type=Marker)
    return None


def _write(path: Path, marker: Marker) -> None:
    disk = Disk()
    with file_errors(path, "written"):
        draft = path.with_name(f"{MARKER}.new")
        draft.unlink(missing_ok=True)
        descriptor = disk.open(draft, create=True)
        try:
            disk.write(descriptor, [msgspec.json.encode(marker)], 0)
            disk.sync(descriptor)
        finally:
            disk.close(descriptor)
        disk.rename(draft, path)
        disk.sync_folder(path.parent)


def _refuse_others(old: Marker, marker: Marker, path: Path, log: Log[Frame]) -> None:
    """Raise InputError unless an interrupted import was of the same files and can be gone on with."""
    names = ", ".join(name for name, _, _ in old.files)
    if log.first_position > old.position:
        raise InputError(
            f"an import of {names} was interrupted ({path}), and an agent has delivered since: how many of its events went"
            " in cannot be told any more. See what was delivered, then import the rest with --anew --skip N. Nothing was"
            " imported"
        )
    if (old.files, old.skip) == (marker.files, marker.skip):
        return
    count = sum(_events_behind(log, old.position))
    way = "repeat it first, or give it up with --anew"
    if [name for name, _, _ in old.files] == [name for name, _, _ in marker.files] and old.files != marker.files:
        way = f"what it reads has changed, so import the rest with --anew --skip {old.skip + count}, or all with --anew"
    raise InputError(
        f"an import of {names} was interrupted ({path}), and {count} events have come since it began; {way}. Nothing was"
        " imported"
    )


def _has_brought(log: Log[Frame], position: int) -> bool:
    """Tell whether any event may have come behind a position."""
    return log.first_position > position or any(_events_behind(log, position))


def _events_behind(log: Log[Frame], position: int) -> Iterator[int]:
    """Iterate how many events the frames behind a position hold; damage counts as one at least."""
    if log.written_end <= position:
        return
    for piece in walk([(info.position, info.path) for info in log.segments()], start=position):
        if isinstance(piece, Hole):
            yield max(1, piece.lost)
        else:
            yield sum([head[3] for head in piece.heads if head[0] >= position and head[4] == PUT])


def _behind(
    log: Log[Frame], position: int, codec: PayloadCodec, batches: Iterator[EventBatch], done: Imported
) -> Iterator[EventBatch]:
    """Iterate the batches that an interrupted import of the same files had not brought in; `done` counts the others."""
    payloads = _payloads(log, position, codec) if log.written_end > position else iter(())
    for batch in batches:
        if next(payloads, None) != b"".join(encode_batch(batch)):
            yield batch
            break
        done.before += len(batch)
    yield from batches


def _payloads(log: Log[Frame], position: int, codec: PayloadCodec) -> Iterator[bytes]:
    """Iterate the payloads of PUT frames from a position on, as they were before they were sealed."""
    for piece in walk([(info.position, info.path) for info in log.segments()], start=position):
        if isinstance(piece, Hole):
            continue
        for head in piece.heads:
            if head[0] >= position and head[4] == PUT:
                stored = read_frame(piece.data, head[0] - piece.position)
                try:
                    yield codec.open(PUT, stored.count, stored.flags, stored.payload)
                except FlumeError:
                    yield b""
