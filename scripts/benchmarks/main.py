"""Compare flumepy with the real Flume 1.11 and with rsyslog, doing the same job in turn, and print a table.

Peers that are absent on this machine are left out, with a line that says why. Nothing here is a pass or a fail: read
the ratios.
"""

import argparse
import datetime
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks import durable, library, machine, outage, qualities, report, throughput
from benchmarks.agents import Agent, flume_like, over_memory, real_flume, rsyslog
from benchmarks.cases import CASES, Case
from tests.peers import flume

ROOT = Path(__file__).resolve().parents[2]
QUICK_DIVISOR = 10
QUICK_REPEAT = 2


def main() -> None:
    """Run the cases that the command line names."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    machine.allow_many_files()
    ours = flume_like(options.name, shlex.split(options.agent))
    agents = [ours, over_memory(ours), *([] if options.no_peers else _peers(options.peer))]
    cases = [replace(CASES[name], outage_s=options.outage_s) for name in options.case or CASES]
    if options.quick:
        cases = [replace(case, lines=case.lines // QUICK_DIVISOR) for case in cases]
    repeat = QUICK_REPEAT if options.quick else options.repeat
    date, described = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"), _described(agents)
    print(f"{date}: {described}\n\n{report.heading()}", flush=True)
    rows: list[report.Row] = []
    failed = False
    for case in cases:
        busy = 0.0 if options.quick else machine.wait_for_quiet()
        if busy >= machine.QUIET_CORES:
            print(f"{case.name}: {busy:.1f} cores are busy with something else", flush=True)
        found, problems = run(case, [agent for agent in agents if agent.suits(case)], repeat, options.quick)
        failed = failed or bool(problems)
        rows += found
        print("\n".join([*map(report.line, found), *(f"{case.name:20} {problem}" for problem in problems)]), flush=True)
    if options.json:
        report.write_json(options.json, rows, date, described)
    if options.markdown:
        report.write_markdown(options.markdown, rows, cases, date, described)
    sys.exit(1 if failed else 0)


def run(case: Case, agents: list[Agent], repeat: int, quick: bool) -> tuple[list[report.Row], list[str]]:
    """Measure one case in a folder of its own; return its rows, and why an agent is missing from them."""
    problems: list[str] = []
    first = agents[0].name
    with tempfile.TemporaryDirectory(prefix="flumepy-bench-") as name:
        folder = Path(name)
        match case.kind:
            case "throughput":
                measured = throughput.measure(case, agents, repeat, folder, problems)
            case "file":
                measured = durable.measure(case, agents, repeat, folder, problems)
            case "library" | "threads":
                measured = library.measure_loops(case, first, repeat, folder, problems)
            case _:
                found = _qualities(case, agents, repeat, quick, folder, problems)
                return report.quality_rows(case, first, found), problems
        return report.throughput_rows(case, first, measured), problems


def _qualities(
    case: Case, agents: list[Agent], repeat: int, quick: bool, folder: Path, problems: list[str]
) -> list[qualities.Quality]:
    match case.kind:
        case "backlog":
            return library.measure_backlog(case, agents[0].name, repeat, folder, problems)
        case "outage":
            return outage.measure(case, agents, folder, problems)
        case _:
            return qualities.measure(case, agents, repeat, quick, folder, problems)


def default_agent() -> str:
    """Return the command of the flumepy in this checkout, run by the interpreter that runs the bench."""
    return shlex.join(["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "flumepy", "agent"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--case", action="append", choices=CASES, metavar="CASE", help=f"may be repeated: {', '.join(CASES)}"
    )
    parser.add_argument("--repeat", type=int, default=5, help="timed rounds of each agent after the cold one (5)")
    parser.add_argument(
        "--agent", default=default_agent(), help="command before --conf-file FILE --name a1 (this checkout)"
    )
    parser.add_argument("--name", default="flumepy", help="what the table calls it (flumepy)")
    parser.add_argument("--peer", action="append", choices=["flume", "rsyslog"], help="compare with this one only")
    parser.add_argument("--no-peers", action="store_true", help="measure flumepy alone")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the events, two rounds: is everything in order?"
    )
    parser.add_argument("--outage-s", type=int, default=20, help="length of the outage of file-outage (20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="put the table into this file, between the bench marks"
    )
    return parser.parse_args()


def _peers(wanted: list[str] | None) -> list[Agent]:
    peers = []
    if wanted is None or "flume" in wanted:
        try:
            peers.append(real_flume(flume.command()))
        except flume.PeerMissingError as error:
            print(f"real Flume left out: {error}")
    if wanted is None or "rsyslog" in wanted:
        found = rsyslog()
        if found:
            peers.append(found)
        else:
            print("rsyslog left out: no rsyslogd on the PATH (Debian package rsyslog)")
    return peers


def _described(agents: list[Agent]) -> str:
    names = {agent.name for agent in agents}
    parts = [machine.describe()]
    if "flume" in names:
        java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr.split("\n", 1)[
            0
        ]
        parts.append(f"Flume {flume.VERSION} on {java}, -Xmx1g")
    if "rsyslog" in names:
        path = f"{os.environ.get('PATH', '')}:/usr/sbin"
        shown = subprocess.run(
            ["rsyslogd", "-v"], capture_output=True, text=True, check=False, env={"PATH": path}
        ).stdout
        parts.append(" ".join(shown.split()[:2]))
    return "; ".join(parts)
