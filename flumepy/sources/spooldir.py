"""The spooling directory source: reads whole files dropped into a directory, then renames, deletes or marks them.

One runner thread calls `process`: a batch of the open file is put, then its position is appended to Flume's position file
(spooldir_position), so a restart goes on behind the last committed batch. A batch has up to the channel's transaction
capacity of events, not only batchSize, where the file has them. While nothing is there it waits for pollDelay, or until the
watch (spooldir_watch) sees a finished file. A file that breaks the rules is set aside (spooldir_set_aside); after a start
the file that the position file names comes first. Source: SpoolDirectorySource, ReliableSpoolingFileEventReader.
"""

import os
import re
from pathlib import Path
from typing import Any

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, PollableSource, Status
from flumepy.core.counters import SourceCounters
from flumepy.core.deserializer import Deserializer, TextRules
from flumepy.core.errors import ConfigurationError, InputError, StartError, UnknownTypeError, UnsupportedError
from flumepy.core.patient_put import PatientPut
from flumepy.core.problems import Problem, Severity
from flumepy.core.threads import Wakeup
from flumepy.formats.java_regex import compile_java
from flumepy.formats.java_text import java_charset
from flumepy.sources.spooldir_file import SpooledFile, open_spooled
from flumepy.sources.spooldir_folder import FolderRules, SpoolFolder
from flumepy.sources.spooldir_options import SpooldirOptions
from flumepy.sources.spooldir_position import META_NAME, read_position
from flumepy.sources.spooldir_retire import Retirement
from flumepy.sources.spooldir_set_aside import SetAsideList
from flumepy.sources.spooldir_watch import SpoolWatch

BATCH_EVENTS = 16_384


class SpooldirSource(PollableSource[SpooldirOptions]):
    """Reads the files of a directory once each."""

    Options = SpooldirOptions

    def __init__(self, context: Context, options: SpooldirOptions) -> None:
        super().__init__(context, options)
        self.counters: SourceCounters = SourceCounters(context.name)
        self.declared_batch_size = options.batch_size
        self._text = TextRules(_checked("inputCharset", options.input_charset), options.decode_error_policy)
        self.directory = re.sub("/+", "/", options.spool_dir).rstrip("/") or "/"
        self.tracker_directory = Path(self.directory, options.tracker_dir)
        self._retirement = Retirement(self.directory, self.tracker_directory, options)
        self._deserializer = self._build_deserializer()
        self._rules = FolderRules(
            options.file_suffix,
            compile_java(options.include_pattern),
            compile_java(options.ignore_pattern),
            options.recursive_directory_search,
            options.consume_order,
            self._is_finished,
        )
        self._folder = SpoolFolder(self.directory, self._rules, options.poll_delay_ms / 1000, context.clock.monotonic_s)
        self._set_aside = SetAsideList(self.tracker_directory)
        self._wakeup = Wakeup()
        self._put = PatientPut(self, options.max_backoff_ms)
        self._watch: SpoolWatch | None = None
        self._spooled: SpooledFile | None = None
        self._unsent: EventBatch | None = None
        self._is_resuming = True
        self._is_available = True
        self._refused: set[str] = set()

    def _build_deserializer(self) -> Deserializer[Any] | None:
        """Return the deserializer; None for an unknown one, which Flume finds only at the first file."""
        settings = dict(self.options.deserializer_settings)
        if self.options.buffer_max_line_length is not None and self.options.deserializer.lower() == "line":
            settings["maxLineLength"] = str(self.options.buffer_max_line_length)
        try:
            built = self.context.build("deserializer", self.options.deserializer, settings, key="deserializer")
        except UnknownTypeError as error:
            self.context.report(Problem(Severity.ERROR, str(error), key="deserializer", hint=error.hint))
            return None
        if not isinstance(built, Deserializer):
            raise ConfigurationError(f"{self.options.deserializer!r} is no deserializer", key="deserializer")
        return built

    def start(self) -> None:
        """Check the directory, make the tracker directory, begin to watch."""
        if self._deserializer is None:
            raise UnsupportedError(f"{self.name}: no deserializer is called {self.options.deserializer!r}")
        if not os.path.isdir(self.directory):
            raise StartError(f"{self.name}: the spooling directory {self.directory} does not exist or is no directory")
        wanted = os.R_OK | os.X_OK | (os.W_OK if self._retirement.changes_directory else 0)
        if not os.access(self.directory, wanted, effective_ids=os.access in os.supports_effective_ids):
            raise StartError(f"{self.name}: no permission to read and change files in {self.directory}")
        try:
            self._make_tracker_directory()
        except OSError as error:
            raise StartError(f"{self.name}: the tracker directory cannot be used: {error}") from error
        self._is_resuming = self._is_available = True
        self._start_watch()

    def _make_tracker_directory(self) -> None:
        if not self.tracker_directory.is_dir():
            self.tracker_directory.mkdir()  # one level, as Flume

    def _start_watch(self) -> None:
        watch = SpoolWatch(self.name, self.directory, self._rules.fits, self._file_arrived)
        try:
            watch.start(is_recursive=self._rules.is_recursive)
        except OSError as error:
            self.log.info("New files are found by polling only: %s", error)
        else:
            self._watch = watch

    def _file_arrived(self) -> None:
        self._wakeup.set()

    def interrupt(self) -> None:
        """End the waits of `process`."""
        self._put.interrupt()
        self._wakeup.set()

    def stop(self) -> None:
        """Close the open file; what was not committed is read again at the next start."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
        spooled, self._spooled = self._spooled, None
        if spooled is not None:
            spooled.close()
        self._unsent = None
        self._folder.forget_listing()

    def process(self) -> Status:
        """Put one batch, or finish a file, or wait for files."""
        if self._spooled is None:
            self._spooled = self._open_next()
        if self._spooled is None:
            self._wakeup.wait(self.options.poll_delay_ms / 1000)
        else:
            self._advance(self._spooled)
        return Status.READY

    def _open_next(self) -> SpooledFile | None:
        """Open the next file that can be read. A directory that is gone is reported once, and once when it is back."""
        try:
            self._make_tracker_directory()
            self._set_aside.refresh()
            may_list = True
            while (path := self._next_path(may_list=may_list)) is not None:
                if (spooled := self._open(path)) is not None:
                    return spooled
                may_list = False  # a file that cannot be opened comes again with the next listing
        except OSError as error:
            if self._is_available:
                self.counters.generic_processing_fail += 1
                self.log.error(
                    "The directory cannot be read: %s. It is tried again every %d ms.",
                    error,
                    self.options.poll_delay_ms,
                )
            self._is_available = False
            self._folder.forget_listing()
            return None
        if not self._is_available:
            self._is_available = True
            self.log.info("The directory %s is back.", self.directory)
        return None

    def _next_path(self, *, may_list: bool) -> str | None:
        if self._is_resuming:
            stored = read_position(self.tracker_directory / META_NAME)
            self._is_resuming = False
            if stored is not None and self._is_candidate(stored.target):
                return stored.target
        return self._folder.next_path(may_list=may_list)

    def _is_candidate(self, path: str) -> bool:
        directory, name = os.path.split(path)
        is_below = directory == self.directory or (
            self._rules.is_recursive and directory.startswith(self.directory.rstrip("/") + "/")
        )
        return is_below and self._rules.fits(name) and os.path.isfile(path) and not self._is_finished(path)

    def _is_finished(self, path: str) -> bool:
        return path in self._set_aside or self._retirement.is_marked(path)

    def _open(self, path: str) -> SpooledFile | None:
        """Open a file; None where it is gone, closed to us, or has to be set aside."""
        assert self._deserializer is not None
        try:
            file = open(path, "rb", buffering=0)  # noqa: SIM115  # the SpooledFile closes it
        except FileNotFoundError:
            return None
        except OSError as error:
            if path not in self._refused:
                self._refused.add(path)
                self.counters.event_read_fail += 1
                self.log.error("A file cannot be opened: %s. The others are read; it is tried again.", error)
            return None
        self._refused.discard(path)
        spooled = open_spooled(path, file, self.tracker_directory / META_NAME)
        if spooled.offset > spooled.size_bytes:
            self._count_and_set_aside(spooled, f"it has become shorter than the {spooled.offset} bytes already read")
            return None
        try:
            spooled.reader = self._deserializer.open(file, spooled.offset, self._text)
        except (InputError, OSError) as error:
            self.counters.event_read_fail += 1
            self._put_aside(spooled, str(error))
            return None
        spooled.headers = self._headers(path)
        return spooled

    def _headers(self, path: str) -> dict[str, str]:
        headers = {}
        if self.options.file_header:
            headers[self.options.file_header_key] = _text_of(os.path.join(os.getcwd(), path))
        if self.options.basename_header:
            headers[self.options.basename_header_key] = _text_of(os.path.basename(path))
        return headers

    def _advance(self, spooled: SpooledFile) -> None:
        """Put the next batch of the open file, or finish it. A batch that an interceptor failed on is kept."""
        if self._unsent is None:
            self._unsent = self._read(spooled)
        if self._unsent is None:
            self._spooled = None
            return
        count = len(self._unsent)
        try:
            self._put.put(self._unsent)
        finally:
            self.counters.channel_write_fail += self._put.failures
            self._put.failures = 0
        self._unsent = None
        if (error := spooled.store_position()) is not None:
            self.log.error("The position cannot be stored: %s. A crash now would send events again.", error)
        self.counters.event_accepted += count
        self.counters.append_batch_accepted += 1

    def _read(self, spooled: SpooledFile) -> EventBatch | None:
        """Return the next batch, None when the file is done with."""
        limit = max(1, min(self.outlet.limit, max(self.options.batch_size, BATCH_EVENTS)))
        try:
            batch = spooled.read(limit)
        except (InputError, OSError) as error:
            self.counters.event_read_fail += 1
            self._put_aside(spooled, str(error))
            return None
        if batch is None:
            self._finish(spooled)
            return None
        self.counters.event_received += len(batch)
        self.counters.append_batch_received += 1
        return batch

    def _finish(self, spooled: SpooledFile) -> None:
        """Retire a file that was read to its end and committed, unless it broke the rules."""
        try:
            problem = spooled.change() or self._retirement.retire(spooled.path)
        except FileNotFoundError:
            self.log.warning("%s was taken away after it had been read.", spooled.path)
            spooled.close(is_finished=True)
            return
        if problem is not None:
            self._count_and_set_aside(spooled, problem)
            return
        self.log.info("%s is done.", spooled.path)
        spooled.close(is_finished=not self._retirement.keeps_position)

    def _count_and_set_aside(self, spooled: SpooledFile, reason: str) -> None:
        self.counters.generic_processing_fail += 1
        self._put_aside(spooled, reason)

    def _put_aside(self, spooled: SpooledFile, reason: str) -> None:
        self.log.error(
            "%s is set aside: %s. Its events up to byte %d were delivered. It stays where it is; to have it read again,"
            " from its start, rename it or take its line out of %s.",
            spooled.path, reason, spooled.offset, self._set_aside.path,
        )  # fmt: skip
        try:
            self._set_aside.add(spooled.path, spooled.offset, reason)
        except OSError as error:
            self.log.error("The list of files set aside cannot be written: %s. A restart will read it again.", error)
        spooled.close(is_finished=True)


def _text_of(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _checked(key: str, charset: str) -> str:
    try:
        return java_charset(charset)
    except ConfigurationError as error:
        error.key = key
        raise
