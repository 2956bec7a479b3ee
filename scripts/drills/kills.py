"""Kills: a channel lives many lives in one directory, each ended at a chosen system call, and owes nobody an event.

With `loses_power` the machine dies with the process, and forgets what was not synced (drills.killing).

A series is one directory; its lives share capacity and segment size, and differ in everything that may be changed between
two starts: threads, sync, compression, encryption. The settings of a life and its end follow from the seed alone; how the
threads interleave does not, so a seed that failed once may need some repeats.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from drills.killing import MOMENTS, Target, TargetDisk, kill_self, real_or_forgetful
from drills.lives import Lives
from drills.target import make_folders, open_channel, remove_folders, series_settings, vary
from drills.workload import Load, Workload

LIVES_IN_A_SERIES = 20
MOST_FAILURES = 5
LIFE_S = 0.4
MOST_LIFE_S = 1.0  # for a target that is not hit
#: how often a kind is chosen, and up to which call
CHOICES = {
    "write": (5, 400), "sync": (5, 400), "sync_folder": (3, 30), "allocate": (2, 6), "rename": (3, 30), "unlink": (2, 8),
    "create": (2, 6),
}  # fmt: skip


@dataclass
class KillReport:
    """What was tried, and what came of it."""

    lives: int = 0
    ends: Counter[str] = field(default_factory=Counter)  #: by kind and moment, `anywhere`, `after a stop`
    calls: Counter[str] = field(default_factory=Counter)
    settings: Counter[str] = field(default_factory=Counter)
    checked_openings: int = 0
    acknowledged_puts: int = 0
    acknowledged_takes: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, lives: Lives) -> None:
        """Count what happened in a directory."""
        self.calls.update(lives.calls)
        self.checked_openings += lives.oracle.checked_openings
        self.acknowledged_puts += lives.oracle.acknowledged_puts
        self.acknowledged_takes += lives.oracle.acknowledged_takes

    @property
    def kills(self) -> int:
        """Return how many lives were ended by a kill."""
        return self.lives - self.ends["after a stop"] - self.ends["failure"]


def drill(
    kills: int,
    seed: int,
    folder: Path,
    progress: Callable[[str], None],
    *,
    loses_power: bool = False,
    most_failures: int = MOST_FAILURES,
) -> KillReport:
    """Kill so many times; directories of series that failed stay."""
    report = KillReport()
    kind = "power" if loses_power else "kill"
    series = 0
    while report.kills < kills and len(report.failures) < most_failures:
        name = f"{kind}-{seed}.{series}"
        one = Series(name, folder / name, report, loses_power=loses_power)
        failure = one.run(min(LIVES_IN_A_SERIES, kills - report.kills))
        if failure:
            report.failures.append(failure)
            progress(failure)
        series += 1
        progress(f"{kind}: {report.kills} of {kills}, {report.checked_openings} openings checked")
    return report


class Series:
    """Many lives in one directory."""

    def __init__(self, seed: str, folder: Path, report: KillReport, *, loses_power: bool) -> None:
        self._loses_power = loses_power
        self._seed = seed
        self._folder = folder
        self._report = report
        self._randoms = random.Random(seed)
        self._lives = Lives(folder)
        self._settings = series_settings(self._randoms)

    def run(self, lives: int) -> str | None:
        """Live until so many kills, then once more in peace; return what went wrong, if anything."""
        remove_folders(self._folder)
        self._folder.mkdir(parents=True)
        for life in range(lives + 1):
            failure = self._live(life, is_last=life == lives)
            if failure:
                self._report.ends["failure"] += 1
                return f"seed {self._seed}, life {life}: {failure}\n  directory {self._folder}"
        self._report.add(self._lives)
        remove_folders(self._folder)
        return None

    def _live(self, life: int, *, is_last: bool) -> str | None:
        settings, labels = vary(self._settings, self._randoms, is_synced=self._loses_power)
        target = None if is_last or self._randoms.random() < 0.1 else self._target()
        ends_clean = is_last or (target is None and self._randoms.random() < 0.3)
        life_s = self._randoms.uniform(0.05, LIFE_S) if target is None else MOST_LIFE_S
        load = Load(
            seed=self._randoms.getrandbits(32),
            first_number=self._lives.next_number(),
            putters=self._randoms.randint(1, 3),
            takers=self._randoms.randint(1, 2),
        )
        power_seed = self._randoms.getrandbits(32)

        def work(tell: Callable[..., None]) -> None:
            how = "hit"
            ending = threading.Lock()

            def end() -> None:
                ending.acquire()  # for good: one thread ends the process, the others wait for it
                lose()
                tell("end", how, disk.calls)
                kill_self()

            make_folders(self._folder, settings)
            inner, lose = real_or_forgetful(self._folder, loses_power=self._loses_power, seed=power_seed)
            disk = TargetDisk(inner, target, end)
            try:
                channel = open_channel(self._folder, settings, disk)
                channel.start()
                workload = Workload(channel, load, tell)
                workload.drain()
                workload.start()
                workload.run(life_s)
                how = "anywhere"
                if ends_clean:
                    channel.stop()
                    tell("stopped")
                    how = "after a stop"
            except BaseException:
                if ending.locked():  # another thread ends the process, and has taken the disk away already
                    threading.Event().wait()
                raise
            end()

        self._report.lives += 1
        self._report.settings.update(labels)
        end, failure = self._lives.run(work, takers=load.takers)
        if failure:
            return f"{failure}\n  settings {settings}, {load}, {target}"
        self._report.ends[f"{target.kind} {target.moment}" if target and end == "hit" else end] += 1
        return None

    def _target(self) -> Target:
        kind = self._randoms.choices(list(CHOICES), [weight for weight, _ in CHOICES.values()])[0]
        most = CHOICES[kind][1]
        # A quarter dies in its first calls: in recovery.
        count = self._randoms.randint(1, 3) if self._randoms.random() < 0.25 else int(most ** self._randoms.random())
        return Target(kind, count, self._randoms.choice(MOMENTS))
