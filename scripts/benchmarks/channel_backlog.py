"""A file channel with a backlog, a process of its own: `python -m benchmarks.channel_backlog JOB`, see file_channel.py.

    {"mode": "fill" | "start" | "drain", "folder": path, "batch": events of a put, "lines": events}

fill: puts the events and stops the channel, which leaves a checkpoint. start: times construct → first take, and ends like a
crash, so that nothing changes. drain: starts, takes everything and compares it with what was put, and ends like a crash.
"""

import json
import os
import queue
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.channel_loops import open_channel, take
from benchmarks.file_channel import SWITCH_INTERVAL_S, numbered, status_mb
from flumepy.channels.file import FileChannel
from flumepy.core.batch import EventBatch
from flumepy.core.offer import Offer

OPEN_PUTS = 500
TAKE_EVENTS = 1_000
FIRST_TAKE_TIMEOUT_S = 600


def main() -> None:
    """Do the job."""
    job = json.loads(sys.argv[1])
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    if job["mode"] == "fill":
        _fill(job)
        print("{}")
        return
    result = _start(job)
    print(json.dumps({**result, "peak_mb": status_mb("VmHWM")}), flush=True)
    os._exit(0)


def _open(job: dict[str, Any]) -> FileChannel:
    settings = {"capacity": str(job["lines"] + TAKE_EVENTS), "transactionCapacity": str(TAKE_EVENTS)}
    return open_channel(Path(job["folder"]), **settings)


def _fill(job: dict[str, Any]) -> None:
    """Put with many transactions open at a time, so that they share their syncs."""
    channel = _open(job)
    done: queue.SimpleQueue[Offer] = queue.SimpleQueue()
    for first in range(0, job["lines"], OPEN_PUTS * job["batch"]):
        last = min(job["lines"], first + OPEN_PUTS * job["batch"])
        firsts = range(first, last, job["batch"])
        for number in firsts:
            channel.offer(EventBatch(numbered(number, min(job["batch"], last - number))), done.put)
        for _ in firsts:
            offer = done.get()
            if offer.error is not None:
                raise offer.error
    channel.stop()


def _start(job: dict[str, Any]) -> dict[str, Any]:
    began_s = time.perf_counter()
    channel = _open(job)
    while True:
        with channel.transaction() as transaction:
            first = transaction.take(1)
            took_s = time.perf_counter() - began_s
            transaction.rollback()
        if first:
            break
        if took_s > FIRST_TAKE_TIMEOUT_S:
            raise SystemExit(f"no event after {FIRST_TAKE_TIMEOUT_S} s")
        time.sleep(0.001)
    result: dict[str, Any] = {"first_s": took_s, "complaint": ""}
    return {**result, **_drain(channel, job["lines"])} if job["mode"] == "drain" else result


def _drain(channel: FileChannel, lines: int) -> dict[str, Any]:
    began_s, arrived = time.perf_counter(), 0
    while batches := take(channel, TAKE_EVENTS):
        bodies = [body for batch in batches for body in batch.bodies]
        if bodies != numbered(arrived, len(bodies)):
            return {"complaint": f"differs from what was put after event {arrived:,}"}
        arrived += len(bodies)
    complaint = "" if arrived == lines else f"{arrived:,} of {lines:,} events came back"
    return {"drain_s": time.perf_counter() - began_s, "complaint": complaint}


if __name__ == "__main__":
    main()
