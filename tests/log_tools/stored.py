"""Logs in temporary folders, as an agent would leave them, to be broken and looked at by tools."""

from collections.abc import Sequence
from pathlib import Path

from flumepy.core.batch import EventBatch
from flumepy.event_log.frames import PayloadCodec, put_frame, take_frame
from flumepy.log.frame import NativeFormat
from flumepy.log.log import Log
from flumepy.log.shelf import ShelfSettings
from flumepy.log_tools.folders import Folders, StoredChannel, look_into

SEGMENT_BYTES = 4096


def batch(first: int, count: int = 3) -> EventBatch:
    """Return events with numbers in their bodies, a header that all share and one that differs."""
    return EventBatch(
        [b"event %06d" % number for number in range(first, first + count)],
        {"host": "web1", "n": [str(number) for number in range(first, first + count)]},
    )


def write_log(
    folders: Sequence[Path],
    puts: int,
    *,
    taken: int = 0,
    segment_bytes: int = SEGMENT_BYTES,
    codec: PayloadCodec | None = None,
    per_put: int = 3,
) -> None:
    """Write `puts` batches of events numbered from 0, then take the first `taken` events."""
    log = Log(ShelfSettings(tuple(folders), segment_bytes=segment_bytes), NativeFormat(), name="c1")
    log.open()
    for number in range(puts):
        log.append(put_frame(batch(number * per_put, per_put), codec)).wait()
    if taken:
        log.append(take_frame(taken, [])).wait()
    log.close()


def stored(*data: Path, checkpoint: Path | None = None) -> StoredChannel:
    """Return the directories as the tools see them."""
    return look_into(Folders(tuple(data), checkpoint))


def numbers(batches: Sequence[EventBatch]) -> list[int]:
    """Return the numbers in the bodies."""
    return [int(body.split()[1]) for batch in batches for body in batch.bodies]
