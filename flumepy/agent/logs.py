"""Where the agent's log goes: `-Dflume.root.logger=LEVEL,APPENDER…`, the words of every Flume tutorial.

Appenders: `console` (stderr), `LOGFILE` (rolled by size), `DAILY` (rolled at midnight), both
`flume.log.dir`/`flume.log.file` (default logs/flume.log). Nothing said: the console, because whoever tries a logger sink
wants to see events (Flume 1.11's log4j2.xml writes ./flume.log only). Only a file named: that file.
log4j's own files are not read.
"""

import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flumepy.agent.log_file import DailyLogFile, LogFile
from flumepy.agent.log_format import LEVELS, Console, ConsolePattern, FilePattern, use_java_names
from flumepy.core.problems import did_you_mean

log = logging.getLogger("flumepy.agent")

ROOT_LOGGER, LOG_DIR, LOG_FILE = "flume.root.logger", "flume.log.dir", "flume.log.file"
FILES: dict[str, type[LogFile]] = {"logfile": LogFile, "daily": DailyLogFile}
APPENDERS = ("console", "LOGFILE", "DAILY")
#: libraries whose DEBUG lines say nothing to an operator, or come from writing the log itself
QUIET = ("watchdog", "asyncio", "kazoo")
LOG4J_FILES = ("log4j2.xml", "log4j2.properties", "log4j2.yaml", "log4j2.json", "log4j.properties", "log4j.xml")
LOG4J_PROPERTIES = ("log4j.configuration", "log4j.configurationFile", "log4j2.configurationFile")


def set_up_logs(properties: Mapping[str, str], conf_directory: Path | None = None) -> Callable[[], None]:
    """Configure logging for the process; return what opens the files again (SIGUSR1)."""
    use_java_names()
    level, appenders, remarks = root_logger(properties)
    files: list[LogFile] = []
    handlers: list[logging.Handler] = []
    for appender in appenders:
        handler = _file(appender, properties, remarks) if appender in FILES else None
        if handler is not None:
            files.append(handler)
            handlers.append(handler)
        elif not any(isinstance(known, Console) for known in handlers):
            handlers.append(_console())
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.INFO))
    sys.excepthook = _log_fatal
    threading.excepthook = _log_thread_end
    for severity, remark in [*remarks, *_log4j_remarks(properties, conf_directory)]:
        log.log(severity, "%s", remark)

    def reopen() -> None:
        for file in files:
            file.reopen()

    return reopen


def root_logger(properties: Mapping[str, str]) -> tuple[int, list[str], list[tuple[int, str]]]:
    """Return level, appenders in lower case, and remarks (severity, text)."""
    text = properties.get(ROOT_LOGGER, "")
    names_file = LOG_DIR in properties or LOG_FILE in properties
    default = "logfile" if names_file and not text else "console"
    words = [word for word in re.split(r"[\s,;:./]+", text) if word]
    remarks = []
    if words and not re.fullmatch(r"[^\s;:./]*", text):
        remarks.append((logging.WARNING, f"-D{ROOT_LOGGER}={text} is understood as {','.join(words)}."))
    level = logging.INFO
    appenders = []
    for word in words:
        if word.upper() in LEVELS:
            level = LEVELS[word.upper()]
        elif word.lower() in ("console", *FILES):
            appenders.append(word.lower())
        else:
            hint = (
                did_you_mean(word, [*LEVELS, *APPENDERS])
                or f"known: levels {', '.join(LEVELS)}; {', '.join(APPENDERS)}"
            )
            remarks.append((logging.WARNING, f"-D{ROOT_LOGGER}: {word!r} is neither a level nor an appender ({hint})"))
    return level, appenders or [default], remarks


def _console() -> logging.Handler:
    handler = Console(sys.stderr)
    handler.setFormatter(ConsolePattern())
    return handler


def _file(appender: str, properties: Mapping[str, str], remarks: list[tuple[int, str]]) -> LogFile | None:
    path = Path(properties.get(LOG_DIR) or "logs", properties.get(LOG_FILE) or "flume.log")
    try:
        handler = FILES[appender](path)
    except OSError as error:
        reason = error.strerror or error
        remarks.append(
            (logging.ERROR, f"The log file {path} cannot be opened ({reason}); the log goes to the console.")
        )
        return None
    handler.setFormatter(FilePattern())
    return handler


def _log4j_remarks(properties: Mapping[str, str], conf_directory: Path | None) -> list[tuple[int, str]]:
    advice = (
        f"is not read: there is no log4j here; -D{ROOT_LOGGER}=LEVEL,{'|'.join(APPENDERS)} says where the log goes."
    )
    remarks = [f"-D{name}={properties[name]} {advice}" for name in LOG4J_PROPERTIES if name in properties]
    if conf_directory is not None:
        remarks += [f"{path} {advice}" for name in LOG4J_FILES if (path := conf_directory / name).is_file()]
    return [(logging.INFO, remark) for remark in remarks]


def _log_fatal(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
    log.critical("A fatal error occurred while running: %s. This is a defect; please report it.",
                 str(error) or kind.__name__, exc_info=(kind, error, traceback))  # fmt: skip


def _log_thread_end(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread else "unknown"
    error = arguments.exc_value or arguments.exc_type()
    log.error("The thread %s ended by %r. This is a defect; please report it.", name, error, exc_info=error)
