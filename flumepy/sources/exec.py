"""The exec source: runs a command and turns each line of its standard output into an event.

One thread runs the command, again and again with restart, and reads its pipes through one selector, which `stop` wakes.
Lines wait until there are batchSize of them or batchTimeout has passed since the last batch; then all that are there go, up
to the channel's transaction capacity at once. While the channel is full the command is not read, so its pipe fills and it
waits: nothing is dropped. The command leads a process group, which `stop` ends as a whole; what it had written by then is
still put. Source: ExecSource.
"""

import os
import re
import signal
import threading

from flumepy.core.batch import EventBatch
from flumepy.core.component import Context, Source
from flumepy.core.counters import SourceCounters
from flumepy.core.errors import ConfigurationError, StoppedError
from flumepy.core.options import Options, opt
from flumepy.core.patient_put import PatientPut
from flumepy.core.threads import start_thread
from flumepy.formats.java_text import java_charset
from flumepy.formats.stream_lines import StreamLines
from flumepy.sources.exec_process import CommandProcess, Pipe

MAX_WAIT_MS = 4000
STOP_TIMEOUT_S = 5.0  # for what was read and finds no room in the channel
TERMINATE_S = 1.0  # from SIGTERM to SIGKILL for the group
KILL_S = 0.5  # from SIGKILL to giving up on a pipe that someone outside the group holds
JAVA_BLANKS = re.compile(r"[ \t\n\x0b\f\r]+")


class ExecOptions(Options):
    """Properties of the exec source."""

    command: str = opt(
        "command", doc="Command to run; without a shell it is split at blanks, nothing in it is special."
    )
    shell: str | None = opt("shell", None, doc="Shell to run it with, as /bin/sh -c; the command is its last argument.")
    restart: bool = opt("restart", False, doc="Run the command again when it has ended.")
    restart_throttle_ms: int = opt("restartThrottle", 10_000, doc="Pause before that.", unit="ms", long=True)
    log_std_err: bool = opt(
        "logStdErr", False, doc="Log the command's standard error line by line; else it is dropped."
    )
    batch_size: int = opt("batchSize", 20, doc="Lines that make a batch; more that are there go along.", unit="events")
    batch_timeout_ms: int = opt(
        "batchTimeout", 3000, doc="Longest time since the last batch before fewer lines go.", unit="ms", long=True
    )
    charset: str = opt("charset", "UTF-8", doc="Charset of the output, and of the events.")


class ExecSource(Source[ExecOptions]):
    """One event per line that a command prints."""

    Options = ExecOptions

    def __init__(self, context: Context, options: ExecOptions) -> None:
        super().__init__(context, options)
        self.counters: SourceCounters = SourceCounters(context.name)
        self.declared_batch_size = options.batch_size
        try:
            self._charset = java_charset(options.charset)
        except ConfigurationError as error:
            error.key = "charset"
            raise
        self._put = PatientPut(self, MAX_WAIT_MS)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake_read = self._wake_write = -1
        self._pending: list[EventBatch] = []
        self._pending_count = 0
        self._last_push_s = 0.0
        self._stderr_lines = 0

    def start(self) -> None:
        """Start the thread that runs the command."""
        self.log.info("Running the command: %s", self.options.command)
        self._stopping.clear()
        self._pending, self._pending_count = [], 0
        self._last_push_s = self.context.clock.monotonic_s()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = start_thread(f"source-{self.name}", self._run)

    def stop(self) -> None:
        """End the command and its group; what it had printed is put while there is room for it."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stopping.set()
        os.write(self._wake_write, b"\0")
        self._put.interrupt()
        thread.join(STOP_TIMEOUT_S)
        if thread.is_alive():
            self.outlet.interrupt()
            self._put.interrupt()
            thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _run(self) -> None:
        while True:
            try:
                code = self._run_once()
            except StoppedError:
                self.log.warning("%d lines were read and found no room before the stop.", self._pending_count)
                return
            if not self.options.restart or self._stopping.is_set():
                self.log.info("The command [%s] exited with %s.", self.options.command, code)
                return
            self.log.info("Restarting in %d ms, exit code %s.", self.options.restart_throttle_ms, code)
            if self._stopping.wait(max(0, self.options.restart_throttle_ms) / 1000):
                return

    def _arguments(self) -> list[str]:
        if self.options.shell is not None:
            return [*JAVA_BLANKS.split(self.options.shell), self.options.command]
        return JAVA_BLANKS.split(self.options.command)

    def _run_once(self) -> int | None:
        """Run the command to its end; return its exit code, None when it could not be started. Raises StoppedError."""
        try:
            process = CommandProcess(self._arguments(), self._wake_read)
        except (OSError, ValueError) as error:
            self.log.error("The command cannot be started: %s", error)
            return None
        output, errors = StreamLines(self._charset), StreamLines(self._charset)
        self._stderr_lines = 0
        try:
            while self._read(process, output, errors, self._timeout_s()) and not self._stopping.is_set():
                self._flush_if_due()
            if self._stopping.is_set():
                self._drain(process, output, errors)
            self._take(output.finish())
            self._flush()
            self._log_errors(errors.finish())
        except BaseException:
            process.signal_group(signal.SIGTERM)
            raise
        finally:
            code = process.finish()
        if output.cuts:
            self.log.warning("%d pieces were cut off lines that are too long.", output.cuts)
        return code

    def _read(self, process: CommandProcess, output: StreamLines, errors: StreamLines, timeout_s: float | None) -> bool:
        """Wait for output and take it; false when the standard output has ended."""
        is_open = True
        for pipe, data in process.read(timeout_s):
            if pipe is Pipe.ERRORS:
                self._log_errors(errors.feed(data))
            elif pipe is Pipe.OUTPUT:
                is_open = bool(data)
                self._take(output.feed(data))
        return is_open

    def _drain(self, process: CommandProcess, output: StreamLines, errors: StreamLines) -> None:
        """End the group and read what is left, not longer than the deadlines."""
        clock = self.context.clock
        for number, grace_s in ((signal.SIGTERM, TERMINATE_S), (signal.SIGKILL, KILL_S)):
            process.signal_group(number)
            deadline_s = clock.monotonic_s() + grace_s
            while (left_s := deadline_s - clock.monotonic_s()) > 0:
                if not self._read(process, output, errors, left_s):
                    return
                if self._pending_count >= self.options.batch_size:
                    self._flush()

    def _timeout_s(self) -> float | None:
        """Return the time until the pending lines have to go, None when there are none."""
        if not self._pending_count:
            return None
        due_s = self._last_push_s + self.options.batch_timeout_ms / 1000
        return max(0.0, due_s - self.context.clock.monotonic_s())

    def _take(self, lines: EventBatch) -> None:
        if count := len(lines):
            self.counters.event_received += count
            self._pending.append(lines)
            self._pending_count += count

    def _flush_if_due(self) -> None:
        if self._pending and (self._pending_count >= self.options.batch_size or self._timeout_s() == 0):
            self._flush()

    def _flush(self) -> None:
        """Put all pending lines; each counts as pending until its batch is committed. Raises StoppedError."""
        if self._pending:
            batch = EventBatch.concat(self._pending)
            self._pending = []
            while self._pending_count:
                start = len(batch) - self._pending_count
                part = batch.slice(start, start + self.outlet.limit)
                self._put.put(part)
                self._pending_count -= len(part)
                self.counters.event_accepted += len(part)
        self._last_push_s = self.context.clock.monotonic_s()

    def _log_errors(self, lines: EventBatch) -> None:
        if self.options.log_std_err:
            for line in lines.bodies:
                self._stderr_lines += 1
                text = line.decode(self._charset, "replace")
                self.log.info("StderrLogger[%d] = '%s'", self._stderr_lines, text)
