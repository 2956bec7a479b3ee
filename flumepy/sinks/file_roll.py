"""Events into local files, a new one every so many seconds.

One transaction is one `pwritev` at the committed end of the file; nothing is buffered here. Whatever fails after it, a short
write or the channel's commit, cuts the file back to that end, so the retry leaves no double and a full disk leaves only
whole batches. If even the cut fails, it comes first at the next call. The roll time is looked at when the sink is called,
with events or without, so an idle sink makes empty files as Flume's does; no timer, no second thread. A file that exists is
never overwritten, and one that was removed under us is replaced before the next write. Source: RollingFileSink.
"""

import contextlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from flumepy.core.batch import EventBatch
from flumepy.core.batch_sink import BatchSink
from flumepy.core.component import Context, Status
from flumepy.core.counters import SinkCounters
from flumepy.core.errors import ChannelError, ConfigurationError, DeliveryError, FlumeError, StartError
from flumepy.core.line_text import Buffer
from flumepy.core.options import Options, opt
from flumepy.core.path_manager import PathManager
from flumepy.core.serializer import Serializer

IOV_MAX = 1024


class FileRollOptions(Options):
    """Properties of the file_roll sink."""

    directory: str = opt("sink.directory", doc="Where the files go. It must exist.")
    roll_interval_s: int = opt("sink.rollInterval", 30, long=True, unit="s", doc="Age at which a file ends; 0: never.")
    batch_size: int = opt("sink.batchSize", 100, unit="events", ge=1, doc="Most events of one transaction.")
    serializer: str = opt("sink.serializer", "TEXT", kind="serializer", doc="How events become bytes.")
    serializer_settings: dict[str, str] = opt("sink.serializer.", {}, doc="Properties of the serializer.")
    path_manager: str = opt("sink.pathManager", "DEFAULT", kind="path_manager", doc="How files are named.")
    path_manager_settings: dict[str, str] = opt("sink.pathManager.", {}, doc="Properties of the path manager.")


class FileRollSink(BatchSink[FileRollOptions]):
    """Writes to one file at a time."""

    Options = FileRollOptions
    counters: SinkCounters

    def __init__(self, context: Context, options: FileRollOptions) -> None:
        super().__init__(context, options)
        self.counters = SinkCounters(context.name)
        self.batch_size = self.declared_batch_size = options.batch_size
        serializer = context.build("serializer", options.serializer, options.serializer_settings, key="sink.serializer")
        if not isinstance(serializer, Serializer):
            raise ConfigurationError(f"{options.serializer!r} is not a serializer", key="sink.serializer")
        names = context.build(
            "path_manager", options.path_manager, options.path_manager_settings, key="sink.pathManager"
        )
        if not isinstance(names, PathManager):
            raise ConfigurationError(f"{options.path_manager!r} is not a path manager", key="sink.pathManager")
        self._serializer = serializer
        self._names = names
        self._directory = Path(options.directory)
        self._next_path: Path | None = None  # a name that is not used yet: the file could not be opened
        self._file: _CommittedFile | None = None
        self._roll_due_s: float | None = None

    def start(self) -> None:
        """Check the directory and start the roll interval. Raises StartError."""
        where = f"sink.directory {self._directory}"
        try:
            mode = self._directory.stat().st_mode
        except OSError as error:
            raise StartError(f"{where}: {error.strerror}; it must exist, the sink does not create it") from error
        if not stat.S_ISDIR(mode):
            raise StartError(f"{where} is not a directory")
        if not os.access(self._directory, os.W_OK | os.X_OK):
            raise StartError(f"{where} cannot be written by this user")
        interval_s = self.options.roll_interval_s
        self._roll_due_s = self.context.clock.monotonic_s() + interval_s if interval_s > 0 else None

    def stop(self) -> None:
        """Close the file."""
        if self._file is not None:
            try:
                self._close()
            except DeliveryError as error:
                self.log.error("%s", error)

    def process(self) -> Status:
        """Write one transaction, or cut it off again. Raises DeliveryError."""
        try:
            status = super().process()
        except BaseException:
            if self._file is not None:
                # What cannot be cut now is cut before the next write.
                with contextlib.suppress(OSError):
                    self._file.cut()
            raise
        if self._file is not None:
            self._file.commit()
        return status

    def before_take(self) -> None:
        """Roll when it is time, and see to it that there is a file."""
        if self._file is not None and self._is_roll_due():
            self._close()
        if self._file is not None and not self._is_usable(self._file):
            self._close()
        if self._file is None:
            self._open()

    def _is_roll_due(self) -> bool:
        if self._roll_due_s is None:
            return False
        late_s = self.context.clock.monotonic_s() - self._roll_due_s
        if late_s < 0:
            return False
        # The rate is fixed: a roll that comes late does not move the next one.
        self._roll_due_s += (late_s // self.options.roll_interval_s + 1) * self.options.roll_interval_s
        return True

    def _is_usable(self, file: "_CommittedFile") -> bool:
        try:
            file.cut()
        except OSError as error:
            raise DeliveryError(f"{file.path}: a failed batch could not be cut off: {error.strerror}") from error
        if file.is_removed():
            self.log.warning("File %s was removed while it was written; a new one is opened.", file.path)
            return False
        return True

    def _open(self) -> None:
        path = self._next_path or self._directory / self._names.next_name()
        while True:
            self._next_path = path
            try:
                self._file = self._create(path)
                break
            except FileExistsError:
                path = self._directory / self._names.next_name()
            except OSError as error:
                self.counters.connection_failed += 1
                raise DeliveryError(f"Failed to open file {path}: {self._reason(error)}") from error
        self._next_path = None
        self.counters.connection_created += 1

    def _create(self, path: Path) -> "_CommittedFile":
        file = _CommittedFile(path)
        try:
            file.write([self._serializer.begin()])
        except OSError:
            file.close()
            path.unlink(missing_ok=True)
            raise
        file.commit()
        return file

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.end([self._serializer.end()])
        except OSError as error:
            self.counters.connection_failed += 1
            raise DeliveryError(f"Unable to rotate file {file.path}: {self._reason(error)}") from error
        self.counters.connection_closed += 1

    def deliver(self, batches: list[EventBatch]) -> None:
        """Write the batches behind what is committed."""
        assert self._file is not None
        parts = self._serializer.serialize(batches)
        if block := self._serializer.flush():
            parts = [*parts, block]
        try:
            self._file.write(parts)
        except OSError as error:
            raise DeliveryError(
                f"Failed to write to {self._file.path}: {self._reason(error)}."
                " The batch was cut off again and stays in the channel; the sink goes on once there is room"
            ) from error

    def _reason(self, error: OSError) -> str:
        reason = error.strerror or str(error)
        with contextlib.suppress(OSError):
            space = os.statvfs(self._directory)
            reason += f" ({space.f_bavail * space.f_frsize} bytes are free in {self._directory})"
        return reason

    def count_taken(self, count: int) -> None:
        """Count events on their way to the file."""
        self.counters.drain_attempt += count

    def count_delivered(self, count: int) -> None:
        """Count events in the file."""
        self.counters.drain_success += count

    def count_failed(self, error: FlumeError) -> None:
        """Count a failed transaction by whose fault it was."""
        if isinstance(error, ChannelError):
            self.counters.channel_read_fail += 1
        else:
            self.counters.event_write_fail += 1


class _CommittedFile:
    """A new file with a committed end; what is behind it is not there for good yet. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        self._committed_bytes = 0
        self._end_bytes = 0  # other than the committed end: a write has begun

    def write(self, parts: Sequence[Buffer]) -> None:
        """Write the parts at the end, as few calls as can be."""
        for first in range(0, len(parts), IOV_MAX):
            self._write_all(parts[first : first + IOV_MAX] if len(parts) > IOV_MAX else parts)

    def _write_all(self, parts: Sequence[Buffer]) -> None:
        position = self._end_bytes
        size = sum(map(len, parts))
        self._end_bytes += size
        written = os.pwritev(self._descriptor, parts, position)
        if written < size:
            # The disk is nearly full, or over 2 GB were given: the next call says so, or goes on.
            rest = memoryview(b"".join(parts))[written:]
            while rest:
                position += written
                written = os.pwrite(self._descriptor, rest, position)
                rest = rest[written:]

    def commit(self) -> None:
        """Keep what was written."""
        self._committed_bytes = self._end_bytes

    def cut(self) -> None:
        """Remove what is not committed."""
        if self._end_bytes != self._committed_bytes:
            os.ftruncate(self._descriptor, self._committed_bytes)
            self._end_bytes = self._committed_bytes

    def is_removed(self) -> bool:
        """Tell whether no folder names the file any more."""
        return os.fstat(self._descriptor).st_nlink == 0

    def end(self, parts: Sequence[bytes]) -> None:
        """Write what ends the file and close it; a failure leaves the file without that."""
        try:
            self.cut()
            self.write(parts)
            self.commit()
        finally:
            with contextlib.suppress(OSError):
                self.cut()
            self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
