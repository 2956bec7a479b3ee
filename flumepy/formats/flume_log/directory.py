"""The directories of one Java file channel: which files are Java's, who uses them, and what is live in them.

Nothing is ever written, but the lock. Whoever imports moves `files()` aside once the events are safe elsewhere.
Source: Log.replay, LogUtils.
"""

import re
from array import array
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from flumepy.core.errors import InputError, translate
from flumepy.formats.flume_log.checkpoint import Checkpoint, backup_is_complete, read_checkpoint
from flumepy.formats.flume_log.data_file import NAME, open_data_file
from flumepy.formats.flume_log.errors import BadCheckpointError, Report
from flumepy.formats.flume_log.live import Origin, Replay, keep_readable
from flumepy.formats.flume_log.locks import locked
from flumepy.formats.flume_log.records import DataFile
from flumepy.formats.flume_log.replay import Counts, replay_records

_DATA_FILE = re.compile(NAME.pattern + r"(\.meta(\.tmp|\.old|\.meta\.old)?|\.tmp|\.bak)?")
_CHECKPOINT_FILE = re.compile(
    r"checkpoint(\.meta(\.tmp|\.old|\.meta\.old)?|\.tmp|\.snappy|-backup-[0-9]+)?|inflight(puts|takes)|backupComplete|queueset"
)
_SIGN_OF_LIFE = re.compile(NAME.pattern + r"|checkpoint(\.meta)?|inflight(puts|takes)")
MOST_FILE_ID = 0x7FFFFFFF


class JavaDirectories:
    """Where a file channel of Java Flume keeps, or kept, its events."""

    def __init__(
        self,
        checkpoint_dir: Path,
        data_dirs: list[Path],
        backup_checkpoint_dir: Path | None = None,
        keys: Mapping[str, bytes] | None = None,
        *,
        tolerant: bool = False,
    ) -> None:
        """Name the directories. `keys`: AES keys by alias; `tolerant`: damage is counted, not an error."""
        self._checkpoint_dir = checkpoint_dir
        # The same folder under two names holds its files once.
        self._data_dirs = list({folder.resolve(): folder for folder in data_dirs}.values())
        self._backup_dir = backup_checkpoint_dir
        self._keys = keys
        self._tolerant = tolerant

    def exists(self) -> bool:
        """Say whether Java left anything. Raises InputError for a folder that cannot be read."""
        folders = [*self._checkpoint_dirs(), *self._data_dirs]
        return any(_SIGN_OF_LIFE.fullmatch(path.name) for folder in folders for path in _listed(folder))

    def files(self) -> list[Path]:
        """Return what is Java's, the folder `queueset` included, without the locks. Raises InputError."""
        found = [
            path for folder in self._checkpoint_dirs() for path in _listed(folder)
            if _CHECKPOINT_FILE.fullmatch(path.name)
        ]  # fmt: skip
        found += [path for folder in self._data_dirs for path in _listed(folder) if _DATA_FILE.fullmatch(path.name)]
        return list(dict.fromkeys(found))

    def lock(self, held: Collection[Path] = ()) -> AbstractContextManager[None]:
        """Keep Java agents out while the context lasts. Entering raises StartError that names the folder in use.

        `held`: folders whose `in_use.lock` this process has locked already; taking it twice would lose it.
        """
        folders = [*self._checkpoint_dirs(), *self._data_dirs]
        return locked({folder.resolve(): folder for folder in folders}.values(), held)

    def replay(self) -> Replay:
        """Find what is live and read each of it once, which verifies it.

        Raises CorruptLogError or InputError for damage unless `tolerant`, ConfigurationError for keys, MissingPackageError.
        """
        report = Report(self._tolerant)
        folders = [self._open_files(folder, report) for folder in self._data_dirs]
        files: dict[int, DataFile] = {}
        for file in (file for folder in folders for file in folder):
            if file.id in files:
                raise InputError(f"{file.path} and {files[file.id].path} have the same number; one of them is a copy")
            files[file.id] = file
        checkpoint, origin = self._checkpoint(report, has_files=bool(files))
        counts = Counts()
        queue = replay_records(folders, checkpoint, counts, report)
        voided = keep_readable(queue, files, report, self._data_dirs)
        return Replay(
            origin, counts, report.problems, len(queue), voided, report.corrupt, files, queue,
            report.lost, bool(report.unsure), report.places, report.left_out,
        )  # fmt: skip

    def _checkpoint_dirs(self) -> list[Path]:
        return [self._checkpoint_dir] if self._backup_dir is None else [self._checkpoint_dir, self._backup_dir]

    def _open_files(self, folder: Path, report: Report) -> list[DataFile]:
        """Return the data files of a folder by their number."""
        numbered: list[tuple[int, Path]] = []
        for path in _listed(folder):
            name = NAME.fullmatch(path.name)
            if name is not None and int(name[1]) <= MOST_FILE_ID:
                numbered.append((int(name[1]), path))
        opened = [open_data_file(path, number, self._keys, report) for number, path in sorted(numbered)]
        return [file for file in opened if file is not None]

    def _checkpoint(self, report: Report, *, has_files: bool) -> tuple[Checkpoint, Origin]:
        try:
            return read_checkpoint(self._checkpoint_dir), "checkpoint"
        except BadCheckpointError as error:
            report.say(f"The checkpoint in {self._checkpoint_dir} cannot be used: {error}.")
        if self._backup_dir is not None and not backup_is_complete(self._backup_dir):
            report.say(f"The backup checkpoint in {self._backup_dir} was never completed.")
        elif self._backup_dir is not None:
            try:
                return read_checkpoint(self._backup_dir), "backup checkpoint"
            except BadCheckpointError as error:
                report.say(f"The backup checkpoint in {self._backup_dir} cannot be used: {error}.")
        if has_files:
            report.say(
                "All data files were replayed from their start; events whose take stood in a file that is"
                " deleted by now are delivered again."
            )
        return Checkpoint(0, array("q"), {}, {}), "full replay"


def _listed(folder: Path) -> list[Path]:
    with translate({OSError: InputError}, f"{folder} cannot be read"):
        return sorted(folder.iterdir()) if folder.is_dir() else []
