"""Repairing a log in place: damaged bytes are set aside into files, and frames of exactly their length take their place.

Power-safe and repeatable at any point: what is set aside is on the disk before anything is overwritten, and a frame that is
half written is damage of the same place. Sound frames are never touched. What is missing altogether is given up only on
demand: another directory of the channel may hold it.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from flumepy.core.errors import ChannelError, ConfigurationError, InputError, translate
from flumepy.event_log import checkpoint as checkpoints
from flumepy.event_log.checkpoint import CheckpointFile
from flumepy.event_log.frames import PUT, PayloadCodec, gap_frames
from flumepy.log.disk import Disk
from flumepy.log.frame import HEAD, NativeFormat
from flumepy.log.recovery import CHUNK_BYTES, ZEROS
from flumepy.log.segment import SegmentHeader
from flumepy.log.shelf import Shelf, ShelfSettings
from flumepy.log_tools.decode import decode
from flumepy.log_tools.folders import StoredChannel, read_checkpoint, without_doubles
from flumepy.log_tools.pieces import pieces
from flumepy.log_tools.walk import Advance, Hole, HoleKind
from flumepy.log_tools.words import known

ASIDE = "damaged"


@dataclass
class Repaired:
    """What a repair did, or would do."""

    holes: list[Hole] = field(default_factory=list)
    left: list[Hole] = field(default_factory=list)  #: missing, and not given up
    asides: list[Path] = field(default_factory=list)
    bytes_aside: int = 0
    lost: int = 0  #: events
    is_least: bool = False  #: more may be lost than that
    drops_checkpoint: bool = False
    resets_checkpoint: bool = False  #: it stays, but for a start that reads everything

    def lines(self, *, dry_run: bool) -> Iterator[str]:
        """Iterate the summary."""
        for hole in self.left:
            yield f"{hole.sentence()}. Left as it is: name all data directories, or give it up with --give-up-missing"
        lost = known(self.lost, is_least=self.is_least)
        if not self.holes:
            yield "Nothing else to repair" if self.left else "Nothing to repair"
        elif dry_run:
            yield f"Places to repair: {len(self.holes)}; events lost in them: {lost}. Nothing was changed"
        else:
            yield f"Places repaired: {len(self.holes)}; events lost: {lost}; bytes set aside: {self.bytes_aside}"
            if self.drops_checkpoint:
                yield "The next start reads the whole log once, since the checkpoint is of no use any more"
            if self.resets_checkpoint:
                yield "The checkpoint is kept, since it knows what is missing; the next start reads the whole log"


@contextmanager
def locked(channel: StoredChannel, action: str) -> Iterator[None]:
    """Hold the directories that exist, so that no agent starts meanwhile. Raises StartError, ChannelError."""
    for folder, holder in channel.holders.items():
        raise ChannelError(f"{folder} is in use by {holder}; stop it, then {action}. Nothing was changed")
    folders = tuple(folder for folder in channel.folders.all() if folder.is_dir())
    shelf = Shelf(ShelfSettings(folders), Disk(), is_recyclable=True)
    found = shelf.open()
    try:
        channel.segments = without_doubles(found)
        yield
    finally:
        shelf.close()


def find_holes(
    channel: StoredChannel, codec: PayloadCodec | None, found: Repaired, *, gives_up: bool, advance: Advance
) -> None:
    """Collect what is to be repaired. codec: frames that it cannot decode are damage too. Raises InputError."""
    for piece in pieces(channel, advance):
        if not isinstance(piece, Hole):
            for head in piece.heads if codec is not None else ():
                assert codec is not None
                if head[4] != PUT:
                    continue
                try:
                    batch = decode(channel, piece, head, codec)
                except ConfigurationError:
                    continue  # a key is missing, which is no damage
                if isinstance(batch, Hole):
                    found.holes.append(batch)
        elif piece.kind is HoleKind.MISSING and not gives_up:
            found.left.append(piece)
        else:
            found.holes.append(piece)
    found.lost = sum(hole.lost for hole in found.holes)
    found.is_least = any(hole.is_least for hole in found.holes)
    # A start from the checkpoint on would not see the frames that say what is lost before it. But where the log ends before
    # its checkpoint nothing else tells that something is missing.
    low = min((checkpoint.low for checkpoint in channel.checkpoints), default=0)
    is_needed = any(hole.end == channel.known_end for hole in found.left)
    is_behind = any(hole.end > low and hole.kind is not HoleKind.HEADER for hole in found.holes)
    found.drops_checkpoint = (is_behind and not is_needed) or not channel.segments
    found.resets_checkpoint = is_behind and is_needed


def repair(
    channel: StoredChannel,
    *,
    aside: Path | None = None,
    codec: PayloadCodec | None = None,
    gives_up: bool = False,
    dry_run: bool = False,
    said: Callable[[Hole, Path | None], object] = lambda _, __: None,
    advance: Advance = lambda _: None,
) -> Repaired:
    """Repair a log, or only say what would be done.

    aside: the folder for damaged bytes, `damaged` beside the segment by default. codec: see `find_holes`. gives_up: bytes
    that are missing count as lost. Raises ChannelError or StartError where an agent uses the channel, InputError.
    """
    if channel.java is not None and not channel.segments:
        folders = ",".join(map(str, channel.folders.data))
        raise InputError(
            f"{folders}: only files of a Java agent are here; `flumepy tool FCINTEGRITYTOOL -l {folders}` puts their damaged"
            " records out of the way. Nothing was changed"
        )
    if channel.witness is not None and not channel.segments and not gives_up:
        raise InputError(
            f"{channel.folders.checkpoint}: its checkpoint has seen the log reach position {channel.known_end}, but there is"
            " no segment; name all data directories, or give them up with --give-up-missing. Nothing was changed"
        )
    found = Repaired()
    if dry_run:
        find_holes(channel, codec, found, gives_up=gives_up, advance=advance)
        for hole in found.holes:
            said(hole, None)
        return found
    with locked(channel, "repair"), translate({OSError: ChannelError}, "the repair has failed, and may be repeated"):
        find_holes(channel, codec, found, gives_up=gives_up, advance=advance)
        work = _Repair(channel, aside)
        for hole in found.holes:
            path = work.mend(hole)
            if path is not None:
                found.asides.append(path)
                found.bytes_aside += path.stat().st_size
            said(hole, path)
        _settle_checkpoints(channel, found, work.log_id)
    return found


def _settle_checkpoints(channel: StoredChannel, found: Repaired, log_id: bytes) -> None:
    """Let no start go on from a checkpoint that the repair has made wrong, nor lose what it has seen and is missing."""
    for folder in channel.folders.checkpoints():
        checkpoint = read_checkpoint(folder)
        if checkpoint is None:
            _drop_checkpoint(folder)
        elif checkpoint.log_id != log_id:
            continue  # the one of another channel
        elif found.drops_checkpoint:
            _drop_checkpoint(folder)
        elif found.resets_checkpoint:
            _reset_checkpoint(folder, channel.segments[0][0])


def _drop_checkpoint(folder: Path) -> None:
    """Delete a checkpoint, which is only a hint: without it the next start reads the whole log and says nothing."""
    if (folder / checkpoints.NAME).exists():
        Disk().unlink(folder / checkpoints.NAME)
        Disk().sync_folder(folder)


def _reset_checkpoint(folder: Path, first: int) -> None:
    """Keep what a checkpoint has seen, and let a start that believes it read everything from the first segment on."""
    file = CheckpointFile(folder, Disk())
    found = file.read()
    if found is not None:
        file.write(replace(found, start=first, low=min(found.low, first)))


class _Repair:
    """The changes of one repair."""

    def __init__(self, channel: StoredChannel, aside: Path | None) -> None:
        self._disk = Disk()
        self._aside = aside
        self._format = NativeFormat()
        self._now_ms = time.time_ns() // 1_000_000
        known = channel.checkpoint.log_id if channel.checkpoint is not None else None
        self.log_id = channel.log_id or known or secrets.token_bytes(16)

    def mend(self, hole: Hole) -> Path | None:
        """Set a hole's bytes aside and make its place sound; return the file with the bytes, if there are any."""
        path = set_aside(hole, self._aside or hole.path.parent / ASIDE)
        descriptor = self._disk.open(hole.path)
        try:
            if hole.kind is HoleKind.HEADER:
                header = SegmentHeader(NativeFormat.name, self.log_id, hole.end, hole.first, self._now_ms)
                self._disk.write(descriptor, [header.encode()], 0)
            elif hole.kind is HoleKind.TORN:
                for offset in range(hole.offset, hole.offset + hole.size, CHUNK_BYTES):
                    size = min(CHUNK_BYTES, hole.offset + hole.size - offset)
                    self._disk.write(descriptor, [ZEROS[:size]], offset)
            else:
                self._fill(descriptor, hole)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        return path

    def _fill(self, descriptor: int, hole: Hole) -> None:
        if hole.size < HEAD.size:
            raise InputError(f"{hole.path}: {hole.size} bytes at offset {hole.offset} are too few for a frame")
        size = self._disk.size(descriptor)
        if hole.offset + hole.size > size:
            self._disk.truncate(descriptor, hole.offset + hole.size)
        position, sequence = hole.start, hole.first
        for frame in gap_frames(hole.size, hole.lost):
            prepared = self._format.prepare(frame, sequence, position, self._now_ms)
            offset = hole.offset + position - hole.start
            # Behind the old end of the file there are zeros already, which take no space.
            parts = prepared.parts if offset < size else prepared.parts[:1]
            self._disk.write(descriptor, parts, offset)
            position += prepared.length
            sequence += prepared.sequences


def set_aside(hole: Hole, folder: Path) -> Path | None:
    """Copy a hole's bytes, durably, into a file named after segment and offset; None where there are none.

    Raises OSError.
    """
    disk = Disk()
    size = min(hole.size, hole.path.stat().st_size - hole.offset)
    if size <= 0:
        return None
    disk.make_folder(folder)
    name = f"{hole.path.name}.offset-{hole.offset}"
    path = next(p for n in range(1, 1 << 30) if not (p := folder / (f"{name}.{n}" if n > 1 else name)).exists())
    with hole.path.open("rb") as source, path.open("xb") as target:
        source.seek(hole.offset)
        while size > 0 and (data := source.read(min(size, CHUNK_BYTES))):
            target.write(data)
            size -= len(data)
        target.flush()
        os.fsync(target.fileno())
    disk.sync_folder(folder)
    return path
