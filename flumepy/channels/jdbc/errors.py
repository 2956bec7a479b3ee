"""SQLite's errors as ours, with the file and what to do."""

from pathlib import Path

from flumepy.core.errors import BatchTooLargeError, ChannelError, ChannelFullError


def translated(error: Exception, path: Path) -> ChannelError:
    """Return SQLite's error as ours, with what to do."""
    name = str(getattr(error, "sqlite_errorname", type(error).__name__))
    if name == "SQLITE_FULL":
        return ChannelFullError(f"{path}: the disk is full; the channel goes on when there is room")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "UnicodeDecodeError")):
        return damaged(path, str(error))
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return ChannelError(f"{path} is in use by another process; one at a time can have it: stop the other one, or"
                            " give this channel another file with driver.url = jdbc:sqlite:PATH")  # fmt: skip
    if name in ("SQLITE_TOOBIG", "OverflowError"):
        return BatchTooLargeError(
            f"{path}: one transaction has more bytes than SQLite stores in a row; put fewer events"
        )
    return ChannelError(f"{path}: {' '.join(str(error).split())} ({name})")


def damaged(path: Path, what: str) -> ChannelError:
    """Return the error of a file that cannot be read."""
    return ChannelError(
        f"{path} is damaged ({what}); nothing was deleted. Stop the agent, keep a copy of the file and of {path.name}-wal,"
        f" then save what can be read with `sqlite3 {path} .recover`, or move both away to begin with an empty channel"
    )
