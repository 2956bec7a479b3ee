"""Verifying a channel's directories: every checksum, and every payload decoded. Nothing is changed."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flumepy.core.errors import ConfigurationError, InputError
from flumepy.event_log import checkpoint as checkpoints
from flumepy.event_log.frames import GAP, PUT, TAKE, PayloadCodec, read_take
from flumepy.formats.flume_log import CorruptLogError, JavaDirectories, verify_java_file
from flumepy.formats.flume_log.data_file import NAME as JAVA_FILE
from flumepy.log.cursor import Chunk
from flumepy.log.frame import read_frame
from flumepy.log_tools.decode import decode
from flumepy.log_tools.folders import StoredChannel, read_checkpoint
from flumepy.log_tools.pieces import pieces
from flumepy.log_tools.walk import Advance, Hole
from flumepy.log_tools.words import counted, known


@dataclass
class Verification:
    """What a verification found."""

    frames: int = 0
    events: int = 0  #: that were decoded
    damages: int = 0
    lost: int = 0  #: events in damage
    is_least: bool = False  #: more may be lost than that
    repaired: int = 0  #: events that earlier repairs gave up
    sealed: Counter[str] = field(default_factory=Counter)  #: why events could not be decoded -> how many
    java_files: int = 0
    java_records: int = 0
    java_queued: int = 0
    notes: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Iterate the summary."""
        for reason, count in self.sealed.items():
            yield f"{counted(count, 'event')} could not be decoded, so only checksums are verified: {reason}"
        yield from self.notes
        if self.frames or not self.java_files:
            yield f"{counted(self.frames, 'frame')} with {self._decoded()} verified"
        if self.java_files:
            records, files = counted(self.java_records, "record"), counted(self.java_files, "file")
            queued = f"{counted(self.java_queued, 'event')} {'is' if self.java_queued == 1 else 'are'} queued in them"
            yield f"{records} in {files} of a Java agent verified; {queued}"
        if self.repaired:
            yield f"{counted(self.repaired, 'event')} given up by earlier repairs"
        if self.damages:
            yield f"Damaged places: {self.damages}; events lost: {known(self.lost, is_least=self.is_least)}"
        else:
            yield "No damage found, but not everything could be read" if self.sealed else "No damage"

    def _decoded(self) -> str:
        sealed = sum(self.sealed.values())
        return f"{self.events} of {self.events + sealed} events" if sealed else counted(self.events, "event")


def verify(
    channel: StoredChannel, codec: PayloadCodec, say: Callable[[str], object], advance: Advance = lambda _: None
) -> Verification:
    """Verify everything; `say` gets a line for each damage, as it is found. Raises InputError."""
    found = Verification()
    for piece in pieces(channel, advance):
        if isinstance(piece, Hole):
            _damaged(found, piece, say)
        else:
            _verify_chunk(found, channel, piece, codec, say)
    _verify_checkpoint(found, channel, say)
    if channel.java is not None:
        _verify_java(found, channel, channel.java, say)
    return found


def _damaged(found: Verification, hole: Hole, say: Callable[[str], object]) -> None:
    found.damages += 1
    found.lost += hole.lost
    found.is_least = found.is_least or hole.is_least
    say(hole.sentence())


def _verify_chunk(
    found: Verification, channel: StoredChannel, chunk: Chunk, codec: PayloadCodec, say: Callable[[str], object]
) -> None:
    found.frames += len(chunk.heads)
    for head in chunk.heads:
        position, _, _, count, kind = head
        if kind == PUT:
            try:
                batch = decode(channel, chunk, head, codec)
            except ConfigurationError as error:
                found.sealed[str(error)] += count
                continue
            if isinstance(batch, Hole):
                _damaged(found, batch, say)
            else:
                found.events += count
        elif kind == TAKE:
            try:
                read_take(read_frame(chunk.data, position - chunk.position).payload)
            except InputError as error:
                found.damages += 1
                say(f"{channel.segment_at(position)[1]}: position {position}: {error}")
        elif kind == GAP:
            found.repaired += count
        else:
            raise InputError(
                f"{channel.segment_at(position)[1]}: holds frames of the kind {kind}, which this flumepy does not know;"
                " use the flumepy that wrote them, or a newer one"
            )


def _verify_checkpoint(found: Verification, channel: StoredChannel, say: Callable[[str], object]) -> None:
    if channel.checkpoint is not None and not channel.segments:
        found.damages += 1
        found.is_least = True
        say(
            f"{channel.folders.checkpoint}: its checkpoint has seen the log reach position {channel.known_end}, but there is"
            " no segment: a data directory is missing, or empty"
        )
    for folder in channel.folders.checkpoints():
        if read_checkpoint(folder) is None and (folder / checkpoints.NAME).exists():
            found.damages += 1
            say(
                f"{folder / checkpoints.NAME}: no slot has a right checksum; the next start reads the whole log, which"
                " loses nothing"
            )


def _verify_java(
    found: Verification, channel: StoredChannel, java: JavaDirectories, say: Callable[[str], object]
) -> None:
    """Read every record of every data file, then find out whether what is queued is there."""
    told: set[tuple[Path, int]] = set()
    for path in _java_files(channel):
        damages: list[CorruptLogError] = []
        counts = verify_java_file(path, keys=channel.keys or None, damages=damages)
        found.java_files += 1
        found.java_records += counts.records - 1
        for damage in damages:
            found.damages += 1
            told.add((damage.path, damage.offset))
            say(f"{damage.path}: offset {damage.offset}: {damage.reason}")
    replay = java.replay()
    found.java_queued = replay.live_count
    found.lost += replay.lost
    found.is_least = found.is_least or replay.is_least
    for place, line in replay.left_out.items():
        if place not in told:
            found.damages += 1
            say(line)
    lines = set(replay.left_out.values())
    found.notes += [line for line in replay.problems if line not in lines]


def _java_files(channel: StoredChannel) -> list[Path]:
    folders = [folder for folder in channel.folders.data if folder.is_dir()]
    return [path for folder in folders for path in sorted(folder.iterdir()) if JAVA_FILE.fullmatch(path.name)]
