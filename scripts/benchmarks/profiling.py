"""Run one case that is a rate on flumepy under the tracer and print, thread by thread, where the processor time goes."""

import argparse
import shlex
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks import durable, library, machine, throughput
from benchmarks.agents import BenchError, flume_like
from benchmarks.cases import CASES, Case
from benchmarks.main import QUICK_DIVISOR, ROOT

TRACER = Path(__file__).with_name("tracer.py")
RATED = ("throughput", "file", "library", "threads")


def main() -> None:
    """Profile the case that the command line names."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    machine.allow_many_files()
    case = CASES[options.case]
    if options.quick:
        case = replace(case, lines=case.lines // QUICK_DIVISOR)
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="flumepy-profile-") as name:
        report = Path(name) / "profile.txt"
        traced = [sys.executable, str(TRACER), str(report)]
        for one in _measure(case, traced, options, Path(name), problems):
            rates = ", ".join(f"{done.events_per_s:,.0f}" for done in one.rounds)
            print(
                f"{case.name}: {rates} events/s under the tracer; {'; '.join(one.complaints) or 'every event arrived'}"
            )
        if report.exists():
            print(report.read_text())
        else:
            problems.append(str(BenchError("the agent ended without writing its profile")))
    if problems:
        sys.exit("\n".join(problems))


def _measure(
    case: Case, traced: list[str], options: argparse.Namespace, folder: Path, problems: list[str]
) -> list[throughput.Measured]:
    if case.kind in ("library", "threads"):
        return library.measure_loops(case, "flumepy", options.repeat, folder, problems, traced)
    agent = flume_like("flumepy", ["env", f"PYTHONPATH={ROOT}", *traced, *shlex.split(options.module)])
    measure = durable.measure if case.kind == "file" else throughput.measure
    return measure(case, [agent], options.repeat, folder, problems)


def _options() -> argparse.Namespace:
    rated = [name for name, case in CASES.items() if case.kind in RATED]
    parser = argparse.ArgumentParser(prog="scripts/profile", description=__doc__)
    parser.add_argument(
        "case", nargs="?", default="netcat", choices=rated, metavar="CASE", help=f"netcat, or one of {rated}"
    )
    parser.add_argument("--repeat", type=int, default=3, help="rounds, of file-N one process each (3)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events")
    parser.add_argument("--module", default="flumepy agent", help="the Python module and its command (flumepy agent)")
    return parser.parse_args()
