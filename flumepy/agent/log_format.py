"""How a log line looks: Flume's two patterns, for a few microseconds a line.

Console: `%d (%t) [%p - %l] %m%n`; file: `%d{dd MMM yyyy HH:mm:ss,SSS} %-5p [%t] (%C.%M:%L) %equals{%x}{[]}{} - %m%n`. Levels
have their names in log4j, the main thread is `main`, and in place of a Java class stands the logger's name, which names the
component. Source: conf/log4j2.xml, conf/log4j.properties of Flume.
"""

import logging
import threading
import time
from abc import abstractmethod
from typing import Any, TextIO

ALL, TRACE, OFF = 1, 5, 60
LEVELS = {
    "ALL": ALL,
    "TRACE": TRACE,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "OFF": OFF,
}
EVENT_LOGGER = "org.apache.flume.sink.LoggerSink"


class EventLogger(logging.Logger):
    """The logger of the logger sink: its place is the one Flume 1.11 prints, so no stack is walked to find it.

    A record is a copy of one made in full, with what differs: half the cost of a line of the logger sink.
    """

    _pattern: logging.LogRecord | None = None

    def findCaller(self, stack_info: bool = False, stacklevel: int = 1) -> tuple[str, int, str, None]:
        """Return the place in Flume."""
        return "LoggerSink.java", 95, "process", None

    def makeRecord(self, name: str, level: int, *rest: Any, **more: Any) -> logging.LogRecord:
        """Return a record of now and this thread."""
        pattern = self._pattern
        if more or rest[4] is not None:
            return super().makeRecord(name, level, *rest, **more)
        if pattern is None or pattern.levelno != level:
            self._pattern = super().makeRecord(name, level, *rest)
            return self._pattern
        record = logging.LogRecord.__new__(logging.LogRecord)
        now = time.time()
        record.__dict__.update(
            pattern.__dict__, msg=rest[2], args=rest[3], created=now, msecs=now % 1 * 1000,
            thread=threading.get_ident(), threadName=threading.current_thread().name,
        )  # fmt: skip
        return record


class LinePattern(logging.Formatter):
    """Formats a moment; the text of a second is made once."""

    moment_format = "%Y-%m-%d %H:%M:%S"

    def __init__(self) -> None:
        super().__init__()
        self._second = -1
        self._moment = ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without its end; a traceback follows on lines of its own."""
        second = int(record.created)
        if second != self._second:
            self._moment = time.strftime(self.moment_format, time.localtime(second))
            self._second = second
        moment = f"{self._moment},{int(record.msecs):03d}"
        thread = "main" if record.threadName == "MainThread" else record.threadName
        text = self.line(moment, thread or "?", record)
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        return text

    @abstractmethod
    def line(self, moment: str, thread: str, record: logging.LogRecord) -> str:
        """Put the parts together."""


class Console(logging.StreamHandler[TextIO]):
    """Writes each line at once; a line that cannot be written is lost."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; logging's own lock of this handler is held."""
        try:
            self.stream.write(f"{self.format(record)}\n")
            self.stream.flush()
        except (OSError, ValueError):  # ValueError: stderr was closed
            self.handleError(record)


class ConsolePattern(LinePattern):
    """`2026-11-21 13:45:37,296 (main) [INFO - flumepy.agent.run(service.py:88)] text`."""

    def line(self, moment: str, thread: str, record: logging.LogRecord) -> str:
        """Return the console's line."""
        place = f"{record.name}.{record.funcName}({record.filename}:{record.lineno})"
        return f"{moment} ({thread}) [{record.levelname} - {place}] {record.getMessage()}"


class FilePattern(LinePattern):
    """`21 Nov 2026 13:45:37,296 INFO  [main] (flumepy.agent.run:88)  - text`."""

    moment_format = "%d %b %Y %H:%M:%S"

    def line(self, moment: str, thread: str, record: logging.LogRecord) -> str:
        """Return the file's line."""
        place = f"{record.name}.{record.funcName}:{record.lineno}"
        return f"{moment} {record.levelname:<5} [{thread}] ({place})  - {record.getMessage()}"


def use_java_names() -> None:
    """Name the levels as log4j does, skip facts that no pattern shows, and make the logger sink's logger."""
    for name, level in LEVELS.items():
        if name != "WARNING":
            logging.addLevelName(level, name)
    switches: Any = logging
    switches.logProcesses = switches.logMultiprocessing = switches.logAsyncioTasks = False
    # A log that cannot be written must not print a traceback for each line.
    switches.raiseExceptions = False
    logging.setLoggerClass(EventLogger)
    logging.getLogger(EVENT_LOGGER)
    logging.setLoggerClass(logging.Logger)
