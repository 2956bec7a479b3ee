"""The cases that ask flumepy's file channel in process, without an agent: its loops, and its start with a backlog."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks import disk, file_channel
from benchmarks.agents import BenchError
from benchmarks.cases import Case
from benchmarks.qualities import Quality
from benchmarks.throughput import Measured, Round

LOOPS, BACKLOG = "channel_loops", "channel_backlog"


def measure_loops(
    case: Case, name: str, repeat: int, folder: Path, problems: list[str], python: Sequence[str] = file_channel.PYTHON
) -> list[Measured]:
    """Run the loops of a case; `name` is what the table calls flumepy, `python` runs a module. Failures go to `problems`."""
    mode = "pairs" if case.kind == "library" else "threads"
    job = {"mode": mode, "folder": str(folder), "batch": case.batch, "lines": case.lines, "repeat": repeat}
    try:
        result = file_channel.run(LOOPS, job, python)
    except BenchError as error:
        problems.append(str(error))
        return []
    measured = []
    for side, rounds in result["rounds"].items():
        one = Measured(name if side == "flumepy" else side, [Round(**done) for done in rounds])
        one.complaints = list(dict.fromkeys(done.complaint for done in one.rounds if done.complaint))
        one.peak_mb = result["peak_mb"]
        measured.append(one)
    return measured


def measure_backlog(case: Case, name: str, repeat: int, folder: Path, problems: list[str]) -> list[Quality]:
    """Fill a channel, then start it with and without its checkpoint, and read its files, warm and cold."""
    job = {"folder": str(folder), "batch": case.batch, "lines": case.lines}
    try:
        file_channel.run(BACKLOG, {**job, "mode": "fill"})
        files = sorted((folder / "data").glob("*.segment"))
        size_mb = sum(path.stat().st_size for path in files) / 1e6
        disk.reading_s(files)
        reading = Quality("cat", "s", [disk.reading_s(files) for _ in range(repeat)], [f"{size_mb:,.0f} MB"])
        checkpoint = Quality("checkpoint", "s", *_starts(job, repeat, drops_checkpoint=False))
        without = Quality(name, "s", *_starts(job, repeat, drops_checkpoint=True))
        if disk.can_drop_caches():
            disk.drop_caches()
            reading.remarks.append(f"cold {disk.reading_s(files):.3g} s")
        _drop_checkpoint(folder)
        drained = file_channel.run(BACKLOG, {**job, "mode": "drain"})
    except BenchError as error:
        problems.append(str(error))
        return []
    without.remarks.append(f"drained at {case.lines / drained['drain_s']:,.0f} ev/s" if "drain_s" in drained else "")
    without.remarks = [*filter(None, [*without.remarks, drained["complaint"]])]
    without.peak_mb = drained["peak_mb"]
    return [without, checkpoint, reading]


def _starts(job: dict[str, object], repeat: int, *, drops_checkpoint: bool) -> tuple[list[float], list[str]]:
    """Return the times of warm starts, and a remark about a cold one."""
    folder = Path(str(job["folder"]))

    def start_s() -> float:
        if drops_checkpoint:
            _drop_checkpoint(folder)
        return float(file_channel.run(BACKLOG, {**job, "mode": "start"})["first_s"])

    warm_s = [start_s() for _ in range(repeat)]
    if not disk.can_drop_caches():
        return warm_s, []
    disk.drop_caches()
    return warm_s, [f"cold {start_s():.3g} s"]


def _drop_checkpoint(folder: Path) -> None:
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
