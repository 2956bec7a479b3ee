"""What was tried, in words and figures."""

import datetime
import os
import platform
from collections import Counter

from drills.kills import KillReport


def heading(seed: int) -> str:
    """Return the first lines."""
    date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    return (
        f"\nDrill of the file channel, {date}, seed {seed}, Python {platform.python_version()}, {os.cpu_count()} cores"
    )


def of_kills(part: str, report: KillReport) -> str:
    """Return what was done to processes."""
    how = "ended by SIGKILL" if part == "kills" else "ended with the power: what was not synced was lost in part"
    return "\n".join(
        [
            f"\n{report.lives} lives, {report.kills} of them {how}",
            f"  openings checked against the oracle: {report.checked_openings}",
            f"  acknowledged: {report.acknowledged_puts} puts, {report.acknowledged_takes} takes",
            f"  system calls seen: {_row(report.calls)}",
            f"  ended at: {_row(report.ends)}",
            f"  lives with: {_row(report.settings)}",
        ]
    )


def of_faults(done: Counter[str]) -> str:
    """Return what was done beside that."""
    return f"\nfaults: {_row(done)}"


def verdict(failures: list[str], seconds: float) -> str:
    """Return the last lines."""
    if not failures:
        return f"\nno event was lost, repeated, reordered or invented; {seconds:.0f} s"
    return "\n".join([f"\n{len(failures)} failures, {seconds:.0f} s", *failures])


def _row(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)
