"""The file channel in process, a process of its own: `python -m benchmarks.channel_loops JOB`, see file_channel.py.

    {"mode": "pairs" | "threads", "folder": path, "batch": events, "lines": events a round, "repeat": rounds}

pairs: one thread puts and takes, each in a transaction; the same frames, made before, are written into a recycled file of
the same folder with as many fdatasyncs as the channel makes. They take turns, and turns in going first, so that both meet
the same disk.
threads: many threads put and take one event a transaction, then one thread does; then the same with the barest commit.
The process keeps to one processor, and keeps freed memory, as an agent does. What is taken is compared with what was put,
outside of the clock.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bare_commit import BareCommit
from benchmarks.disk import RecycledFile, recycled_file
from benchmarks.file_channel import SWITCH_INTERVAL_S, numbered, status_mb
from flumepy.channels.file import FileChannel
from flumepy.core.allocation import keep_freed_memory
from flumepy.core.batch import EventBatch
from flumepy.core.cpus import Placement
from flumepy.event_log.frames import put_frame, take_frame
from flumepy.log.frame import NativeFormat
from flumepy.testing.fakes import build

CHUNK_EVENTS = 5_000  # made just before they are put, as a source does: they are still in the processor's cache
CHUNK_TRANSACTIONS = 200
RECYCLE_BYTES = 160 << 20  # after so much a log of 32 MB segments writes into recycled ones only
RAW_BYTES = 32 << 20
THREADS = 16


class SyncCounter:
    """Stands in the place of os.fdatasync and counts the calls."""

    def __init__(self) -> None:
        self.count = 0
        self._fdatasync = os.fdatasync

    def __call__(self, descriptor: Any, /) -> None:
        self.count += 1
        self._fdatasync(descriptor)


class Clock:
    """Sums up the wall and the processor seconds of one side."""

    def __init__(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    def time(self, work: Callable[[], None]) -> None:
        """Do the work and add what it took."""
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        work()
        self.wall_s += time.perf_counter() - wall_s
        self.cpu_s += time.process_time() - cpu_s

    def round(self, events: int, complaint: str = "") -> dict[str, Any]:
        """Return the figures for the parent."""
        return {
            "events_per_s": events / self.wall_s,
            "cpu_s_per_million": self.cpu_s / events * 1e6,
            "complaint": complaint,
        }


def main() -> None:
    """Do the job."""
    job = json.loads(sys.argv[1])
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    keep_freed_memory()
    placement = Placement(1)
    placement.start()
    channel = open_channel(Path(job["folder"]))
    recycle(channel)
    rounds = _pairs(channel, job) if job["mode"] == "pairs" else _threads(channel, job)
    peak_mb = status_mb("VmHWM")
    channel.stop()
    placement.stop()
    print(json.dumps({"rounds": rounds, "peak_mb": peak_mb}))


def open_channel(folder: Path, **settings: str) -> FileChannel:
    """Build and start a channel in this folder."""
    where = {"checkpointDir": str(folder / "checkpoint"), "dataDirs": str(folder / "data")}
    channel = build(FileChannel, {**where, **settings})
    channel.start()
    return channel


def recycle(channel: FileChannel) -> None:
    """Put and take so much that the log writes into files that have been written before."""
    batch = EventBatch(numbered(0, 1_000))
    for _ in range(RECYCLE_BYTES // batch.body_bytes()):
        put(channel, batch)
        take(channel, 1_000)


def put(channel: FileChannel, batch: EventBatch) -> None:
    """Commit one put."""
    with channel.transaction() as transaction:
        transaction.put(batch)


def take(channel: FileChannel, limit: int) -> list[EventBatch]:
    """Commit one take; return what it took."""
    with channel.transaction() as transaction:
        return transaction.take(limit)


def _pairs(channel: FileChannel, job: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    size, rounds = job["batch"], job["lines"] // job["batch"]
    chunk = max(1, min(CHUNK_TRANSACTIONS, CHUNK_EVENTS // size, rounds))
    counter = SyncCounter()
    os.fdatasync = counter  # type: ignore[assignment]
    ours: list[dict[str, Any]] = []
    raw: list[dict[str, Any]] = []
    with recycled_file(Path(job["folder"]) / "data" / "raw", RAW_BYTES) as file:
        for _ in range(job["repeat"]):
            channel_clock, raw_clock, complaint, syncs = Clock(), Clock(), "", 0
            for number in range(rounds // chunk):
                batches = [EventBatch(numbered((number * chunk + at) * size, size)) for at in range(chunk)]
                frames = [frame for batch in batches for frame in stored_frames(batch)]
                taken: list[EventBatch] = []
                if number % 2:  # who comes first meets a disk that has rested; `syncs` is that of the chunk before
                    raw_clock.time(partial(write_frames, file, frames, syncs))
                counter.count = 0
                channel_clock.time(partial(_put_and_take, channel, batches, taken))
                syncs = counter.count
                if not number % 2:
                    raw_clock.time(partial(write_frames, file, frames, syncs))
                complaint = complaint or compare(batches, taken)
            events = rounds // chunk * chunk * size
            ours.append(channel_clock.round(events, complaint))
            raw.append(raw_clock.round(events, f"{syncs / chunk:.3g} fdatasyncs for a put and a take"))
    return {"flumepy": ours, "raw": raw}


def _put_and_take(channel: FileChannel, batches: Sequence[EventBatch], taken: list[EventBatch]) -> None:
    for batch in batches:
        put(channel, batch)
        taken += take(channel, len(batch))


def compare(put: Sequence[EventBatch], taken: Sequence[EventBatch]) -> str:
    """Return "" if the taken events are those that were put, in order."""
    wanted = [body for batch in put for body in batch.bodies]
    got = [body for batch in taken for body in batch.bodies]
    return "" if got == wanted else f"of {len(wanted):,} events {len(got):,} came back, or not in order"


def stored_frames(batch: EventBatch) -> list[tuple[list[bytes], int]]:
    """Return the bytes of the put's and the take's frame, with their lengths."""
    native = NativeFormat()
    frames = [put_frame(batch), take_frame(0, [(0, len(batch))])]
    prepared = [native.prepare(frame, 0, 0, 0) for frame in frames]
    return [([bytes(part) for part in one.parts], one.length) for one in prepared]


def write_frames(file: RecycledFile, frames: Sequence[tuple[list[bytes], int]], syncs: int) -> None:
    """Write the frames one by one, with `syncs` syncs spread evenly over them."""
    for number, (parts, length) in enumerate(frames):
        file.write(parts, length)
        for _ in range((number + 1) * syncs // len(frames) - number * syncs // len(frames)):
            file.sync()


def _threads(channel: FileChannel, job: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    few = job["lines"] // THREADS
    rounds: dict[str, list[dict[str, Any]]] = {"flumepy": [], "one-thread": [], "bare": [], "bare-one-thread": []}
    with recycled_file(Path(job["folder"]) / "data" / "raw", RAW_BYTES) as file:
        for _ in range(job["repeat"]):
            rounds["flumepy"].append(_crowd(channel, THREADS, job["lines"]))
            rounds["one-thread"].append(_crowd(channel, 1, few))
            rounds["bare"].append(_bare_crowd(BareCommit(file), THREADS, job["lines"]))
            rounds["bare-one-thread"].append(_bare_crowd(BareCommit(file), 1, few))
    return rounds


def _crowd(channel: FileChannel, threads: int, lines: int) -> dict[str, Any]:
    """Let so many threads put and take `lines` events in all, one a transaction."""
    each = lines // threads
    taken: list[list[bytes]] = [[] for _ in range(threads)]

    def work(number: int) -> None:
        for body in numbered(number * each, each):
            put(channel, EventBatch([body]))
            while not (batches := take(channel, 1)):
                time.sleep(0)
            taken[number] += batches[0].bodies

    crowd = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    clock = Clock()
    clock.time(partial(_run, crowd))
    arrived = sorted(body for bodies in taken for body in bodies)
    complaint = "" if arrived == numbered(0, each * threads) else f"{len(arrived):,} of {each * threads:,} came back"
    return clock.round(each * threads, complaint)


def _bare_crowd(commit: BareCommit, threads: int, lines: int) -> dict[str, Any]:
    """Let so many threads store the frames of puts and takes of one event each."""
    each = lines // threads
    put_frame_parts, take_frame_parts = stored_frames(EventBatch(numbered(0, 1)))

    def work() -> None:
        gate = threading.Lock()
        gate.acquire()
        for _ in range(each):
            commit.append(*put_frame_parts, gate)
            commit.append(*take_frame_parts, gate)

    clock = Clock()
    clock.time(partial(_run, [threading.Thread(target=work) for _ in range(threads)]))
    return clock.round(each * threads)


def _run(crowd: Sequence[threading.Thread]) -> None:
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()


if __name__ == "__main__":
    main()
