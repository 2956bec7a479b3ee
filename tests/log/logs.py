"""What the tests of the log share: small logs on any disk, and reading all of one."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crc32c import crc32c

from flumepy.log.disk import Disk
from flumepy.log.frame import Frame, NativeFormat, read_frame
from flumepy.log.log import Log
from flumepy.log.shelf import ShelfSettings

HEAD_BYTES = 44


def settings(*folders: Path, **more: Any) -> ShelfSettings:
    """Return settings with segments of 4 KB."""
    return ShelfSettings(folders, **{"segment_bytes": 4096, **more})


def frame(text: str = "event", count: int = 1) -> Frame:
    """Return a frame with this payload."""
    return Frame(1, count, [text.encode()])


def new_log(*folders: Path, disk: Disk | None = None, frame_format: Any = None, **more: Any) -> Log[Any]:
    """Return a log that is not open."""
    now_ms: Callable[[], int] | None = more.pop("now_ms", None)
    clock = {} if now_ms is None else {"now_ms": now_ms}
    return Log(settings(*folders, **more), frame_format or NativeFormat(), disk=disk, **clock)


def of_version(header: bytes, version: int) -> bytes:
    """Return a sound segment header as another version would write it."""
    content = header[:8] + struct.pack("<H", version) + header[10:-4]
    return content + struct.pack("<I", crc32c(content))


@contextmanager
def opened(*folders: Path, **more: Any) -> Iterator[Log[Any]]:
    """Open a log and close it behind the block."""
    log = new_log(*folders, **more)
    log.open()
    try:
        yield log
    finally:
        log.close()


def fill(log: Log[Any], texts: list[str]) -> None:
    """Append and sync."""
    for text in texts:
        log.append(frame(text))
    log.sync()


def read_texts(log: Log[Any], position: int = 0, **how: Any) -> list[str]:
    """Return the payloads of all frames from a position on."""
    cursor = log.cursor(position)
    texts = []
    while chunk := cursor.read(**how):
        texts += [read_frame(chunk.frame(head)).payload.decode() for head in chunk.heads]
    return texts


def texts(first: int, stop: int, size: int = 500) -> list[str]:
    """Return distinct payloads; seven of the usual size fill a segment."""
    return [f"{number:06d}".ljust(size, ".") for number in range(first, stop)]
