"""Faults that do not end the process: a disk that is full or fails, damaged files, a clock that jumps, a second process.

Each scenario gets a directory and a seed, and returns what went wrong, if anything. Every one ends with a life in peace,
whose findings the oracle checks.
"""

import errno
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from drills import damage
from drills.adversities import FullDisk, JumpingClock, TolerantWorkload
from drills.killing import kill_self
from drills.lives import Lives
from drills.oracle import Violation
from drills.target import Settings, make_folders, open_channel, remove_folders, series_settings, vary
from drills.workload import Load, Workload
from flumepy.core.channel import Channel
from flumepy.core.errors import StartError
from flumepy.log.disk import Disk
from flumepy.testing.disks import CHANGES, FaultyDisk

RECOVERY_S = 30.0
SECOND_PROCESS = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from drills.faults import expect_refusal
expect_refusal(Path({folder!r}), {settings!r})
"""
Tell = Callable[..., None]


class Scenario:
    """One directory and what is done to it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.randoms = random.Random(name)
        self.lives = Lives(folder)
        self.folder = folder
        self.base = series_settings(self.randoms)

    def load(self, *, takers: int = 1) -> Load:
        """Return threads with numbers of their own."""
        return Load(self.randoms.getrandbits(32), self.lives.next_number(), putters=2, takers=takers)

    def settings(self, *, is_synced: bool = True) -> Settings:
        """Return the settings of one life."""
        settings = vary(self.base, self.randoms, is_synced=is_synced)[0]
        make_folders(self.folder, settings)
        return settings

    def live(self, disk: Disk, act: Callable[[Channel[Any], Load, Tell], None], *, stops: bool = True,
             **options: Any) -> str | None:  # fmt: skip
        """Start the channel in a process, act, and stop it, or kill it. Return what went wrong."""
        settings, load = self.settings(), self.load()

        def work(tell: Tell) -> None:
            channel = open_channel(self.folder, settings, disk, **options)
            act(channel, load, tell)
            if stops:
                channel.stop()
                tell("stopped")
            tell("end", "stopped" if stops else "killed", {})
            kill_self()

        failure = self.lives.run(work, takers=load.takers)[1]
        return failure and f"{failure}\n  settings {settings}, {load}"

    def check(self) -> str | None:
        """Live once more in peace."""

        def act(channel: Channel[Any], load: Load, tell: Tell) -> None:
            channel.start()
            Workload(channel, load, tell).drain()

        return self.live(Disk(), act)


def failing_disk(scenario: Scenario) -> str | None:
    """EIO or ENOSPC at writes, syncs and whatever else changes something, some of them in recovery; then it is healthy."""
    disk = FaultyDisk()
    for _ in range(scenario.randoms.randint(1, 3)):
        call = scenario.randoms.choice([*CHANGES, "write", "sync", "sync", "read"])
        code = scenario.randoms.choice([errno.EIO, errno.EIO, errno.ENOSPC])
        nth = int(200 ** scenario.randoms.random())
        times = scenario.randoms.choice([1, 1, 2, 10])
        disk.fail(call, code, nth=nth, times=times, prefix_bytes=scenario.randoms.choice([0, 1, 50, 500]))

    def act(channel: Channel[Any], load: Load, tell: Tell) -> None:
        start_somehow(channel, tell)
        workload = TolerantWorkload(channel, load, tell)
        workload.riding_share = 0  # what rides comes again in this process, after a failure
        workload.start()
        time.sleep(0.4)
        disk.heal()
        expect(workload.puts_are_acknowledged, "no put was acknowledged after the disk was healthy again")
        workload.stop()

    return scenario.live(disk, act) or scenario.check()


def full_disk(scenario: Scenario) -> str | None:
    """No space for new files: puts wait or are refused, takes go on to the last event, and puts resume by themselves."""
    disk = FullDisk()

    def act(channel: Channel[Any], load: Load, tell: Tell) -> None:
        channel.start()
        putting = TolerantWorkload(channel, load, tell, takes=False)
        putting.start()
        time.sleep(0.1)
        disk.is_full = True
        time.sleep(0.2)
        taking = TolerantWorkload(channel, load, tell, puts=False)
        taking.continue_numbers_of(putting)
        taking.start()
        # Puts go on while what is preallocated has room; with every segment released there is room again.
        time.sleep(0.3)
        putting.stop()
        expect(lambda: channel.size == 0, "a full disk kept takes from being committed")
        disk.is_full = False
        putting = TolerantWorkload(channel, load, tell, takes=False)
        putting.continue_numbers_of(taking)
        putting.start()
        expect(putting.puts_are_acknowledged, "no put was acknowledged after there was space again")
        putting.stop()
        taking.stop()

    return scenario.live(disk, act) or scenario.check()


def damaged_files(scenario: Scenario) -> str | None:
    """Something happened to the files between two lives."""

    def act(channel: Channel[Any], load: Load, tell: Tell) -> None:
        channel.start()
        workload = Workload(channel, load, tell)
        workload.start()
        workload.run(scenario.randoms.uniform(0.02, 0.2))

    for _ in range(4):
        for _ in range(2):
            failure = scenario.live(Disk(), act, stops=scenario.randoms.random() < 0.5)
            if failure:
                return failure
        harm = scenario.randoms.choice(damage.DAMAGES)
        cost = harm(scenario.folder, scenario.randoms)
        failure = _look_at_damage(scenario, cost)
        if failure:
            return f"{harm.__name__}: {failure}"
    return scenario.check()


def _look_at_damage(scenario: Scenario, cost: damage.Cost) -> str | None:
    def act(channel: Channel[Any], load: Load, tell: Tell) -> None:
        channel.start()
        workload = Workload(channel, load, tell)
        tell("found_after_damage", workload.look()[0], cost.lost_puts, cost.repeats)

    return scenario.live(Disk(), act, stops=scenario.randoms.random() < 0.5)


def jumping_clock(scenario: Scenario) -> str | None:
    """The time of day jumps, in every life another way."""
    for life in range(4):

        def act(channel: Channel[Any], load: Load, tell: Tell) -> None:
            channel.start()
            workload = Workload(channel, load, tell)
            workload.drain()
            workload.start()
            workload.run(0.2)

        clock = JumpingClock(random.Random(scenario.randoms.getrandbits(32)))
        failure = scenario.live(Disk(), act, stops=life % 2 == 0, clock=clock)
        if failure:
            return failure
    return scenario.check()


def second_process(scenario: Scenario) -> str | None:
    """Another process, and another channel of this one, want the same directories while they are in use."""

    def act(channel: Channel[Any], load: Load, tell: Tell) -> None:
        settings = scenario.settings()
        channel.start()
        workload = Workload(channel, load, tell)
        workload.start()
        expect_refusal(scenario.folder, settings)
        # A fork would copy locks that other threads hold.
        program = SECOND_PROCESS.format(path=sys.path[:2], folder=str(scenario.folder), settings=settings)
        second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        if second.returncode:
            raise Violation(f"the second process: {second.stderr}")
        workload.run(0.1)

    return scenario.live(Disk(), act) or scenario.check()


def expect_refusal(folder: Path, settings: Settings) -> None:
    """Open the directories that somebody else has. Raises Violation when that works."""
    second = open_channel(folder, settings, Disk())
    try:
        second.start()
    except StartError as error:
        if "already locked" not in str(error):
            raise Violation(f"the refusal does not say why: {error}") from error
        second.stop()
        return
    raise Violation("two had the same directories open")


def start_somehow(channel: Channel[Any], tell: Tell) -> None:
    """Start as the supervisor does: again after a StartError."""
    deadline_s = time.monotonic() + RECOVERY_S
    while True:
        try:
            channel.start()
        except StartError as error:
            tell("note", str(error))
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.02)
        else:
            return


def expect(condition: Callable[[], bool], otherwise: str) -> None:
    """Wait until something is so. Raises Violation."""
    deadline_s = time.monotonic() + RECOVERY_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise Violation(f"{otherwise} (within {RECOVERY_S} s)")
        time.sleep(0.005)


SCENARIOS: dict[str, tuple[Callable[[Scenario], str | None], int]] = {
    "failing disk": (failing_disk, 6),
    "full disk": (full_disk, 2),
    "damaged files": (damaged_files, 8),
    "jumping clock": (jumping_clock, 1),
    "second process": (second_process, 1),
}


def drill(
    rounds: int,
    seed: int,
    folder: Path,
    progress: Callable[[str], None],
    *,
    is_quick: bool = False,
    only: Collection[str] = (),
) -> tuple[Counter[str], list[str]]:
    """Run the scenarios `rounds` times their weight; return how often each ran, and what went wrong."""
    done: Counter[str] = Counter()
    failures: list[str] = []
    for number in range(rounds):
        for title, (act, weight) in SCENARIOS.items():
            if only and title not in only:
                continue
            for repeat in range(1 if is_quick else weight):
                name = f"{title.replace(' ', '-')}-{seed}.{number}.{repeat}"
                place = folder / name
                remove_folders(place)
                place.mkdir(parents=True)
                failure = act(Scenario(name, place))
                done[title] += 1
                if failure:
                    failures.append(f"{title}, seed {name}: {failure}\n  directory {place}")
                    progress(failures[-1])
                else:
                    remove_folders(place)
        progress(f"faults: round {number + 1} of {rounds}, {len(failures)} failures")
    return done, failures
