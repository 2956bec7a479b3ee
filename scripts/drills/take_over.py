"""The way from Java: a channel finds the directories of a Java agent, and is killed while it takes their events over.

The directories are those that the real Flume wrote (tests/fixtures), with the events that its own replay gave. Wherever the
kill comes, the next start must have these events, once, in their order.
"""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

from drills.killing import MOMENTS, Target, TargetDisk, kill_self
from drills.lives import Lives
from drills.oracle import Violation
from drills.target import DrillChannel, remove_folders
from flumepy.channels.file import FileOptions
from flumepy.core.component import Context
from flumepy.core.options import require_options
from flumepy.log.disk import Disk
from flumepy.testing.disks import CHANGES

FIXTURES = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "flume-file-channel"
MOST_CALLS = 40


def drill(folder: Path, progress: Callable[[str], None], *, step: int = 1) -> tuple[int, list[str]]:
    """Kill at every call of every kind, or every `step`-th; return how often, and what went wrong."""
    expected = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
    kills, failures = 0, []
    cases = [(name, kind) for name in sorted(expected) for kind in CHANGES]
    for number, (name, kind) in enumerate(cases):
        for count in range(1 + number % step, MOST_CALLS, step):
            place = folder / f"take-over-{name}-{kind}-{count}"
            target = Target(kind, count, MOMENTS[(number + count) % len(MOMENTS)])
            bodies = [event["body"] for event in expected[name]]
            end, failure = _try(place, name, target, bodies)
            kills += end == "hit"
            if failure:
                failures.append(f"take-over of {name}, {target}: {failure}\n  directory {place}")
                progress(failures[-1])
            else:
                remove_folders(place)
            if end != "hit":
                break
    progress(f"take-over: {kills} kills, {len(failures)} failures")
    return kills, failures


def _try(place: Path, name: str, target: Target, bodies: list[str]) -> tuple[str, str | None]:
    remove_folders(place)
    place.mkdir(parents=True)
    with tarfile.open(FIXTURES / f"{name}.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
        archive.extractall(place)

    def first(tell: Callable[..., None]) -> None:
        how = "hit"

        def end() -> None:
            tell("end", how, disk.calls)
            kill_self()

        disk = TargetDisk(Disk(), target, end)
        channel = _channel(place / name, disk)
        channel.start()
        how = "started"
        end()

    def second(tell: Callable[..., None]) -> None:
        channel = _channel(place / name, Disk())
        channel.start()
        with channel.transaction() as transaction:
            found = [body.decode() for batch in transaction.take(1000) for body in batch.bodies]
        channel.stop()
        if found != bodies:
            raise Violation(f"found {found}, expected {bodies}")
        tell("end", "checked", {})
        kill_self()

    lives = Lives(place)
    end, failure = lives.run(first, takers=1)
    return end, failure or lives.run(second, takers=1)[1]


def _channel(folder: Path, disk: Disk) -> DrillChannel:
    properties = {"checkpointDir": str(folder / "cp"), "dataDirs": f"{folder / 'd1'},{folder / 'd2'}"}
    channel = DrillChannel(Context("c1"), require_options(FileOptions, properties))
    channel.segment_bytes, channel.hot_bytes, channel.checkpoint_s, channel.disk = 2000, 500, 30.0, disk
    return channel
