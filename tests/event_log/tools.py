"""A queue on a real log in a temporary folder."""

from collections.abc import Callable
from pathlib import Path

from flumepy.core.batch import EventBatch
from flumepy.event_log.checkpoint import Checkpoint
from flumepy.event_log.frames import PayloadCodec
from flumepy.event_log.owner import NoOwner
from flumepy.event_log.put import Put
from flumepy.event_log.queue import HOT_BYTES, EventQueue
from flumepy.event_log.recovery import recover
from flumepy.event_log.runs import Run
from flumepy.log.disk import Disk
from flumepy.log.frame import Frame, NativeFormat
from flumepy.log.log import Log
from flumepy.log.shelf import ShelfSettings

SEGMENT_BYTES = 4096


def new_log(folder: Path, disk: Disk | None = None, segment_bytes: int = SEGMENT_BYTES) -> Callable[[], Log[Frame]]:
    """Return what makes a log that is not open yet."""
    settings = ShelfSettings(folders=(folder,), segment_bytes=segment_bytes)
    return lambda: Log(settings, NativeFormat(), disk=disk, name="c1")


class Owner(NoOwner):
    """Notes what is lost."""

    def __init__(self, lost: Callable[[int], None]) -> None:
        self._lost = lost

    def events_lost(self, count: int) -> None:
        """Note it."""
        self._lost(count)


def open_queue(
    folder: Path,
    checkpoint: Checkpoint | None = None,
    *,
    disk: Disk | None = None,
    codec: PayloadCodec | None = None,
    hot_bytes: int = HOT_BYTES,
    segment_bytes: int = SEGMENT_BYTES,
    skips_bad: bool = False,
    lost: Callable[[int], None] = lambda _: None,
) -> EventQueue:
    """Open, with recovery."""
    recovered = recover(new_log(folder, disk, segment_bytes), checkpoint)
    owner = Owner(lost)
    return EventQueue(recovered, codec=codec, hot_bytes=hot_bytes, skips_bad=skips_bad, owner=owner)


def put(queue: EventQueue, *bodies: bytes) -> None:
    """Put a batch and wait for it."""
    one = Put(EventBatch(list(bodies)), queue.sealer, 1.0)
    one.lead()
    queue.puts.enqueue(one)
    queue.puts.store(one)


def bodies(runs: list[Run]) -> list[bytes]:
    """Return the bodies of runs."""
    return [body for run in runs for body in run.remaining().bodies]


def drain(queue: EventQueue, limit: int = 1 << 30) -> list[bytes]:
    """Take and commit."""
    runs = queue.take(limit)
    if runs:
        queue.commit(runs)
    return bodies(runs)
