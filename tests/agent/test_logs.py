"""What `-Dflume.root.logger` means, and the two patterns."""

import logging
import os
import re
import resource
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flumepy.agent.log_file import DailyLogFile, LogFile
from flumepy.agent.log_format import EVENT_LOGGER, ConsolePattern, EventLogger, FilePattern, use_java_names
from flumepy.agent.logs import root_logger, set_up_logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Give logging back as it was: handlers, level, hooks, names."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, threading.excepthook
    excepthook = sys.excepthook
    names = {level: logging.getLevelName(level) for level in (30, 50)}
    yield
    for handler in root.handlers:
        if handler not in before[0]:
            handler.close()
    root.handlers[:], level, threading.excepthook = before
    root.setLevel(level)
    for number, name in names.items():
        logging.addLevelName(number, name)
    logging.raiseExceptions = True
    sys.excepthook = excepthook


@pytest.mark.parametrize(
    ("value", "level", "appenders", "remarks"),
    [
        (None, logging.INFO, ["console"], 0),
        ("INFO,console", logging.INFO, ["console"], 0),
        ("DEBUG,LOGFILE", logging.DEBUG, ["logfile"], 0),
        ("warn, DAILY", logging.WARNING, ["daily"], 1),
        ("INFO,LOGFILE,console", logging.INFO, ["logfile", "console"], 0),
        ("INFO.console", logging.INFO, ["console"], 1),
        ("OFF", 60, ["console"], 0),
        ("TRACE,console", 5, ["console"], 0),
        ("FATAL", logging.CRITICAL, ["console"], 0),
        ("INFO,consol", logging.INFO, ["console"], 1),
        ("INFO,syslog", logging.INFO, ["console"], 1),
    ],
)
def test_level_and_appenders_are_read_as_log4j_1_does(
    value: str | None, level: int, appenders: list[str], remarks: int
) -> None:
    found = root_logger({} if value is None else {"flume.root.logger": value})
    assert (found[0], found[1], len(found[2])) == (level, appenders, remarks)


def test_a_named_file_alone_means_that_file() -> None:
    assert root_logger({"flume.log.dir": "x"})[1] == ["logfile"]


def record(level: int = logging.WARNING) -> logging.LogRecord:
    found = logging.LogRecord("flumepy.source.r1", level, "/x/netcat.py", 88, "a %s", ("b",), None, "open")
    found.created, found.msecs, found.threadName = 1_700_000_000.25, 250.0, "MainThread"
    return found


def test_lines_look_as_flumes_two_patterns_print_them() -> None:
    use_java_names()
    console, file = ConsolePattern().format(record()), FilePattern().format(record())
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d0,250 \(main\) \[WARN - flumepy\.source\.r1\.open\(netcat\.py:88\)\] a b", console
    )
    assert re.fullmatch(r"\d\d Nov 2023 \d\d:\d\d:\d0,250 WARN  \[main\] \(flumepy\.source\.r1\.open:88\)  - a b", file)


def test_the_logger_sinks_records_are_copies_with_their_own_text_time_and_thread() -> None:
    logger = EventLogger(EVENT_LOGGER)
    seen: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = seen.append  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.info("first %d", 1)
    thread = threading.Thread(target=lambda: logger.info("second %d", 2), name="sink-k1")
    thread.start()
    thread.join()
    logger.warning("third")
    assert [found.getMessage() for found in seen] == ["first 1", "second 2", "third"]
    assert [found.threadName for found in seen] == ["MainThread", "sink-k1", "MainThread"]
    assert [found.levelno for found in seen] == [20, 20, 30]
    assert seen[1].created >= seen[0].created
    assert (
        ConsolePattern()
        .format(seen[1])
        .endswith("(sink-k1) [INFO - org.apache.flume.sink.LoggerSink.process(LoggerSink.java:95)] second 2")
    )


def test_a_full_file_is_rolled_and_the_oldest_goes(tmp_path: Path) -> None:
    handler = LogFile(tmp_path / "f.log", limit_bytes=10, backups=2)
    for number in range(5):
        handler.emit(logging.LogRecord("n", 20, "", 1, f"line {number}", (), None))
    handler.close()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "f.log": "line 4\n", "f.log.1": "line 3\n", "f.log.2": "line 2\n",
    }  # fmt: skip


def test_old_files_stay_while_a_new_one_cannot_be_opened_and_the_log_goes_on_afterwards(tmp_path: Path) -> None:
    use_java_names()
    handler = LogFile(tmp_path / "f.log", limit_bytes=10, backups=2)

    def write(text: str) -> None:
        handler.emit(logging.LogRecord("n", 20, "", 1, text, (), None))

    write("line 0")
    write("line 1")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (handler._file.fileno(), hard))
    try:
        for _ in range(5):
            write("lost line")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not (tmp_path / "f.log").exists()
    write("line 2")
    handler.close()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "f.log": "line 2\n", "f.log.1": "line 1\n", "f.log.2": "line 0\n",
    }  # fmt: skip


def test_a_daily_file_gets_the_name_of_its_day(tmp_path: Path) -> None:
    path = tmp_path / "f.log"
    path.write_text("old\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    handler = DailyLogFile(path)
    handler.emit(logging.LogRecord("n", 20, "", 1, "new", (), None))
    handler.close()
    days = [found.name for found in tmp_path.iterdir() if found.name != "f.log"]
    assert re.fullmatch(r"f\.log\.2023-11-1[45]", days[0])
    assert path.read_text() == "new\n"


def test_a_file_moved_away_is_opened_again(tmp_path: Path) -> None:
    reopen = set_up_logs({"flume.log.dir": str(tmp_path / "d")})
    path = tmp_path / "d" / "flume.log"
    path.rename(tmp_path / "moved")
    reopen()
    logging.getLogger("flumepy.x").info("after")
    assert path.read_text().endswith(" - after\n")


def test_a_log_file_that_cannot_be_opened_is_said_on_the_console(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "d").touch()
    set_up_logs({"flume.log.dir": str(tmp_path / "d")})
    assert "cannot be opened (File exists); the log goes to the console" in capsys.readouterr().err


def test_a_thread_that_ends_by_an_unexpected_error_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs({})
    thread = threading.Thread(target=lambda: 1 // 0, name="sink-k1")
    thread.start()
    thread.join()
    assert "The thread sink-k1 ended by ZeroDivisionError" in capsys.readouterr().err
