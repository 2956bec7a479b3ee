"""Texts of configurations that several tests start from."""

from pathlib import Path

LINES_TO_FILES = """\
a1.sources = r1
a1.channels = c1
a1.sinks = k1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = 0
a1.sources.r1.channels = c1
a1.channels.c1.type = memory
a1.channels.c1.capacity = 10000
a1.channels.c1.transactionCapacity = 1000
a1.sinks.k1.type = file_roll
a1.sinks.k1.sink.directory = {folder}
a1.sinks.k1.sink.rollInterval = 0
a1.sinks.k1.channel = c1
"""

POSTS_TO_FILES = LINES_TO_FILES.replace("netcat", "http")

SPOOL_TO_FILES = LINES_TO_FILES.replace("netcat", "spooldir").replace(
    "a1.sources.r1.bind = 127.0.0.1\na1.sources.r1.port = 0\n",
    "a1.sources.r1.spoolDir = {spool}\na1.sources.r1.pollDelay = 50\n",
)


def into(folder: Path, *more: str, text: str = LINES_TO_FILES, **names: Path) -> str:
    """Return a configuration that writes to a folder, which is made, with lines added (a later line of a key wins)."""
    folder.mkdir(exist_ok=True)
    return text.format(folder=folder, **names) + "".join(f"{line}\n" for line in more)
