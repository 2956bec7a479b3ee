"""Where the jdbc channel's file stands: from `driver.url`, without opening anything.

`jdbc:sqlite:PATH` is that file. A Derby folder cannot be read without Java; the SQLite file `FOLDER.sqlite` beside it takes
its place, and so does `~/.flume/jdbc-channel/db.sqlite` without any URL, where Flume has its `db`.
"""

import re
from pathlib import Path

SQLITE = "jdbc:sqlite:"
DERBY = "jdbc:derby:"
_REMOTE = ("//", "memory:", "classpath:", "jar:")
#: scheme, host, port and database; whatever else a URL says may be a password
_PUBLIC = re.compile(r"jdbc:\w+:(//[\w.-]+(:\d+)?)?(/[\w./-]*)?(?=[?;]|$)")
INSTEAD = "use jdbc:sqlite:PATH, or leave driver.url out for a SQLite file in ~/.flume/jdbc-channel"


def location_of(url: str | None, home: str) -> tuple[Path, str | None]:
    """Return the file, and why the URL cannot be used, or None. What may hold a password is not repeated."""
    default = Path(home) / ".flume" / "jdbc-channel" / "db.sqlite"
    if url is None:
        return default, None
    if url.startswith(SQLITE):
        return _sqlite_location(url.removeprefix(SQLITE), default)
    if url.startswith(DERBY):
        folder = url.removeprefix(DERBY).partition(";")[0]
        if folder and not folder.startswith(_REMOTE):
            folder = folder.removeprefix("directory:")
            return Path(f"{folder.rstrip('/')}.sqlite"), None
        return default, f"of Derby's URLs only that of a folder has a SQLite file in its place; {INSTEAD}"
    scheme = ":".join(url.split(":", 2)[:2])
    return default, f"{scheme} is no database that flumepy can use; {INSTEAD}"


def without_secrets(url: str) -> str:
    """Return a URL, or the part of it that holds no password for sure."""
    public = _PUBLIC.match(url)
    return public[0] + ("" if public.end() == len(url) else "…") if public else ":".join(url.split(":", 2)[:2]) + ":…"


def _sqlite_location(text: str, default: Path) -> tuple[Path, str | None]:
    if not text or ":memory:" in text or "mode=memory" in text:
        return default, "a SQLite database in memory keeps nothing; name a file: jdbc:sqlite:PATH"
    if "?" in text or text.startswith("file:"):
        return default, "only a plain path can follow jdbc:sqlite:, without file: and without parameters"
    return Path(text), None
