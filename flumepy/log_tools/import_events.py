"""Importing events from files into a channel that no agent uses, so that a repetition after a kill goes on where it stopped.

A marker says which files are on their way in, and from which position of the log on. The same files always make the same
frames, nobody else appends meanwhile, and so the frames that stand there say how far it had come.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import msgspec

from flumepy.core.batch import EventBatch
from flumepy.core.errors import ChannelError, FlumeError, InputError, translate
from flumepy.event_log.frames import PUT, PayloadCodec, put_frame
from flumepy.formats.event_columns import encode_batch
from flumepy.log.disk import Disk
from flumepy.log.frame import Frame, NativeFormat, read_frame
from flumepy.log.log import Log
from flumepy.log.segment import HEADER_BYTES
from flumepy.log.shelf import Shelf, ShelfSettings
from flumepy.log.ticket import Level
from flumepy.log_tools.event_files import read_batches
from flumepy.log_tools.folders import StoredChannel
from flumepy.log_tools.walk import Hole, walk

MARKER = "flumepy.import"
DEFAULT_SEGMENT_BYTES = 32 * 1024 * 1024
MINIMUM_FREE_BYTES = 64 * 1024 * 1024


class Marker(msgspec.Struct, frozen=True):
    """An import under way: its files as (path, size, time of change in ns), and where in the log it begins."""

    files: list[tuple[str, int, int]]
    skip: int
    position: int


@dataclass
class Imported:
    """What an import did. `before`: events that an interrupted one had brought in."""

    events: int = 0
    before: int = 0

    def lines(self, *, is_whole: bool) -> Iterator[str]:
        """Iterate the summary."""
        if self.before:
            yield f"{self.before} events had been imported before the interruption"
        if is_whole:
            yield f"{self.events} events imported"
        elif self.events:
            yield f"{self.events} events went in; the same command goes on behind them"


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
    marker = Marker([_identity(path) for path in files], skip, -1)
    with ExitStack() as stack:
        logs = {folder.resolve() for folder in channel.folders.data}
        others = tuple(folder for folder in channel.folders.checkpoints() if folder.resolve() not in logs)
        shelf = Shelf(ShelfSettings(others), Disk(), is_recyclable=False)
        shelf.open()
        stack.callback(shelf.close)
        log = Log(_shelf_settings(channel), NativeFormat(), name="the channel")
        log.open()
        stack.callback(log.close)
        if channel.known_end > log.written_end:
            raise InputError(
                f"the log ends at position {log.written_end}, but its checkpoint has seen {channel.known_end}: name all data"
                " directories of the channel. Nothing was imported"
            )
        path, batches = channel.folders.data[0] / MARKER, skipped(read_batches(files, form, advance), skip)
        found = None if anew else _find_marker(channel)
        if found is not None:
            path, old = found
            batches = _behind(old, marker, path, log, codec, batches, done)
            marker = Marker(marker.files, skip, old.position)
        else:
            marker = Marker(marker.files, skip, log.written_end)
        _write(path, marker)
        for batch in batches:
            log.append(put_frame(batch, codec)).wait(Level.WRITTEN)
            done.events += len(batch)
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

    holding = {path.parent for path in [*channel.spares, *(path for _, path in channel.segments)]}
    strange = [folder for folder in channel.folders.data if folder not in holding and not channel.segment_bytes]
    if strange:
        raise InputError(
            f"{strange[0]} holds no segment, so what it is for cannot be told; name the channel with --conf-file, --name and"
            " --channel. Nothing was imported"
        )


def _identity(path: Path) -> tuple[str, int, int]:
    with translate({OSError: InputError}, f"{path} cannot be read"):
        status = path.stat()
    return str(path.resolve()), status.st_size, status.st_mtime_ns


def _shelf_settings(channel: StoredChannel) -> ShelfSettings:
    """Make segments of the size that most of the channel's have."""
    sizes = Counter(path.stat().st_size for path in [*channel.spares, *(path for _, path in channel.segments)])
    size = max((size for size, _ in sizes.most_common(1)), default=0) - HEADER_BYTES
    return ShelfSettings(
        channel.folders.data,
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
            with translate({OSError: InputError, msgspec.DecodeError: InputError}, f"{path} cannot be read"):
                return path, msgspec.json.decode(path.read_bytes(), type=Marker)
    return None


def _write(path: Path, marker: Marker) -> None:
    disk = Disk()
    with translate({OSError: ChannelError}, f"{path} cannot be written"):
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


def _behind(
    old: Marker,
    marker: Marker,
    path: Path,
    log: Log[Frame],
    codec: PayloadCodec,
    batches: Iterator[EventBatch],
    done: Imported,
) -> Iterator[EventBatch]:
    """Return the batches that an interrupted import of the same files had not brought in."""
    names = ", ".join(name for name, _, _ in old.files)
    if (old.files, old.skip) != (marker.files, marker.skip):
        raise InputError(
            f"an import of {names} was interrupted ({path}); repeat it first, or give it up with --anew. Nothing was"
            " imported"
        )
    if log.first_position > old.position:
        raise InputError(
            f"an import of {names} was interrupted, and an agent has delivered since: how many of its events went in cannot"
            " be told any more. See what was delivered, then import the rest with --anew --skip N. Nothing was imported"
        )
    payloads = _payloads(log, old.position, codec)
    for batch in batches:
        if next(payloads, None) != b"".join(encode_batch(batch)):
            return chain([batch], batches)
        done.before += len(batch)
    return iter(())


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
