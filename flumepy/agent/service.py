"""The process around an application: first load, signals, reload, notices to the service manager, exit.

One thread, the main one, does everything here, told by a queue: signals, a watched file that has been still for a second,
the poll interval. SIGTERM and SIGINT stop in order (the second one at once), SIGHUP reloads, SIGUSR1 reopens log files.
After an orderly stop the process ends by the same signal: a shell sees Flume's 143 or 130 and systemd a clean end.
"""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol, TypeVar

from flumepy.agent.application import Application
from flumepy.agent.mailbox import Mailbox
from flumepy.agent.materialize import MaterializedAgent, materialize
from flumepy.agent.notify import notify
from flumepy.agent.supervisor import RETRY_S, attempt
from flumepy.agent.watch import FileWatch
from flumepy.config.model import Configuration
from flumepy.core.allocation import keep_freed_memory
from flumepy.core.cpus import Placement
from flumepy.core.errors import ConfigurationError, FlumeError
from flumepy.core.problems import Problem, Severity
from flumepy.core.threads import start_thread

log = logging.getLogger("flumepy.agent")

#: at the default of 5 ms a thread that waits for the disk starves beside one that computes
SWITCH_INTERVAL_S = 0.0005
LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.NOTE: logging.INFO}

EXIT_CONFIGURATION = 1


class Loader(Protocol):
    """Where the configuration comes from."""

    def load(self) -> Configuration:
        """Read and validate everything. Raises ConfigurationError where nothing can be read."""

    def has_changed(self) -> bool:
        """Tell whether a source has changed since the last load. Raises ConfigurationError."""

    def watched_files(self) -> list[Path]:
        """Return the local files that may change."""

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed`, from any thread, where a source knows of its changes by itself."""

    def close(self) -> None:
        """End what the sources have opened."""


@dataclass(frozen=True)
class ServiceSettings:
    """What the command line asks for."""

    name: str
    system_properties: Mapping[str, str] = field(default_factory=dict)
    reload: bool = True
    poll_interval_s: float = 30.0
    strict: bool = False
    drain_timeout_s: float = 5.0
    cpus: int = 1  #: processors to keep to; 0 leaves them to the kernel
    still_s: float = 1.0  #: how long a changed file must be left alone before it is read
    retry_s: float = RETRY_S  #: between two starts of a component that fails to start
    #: called with the application once it runs; returns what ends it (monitoring)
    started: Callable[[Application], Callable[[], None]] = lambda application: lambda: None
    reopen_logs: Callable[[], None] = lambda: None


ResultT = TypeVar("ResultT")


class StopSignal(BaseException):
    """A signal to stop came while a configuration was read."""


class Service:
    """Runs one agent until a signal ends it."""

    def __init__(self, settings: ServiceSettings, loader: Loader) -> None:
        self.settings = settings
        self.loader = loader
        self.application = Application(drain_timeout_s=settings.drain_timeout_s, retry_s=settings.retry_s)
        self._commands = Mailbox()
        self._ending_signal: int | None = None
        self._known_errors: set[tuple[str, str | None, str]] = set()

    def run(self) -> int:
        """Run until ended; return the exit status where the configuration cannot run at all."""
        try:
            return self._run()
        finally:
            self._commands.close()

    def _run(self) -> int:
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        keep_freed_memory()
        self._install_signals()
        try:
            agent = self._materialize(self._outside(self.loader.load))
        except StopSignal:
            self.loader.close()
            return 0
        except ConfigurationError as error:
            log.error("%s", f"{error} ({error.hint})" if error.hint else error)
            self.loader.close()
            return EXIT_CONFIGURATION
        if not self._may_start(agent):
            self.loader.close()
            return EXIT_CONFIGURATION
        self._known_errors = error_keys(agent.problems)
        with ExitStack() as stack:
            stack.callback(self.loader.close)
            placement = Placement(self.settings.cpus)
            placement.start()
            stack.callback(placement.stop)
            stack.callback(self.application.stop)
            self.application.apply(agent)
            stack.callback(self.settings.started(self.application))
            gc.collect()
            gc.freeze()
            watch = FileWatch(
                self.loader.watched_files() if self.settings.reload else [], lambda: self._commands.put("touched")
            )
            stack.callback(watch.stop)
            if self.settings.reload:
                self.loader.watch(lambda: self._commands.put("poll"))
            # Before monitoring ends, which shows the last counters, and before the watch, which ends slowly while it hears
            # of every line in a log beside its file.
            stack.callback(self.application.stop)
            notify("READY=1")
            stack.callback(notify, "STOPPING=1")
            with suppress(StopSignal):
                self._loop(watch)
        return 0

    def end_by_signal(self) -> None:
        """End the process by the signal that stopped it, so that parents see it as such."""
        if self._ending_signal is not None:
            logging.shutdown()
            signal.signal(self._ending_signal, signal.SIG_DFL)
            os.kill(os.getpid(), self._ending_signal)

    def _install_signals(self) -> None:
        self._commands.catch_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_signal)
        signal.signal(signal.SIGHUP, lambda number, frame: self._commands.put("reload"))
        signal.signal(signal.SIGUSR1, lambda number, frame: self._commands.put("reopen"))

    def _stop_signal(self, number: int, frame: FrameType | None) -> None:
        if self._ending_signal is not None:
            os._exit(128 + number)
        self._ending_signal = number
        self._commands.put("stop")

    def _outside(self, call: Callable[[], ResultT]) -> ResultT:
        """Make a call that may wait long for another machine; StopSignal where a signal to stop comes first."""
        results: list[ResultT] = []
        errors: list[BaseException | None] = []

        def run() -> None:
            errors.append(attempt(lambda: results.append(call())))
            self._commands.put("read")

        start_thread("conf-file-poller", run)
        put_off: list[str] = []
        while (command := self._commands.get(None)) != "read":
            if self._ending_signal is not None:
                raise StopSignal
            put_off += [command] if command is not None else []
        for command in put_off:
            self._commands.put(command)
        if errors[0] is not None:
            raise errors[0]
        return results[0]

    def _loop(self, watch: FileWatch) -> None:
        poll_s = self.settings.poll_interval_s if self.settings.reload else None
        next_poll_s = time.monotonic()  # at once: the file may have changed before it was watched
        still_at_s: float | None = None
        while True:
            due_s = min(filter(None, (next_poll_s if poll_s else None, still_at_s)), default=None)
            command = self._commands.get(None if due_s is None else max(0.0, due_s - time.monotonic()))
            if command is None:
                if due_s is None or time.monotonic() < due_s:
                    continue
                command = "poll"
            if command == "stop":
                return
            if command == "touched":
                still_at_s = time.monotonic() + self.settings.still_s
            elif command == "reopen":
                self.settings.reopen_logs()
                log.info("Log files were opened again.")
            else:
                still_at_s = None
                next_poll_s = time.monotonic() + (poll_s or 0)
                watch.refresh()  # first, so that a change while it reads is told
                error = attempt(self._reload if command == "reload" else self._reload_if_changed)
                if error is not None:  # nothing that goes wrong here ends the agent
                    trace = None if isinstance(error, FlumeError) else error
                    log.warning("Unable to update configuration: %s", error, exc_info=trace)

    def _reload_if_changed(self) -> None:
        if self._outside(self.loader.has_changed):
            self._reload()

    def _reload(self) -> None:
        log.info("Reloading the configuration of agent %s", self.settings.name)
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self._replace(self._materialize(self._outside(self.loader.load), running=True))
        finally:
            notify("READY=1")

    def _replace(self, agent: MaterializedAgent) -> None:
        errors = error_keys(agent.problems)
        if agent.is_empty or errors - self._known_errors or (self.settings.strict and errors):
            log.error(
                "The new configuration has errors; the one that runs goes on unchanged. The next edit is looked at."
            )
        elif self.application.apply(agent):
            self._known_errors = errors

    def _materialize(self, configuration: Configuration, *, running: bool = False) -> MaterializedAgent:
        name = self.settings.name
        for problem in configuration.problems_of(name):
            log_problem(problem)
        config = configuration.agents.get(name)
        if config is None:
            others = ", ".join(configuration.agents) or "none"
            reason = "cannot run, see above" if name in configuration.invalid else f"is not in it (agents: {others})"
            raise ConfigurationError(f"No configuration found for this host:{name}: the agent {reason}")
        channels = self.application.channels if running else {}
        agent = materialize(config, self.settings.system_properties, channels)
        for problem in agent.problems:
            log_problem(problem)
        agent.problems = [*configuration.problems_of(name), *agent.problems]
        return agent

    def _may_start(self, agent: MaterializedAgent) -> bool:
        if agent.is_empty:
            log.error("Nothing of agent %s can run.", agent.name)
            return False
        if self.settings.strict and any(problem.severity is not Severity.NOTE for problem in agent.problems):
            log.error("The configuration of agent %s has errors or warnings and --strict was given.", agent.name)
            return False
        return True


def error_keys(problems: list[Problem]) -> set[tuple[str, str | None, str]]:
    """Return what identifies the errors among problems, wherever their lines have moved."""
    return {(p.component, p.key, p.message) for p in problems if p.severity is Severity.ERROR}


def log_problem(problem: Problem) -> None:
    """Log a problem at its level."""
    log.log(LEVELS[problem.severity], "%s", problem)
