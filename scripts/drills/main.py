"""Try to make the file channel lose, repeat, reorder or invent events, and say how often it was tried.

Four parts: a process that is killed at chosen system calls, again and again in the same directories; the same with the
power going too, so that what was not synced is lost in part; faults that a process survives; kills while the directories of
a Java agent are taken over. A run that fails prints its seed and leaves its directory. Exits with 1 if anything failed.
"""

import argparse
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from drills import faults, kills, report, take_over

PARTS = ("kills", "power", "faults", "take-over")
QUICK_KILLS = 40
QUICK_STEP = 16
#: of one life that ends with the power, beside so many that end with a kill
KILLS_PER_POWER_LOSS = 2
KILLS_PER_ROUND_OF_FAULTS = 100


def main() -> None:
    """Run the drill that the command line asks for."""
    options = _options()
    # What the channel says of the damage that is done to it is no news here.
    logging.disable(logging.CRITICAL)
    number = QUICK_KILLS if options.quick else options.kills
    parts = options.part or PARTS
    folder = options.folder or Path(tempfile.mkdtemp(prefix="flumepy-drill-"))
    started_s = time.monotonic()

    def progress(text: str) -> None:
        print(f"{time.monotonic() - started_s:6.0f} s  {text}", flush=True)

    progress(f"seed {options.seed}, in {folder}")
    text = [report.heading(options.seed)]
    failures: list[str] = []
    for part, power in (("kills", False), ("power", True)):
        if part in parts:
            count = number // KILLS_PER_POWER_LOSS if power else number
            found = kills.drill(count, options.seed, folder, progress, loses_power=power)
            text.append(report.of_kills(part, found))
            failures += found.failures
    if "faults" in parts:
        rounds = max(1, number // KILLS_PER_ROUND_OF_FAULTS)
        done, failed = faults.drill(rounds, options.seed, folder, progress, is_quick=options.quick)
        text.append(report.of_faults(done))
        failures += failed
    if "take-over" in parts:
        taken_over, failed = take_over.drill(folder, progress, step=QUICK_STEP if options.quick else 1)
        text.append(f"\ntake-over from Java: {taken_over} kills in it, each followed by a start")
        failures += failed
    text.append(report.verdict(failures, time.monotonic() - started_s))
    print("\n".join(text), flush=True)
    if options.report:
        options.report.write_text("\n".join(text) + "\n", encoding="utf-8")
    if not failures and options.folder is None:
        folder.rmdir()
    sys.exit(1 if failures else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/drill", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="kills; half as many power losses, and faults (1000)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().getrandbits(32), help="of everything (random)"
    )
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--folder", type=Path, help="where the directories go (a temporary folder)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was tried")
    parser.add_argument("--quick", action="store_true", help="the form for a change: some 30 s")
    return parser.parse_args()
