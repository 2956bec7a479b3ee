"""Taking over what a Java agent left in the directories of its file channel.

The live events are appended to our log, in order; then Java's files are moved into a folder beside them, never deleted. A
marker in the checkpoint directory makes that safe to interrupt at any point and to repeat:

    {"state": "importing", "position": P, "aside": NAME}   what the log holds from P on is half an import: it is cut off
    {"state": "imported", ...}                             only the moving is left

Nobody else appends meanwhile: the channel is not open yet. The files go to NAME, the same one however often it is
interrupted, so that nothing is spread over several folders.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from flumepy.core.errors import InputError, StartError, translate
from flumepy.event_log.frames import PayloadCodec, put_frame
from flumepy.formats.flume_log.directory import JavaDirectories
from flumepy.formats.flume_log.live import Replay
from flumepy.log.commit import Level
from flumepy.log.disk import Disk
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.frame import Frame
from flumepy.log.log import Log

log = logging.getLogger("flumepy.event_log")

MARKER = "flumepy.take-over"
BATCH_EVENTS = 1000
BATCH_BYTES = 1024 * 1024


class Marker(msgspec.Struct, frozen=True):
    """How far a take-over has come."""

    state: Literal["importing", "imported"]
    position: int
    aside: str
    events: int = 0


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What was taken over. `asides`: the folders that hold Java's files now."""

    events: int
    asides: Sequence[Path]


@contextmanager
def _as_start_error(where: str) -> Iterator[None]:
    """Let every failure be one to which the supervisor answers with another try."""
    try:
        with translate({OSError: StartError}, where):
            yield
    except (InputError, LogFullError, LogFailedError) as error:
        raise StartError(f"{where}: {error}") from error


class TakeOver:
    """The take-over of one channel's directories."""

    def __init__(self, java: JavaDirectories, checkpoint_dir: Path, disk: Disk, name: str) -> None:
        self._java = java
        self._path = checkpoint_dir / MARKER
        self._disk = disk
        self._name = name

    def is_due(self) -> bool:
        """Tell whether there is anything to take over, or to go on with. Raises StartError."""
        with _as_start_error(self._name):
            return self._path.exists() or self._java.exists()

    def run(self, new_log: Callable[[], Log[Frame]], codec: PayloadCodec | None) -> TakenOver:
        """Take over. Raises StartError; then nothing is lost, and the next start tries again."""
        where = f"{self._name}: the events of the Java agent are not taken over yet"
        with _as_start_error(where), self._java.lock():
            opened = new_log()
            opened.open()
            try:
                marker = self._read()
                if marker is None or marker.state == "importing":
                    marker = self._import(opened, marker, codec)
                asides = self._move_aside(marker.aside)
                self._disk.unlink(self._path)
                self._disk.sync_folder(self._path.parent)
            finally:
                opened.close()
        log.info("%s: took over %d events of the Java agent; its files are in %s now, and may be deleted once these events"
                 " are delivered.", self._name, marker.events, ", ".join(map(str, asides)) or "no folder")  # fmt: skip
        return TakenOver(marker.events, asides)

    def _import(self, opened: Log[Frame], marker: Marker | None, codec: PayloadCodec | None) -> Marker:
        if marker is not None and opened.written_end > marker.position:
            log.info("%s: an interrupted take-over starts again.", self._name)
            opened.truncate_to(marker.position)
        replay = self._java.replay()
        self._tell(replay)
        if marker is None:
            marker = Marker("importing", opened.written_end, time.strftime("java-%Y%m%d-%H%M%S"))
            self._write(marker)
        for batch in replay.batches(BATCH_EVENTS, BATCH_BYTES):
            opened.append(put_frame(batch, codec)).wait(Level.WRITTEN)
        opened.sync()
        marker = Marker("imported", marker.position, marker.aside, replay.live_count)
        self._write(marker)
        return marker

    def _tell(self, replay: Replay) -> None:
        log.info("%s: a Java agent left %d events here, found by its %s.", self._name, replay.live_count, replay.origin)
        for problem in replay.problems:
            log.warning("%s: %s", self._name, problem)

    def _move_aside(self, name: str) -> list[Path]:
        folders: dict[Path, None] = {}
        for path in self._java.files():
            aside = path.parent / name
            if aside not in folders:
                self._disk.make_folder(aside)
                self._disk.sync_folder(path.parent)
                folders[aside] = None
            self._disk.rename(path, aside / path.name)
        for aside in folders:
            self._disk.sync_folder(aside)
            self._disk.sync_folder(aside.parent)
        return list(folders)

    def _read(self) -> Marker | None:
        with suppress(FileNotFoundError):
            try:
                return msgspec.json.decode(self._path.read_bytes(), type=Marker)
            except msgspec.DecodeError as error:
                raise StartError(
                    f"{self._path} cannot be read ({error}), so it is not known how far the take-over from the Java agent"
                    " has come. Nothing was changed; restore this file, or give the channel new directories and import"
                    " the events of the old ones (flumepy channel export, flumepy channel import)"
                ) from error
        return None

    def _write(self, marker: Marker) -> None:
        """Replace the marker, durably."""
        draft = self._path.with_name(f"{MARKER}.new")
        if draft.exists():
            self._disk.unlink(draft)
        descriptor = self._disk.open(draft, create=True)
        try:
            self._disk.write(descriptor, [msgspec.json.encode(marker)], 0)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)
        self._disk.rename(draft, self._path)
        self._disk.sync_folder(self._path.parent)
