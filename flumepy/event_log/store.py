"""The directories of one queue: their locks, what a Java agent left, the log, the checkpoint and its backup."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flumepy.core.clock import Clock, SystemClock
from flumepy.core.errors import ChannelError, ConfigurationError, InputError, StartError, translate
from flumepy.event_log.checkpoint import Checkpoint, CheckpointFile
from flumepy.event_log.frames import PUT, PayloadCodec
from flumepy.event_log.owner import NoOwner, Owner
from flumepy.event_log.queue import HOT_BYTES, EventQueue
from flumepy.event_log.recovery import Recovered, recover
from flumepy.event_log.take_over import TakeOver
from flumepy.formats.flume_log.directory import JavaDirectories
from flumepy.log.disk import Disk
from flumepy.log.errors import LogFailedError, LogFullError
from flumepy.log.frame import Frame, NativeFormat
from flumepy.log.log import Log
from flumepy.log.shelf import Shelf, ShelfSettings
from flumepy.log.ticket import Level

log = logging.getLogger("flumepy.event_log")


@dataclass(frozen=True)
class StoreSettings:
    """Where a queue lives and how. level: what a put waits for. skips_bad: leave out what cannot be decoded."""

    name: str
    data_dirs: tuple[Path, ...]
    checkpoint_dir: Path
    backup_dir: Path | None = None
    segment_bytes: int = 32 * 1024 * 1024
    minimum_free_bytes: int = 0
    level: Level = Level.SYNCED
    skips_bad: bool = False
    hot_bytes: int = HOT_BYTES


class Secrets(NamedTuple):
    """What opening a queue needs of keys: our codec, and the keys of what a Java agent encrypted."""

    codec: PayloadCodec | None = None
    java_keys: "dict[str, bytes] | None" = None


class Saved(NamedTuple):
    """How writing the checkpoints went."""

    checkpoint_error: str | None = None
    backup_error: str | None = None


class EventStore:
    """One opening of the directories; `open` and `close` once, from one thread."""

    def __init__(
        self,
        settings: StoreSettings,
        *,
        secrets: Callable[[], Secrets] = Secrets,
        disk: Disk | None = None,
        clock: Clock | None = None,
        owner: Owner | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._disk = disk or Disk()
        self._clock = clock or SystemClock()
        self._owner = owner or NoOwner()
        self._locks: Shelf | None = None
        self._queue: EventQueue | None = None
        folders = [settings.checkpoint_dir, *([settings.backup_dir] if settings.backup_dir else [])]
        self._files = [CheckpointFile(folder, self._disk) for folder in folders]

    def open(self) -> EventQueue:
        """Lock, take over, recover. Raises StartError; then nothing is held."""
        try:
            return self._open()
        except (ConfigurationError, InputError) as error:
            self.close(saves=False)
            raise StartError(f"{self._settings.name}: {error}") from error
        except (ChannelError, LogFailedError) as error:
            self.close(saves=False)
            raise StartError(str(error)) from error
        except BaseException:
            self.close(saves=False)
            raise

    def _open(self) -> EventQueue:
        settings = self._settings
        secrets = self._secrets()
        self._take_over(secrets)
        self._lock()
        checkpoint = self._read_checkpoint()
        recovered = recover(self._new_log, checkpoint)
        self._queue = EventQueue(
            recovered, codec=secrets.codec, level=settings.level, hot_bytes=settings.hot_bytes,
            skips_bad=settings.skips_bad, clock=self._clock, owner=self._owner,
        )  # fmt: skip
        lost = recovered.lost + self._queue.warm_up()
        self._explain(recovered, checkpoint)  # only now: what cannot be read is tried again and again
        if lost:
            self._owner.events_lost(lost)
        return self._queue

    def _new_log(self) -> Log[Frame]:
        settings = self._settings
        shelf = ShelfSettings(
            settings.data_dirs, segment_bytes=settings.segment_bytes, minimum_free_bytes=settings.minimum_free_bytes
        )
        return Log(shelf, NativeFormat(plain=PUT), disk=self._disk, name=settings.name, now_ms=self._clock.time_ms)

    def _take_over(self, secrets: Secrets) -> None:
        settings = self._settings
        java = JavaDirectories(
            settings.checkpoint_dir, list(settings.data_dirs), settings.backup_dir, secrets.java_keys,
            tolerant=settings.skips_bad,
        )  # fmt: skip
        take_over = TakeOver(java, settings.checkpoint_dir, self._disk, settings.name)
        if take_over.is_due():
            take_over.run(self._new_log, secrets.codec)

    def _lock(self) -> None:
        """Lock the folders of the checkpoints, unless the log does it."""
        settings = self._settings
        logs = {folder.resolve() for folder in settings.data_dirs}
        others = {file.path.parent.resolve(): file.path.parent for file in self._files}
        folders = tuple(folder for real, folder in others.items() if real not in logs)
        for folder in settings.data_dirs:
            if folder.resolve() in others:
                with translate({OSError: StartError}, f"{settings.name}: {folder} cannot be made"):
                    self._disk.make_folder(folder)
        self._locks = Shelf(ShelfSettings(folders), self._disk, is_recyclable=False)
        self._locks.open()

    def _read_checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint, or else its backup; one that cannot be read is as good as none."""
        for file in self._files:
            try:
                checkpoint = file.read()
            except OSError as error:
                log.warning("%s: %s cannot be read (%s).", self._settings.name, file.path, error.strerror)
                continue
            if checkpoint is not None:
                return checkpoint
        return None

    def _explain(self, recovered: Recovered, checkpoint: Checkpoint | None) -> None:
        name, folders = self._settings.name, ", ".join(map(str, self._settings.data_dirs))
        segments = recovered.log.segments()
        if checkpoint is not None and not segments:
            log.error(
                "%s: the checkpoint in %s knows of %d events, but there is no log in dataDirs (%s): these events are lost"
                " unless the folders come back. If a disk is not mounted, stop the agent, mount it and start again;"
                " otherwise nothing is left to do, the channel begins empty.",
                name, self._settings.checkpoint_dir, checkpoint.queued, folders,
            )  # fmt: skip
        elif checkpoint is None and recovered.log.written_end > 0:
            log.info(
                "%s: there is no checkpoint in %s, so the whole log in %s was read. Nothing is lost and nothing is to be"
                " done.",
                name, self._settings.checkpoint_dir, folders,
            )  # fmt: skip
        log.info("Queue Size after replay: %d [channel=%s]", recovered.queued, name)

    def save(self) -> Saved:
        """Write the checkpoint and its backup, if anything changed. Raises LogFullError, LogFailedError."""
        queue = self._queue
        if queue is None or queue.version == queue.settled_version:
            return Saved()
        checkpoint = queue.settle()
        assert checkpoint is not None
        errors: list[str | None] = []
        for file in self._files:
            try:
                file.write(checkpoint)
                errors.append(None)
            except OSError as error:
                errors.append(f"{file.path} cannot be written ({error.strerror})")
        return Saved(*errors)

    def close(self, *, saves: bool) -> Saved:
        """Close the log and unlock, with a checkpoint if that is possible. Safe twice."""
        saved = Saved()
        queue = self._queue
        if queue is not None:
            if saves and queue.log.failure is None:
                try:
                    saved = self.save()
                except (LogFailedError, LogFullError) as error:
                    saved = Saved(str(error))
            self._queue = None
            queue.close()
        locks, self._locks = self._locks, None
        if locks is not None:
            locks.close()
        return saved
