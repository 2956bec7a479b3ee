"""Rounds of events through running agents, in turn: A B A B …

A round first sends a primer and waits until it is in the sink's files: a sink that has backed off is awake then, and
because all counts are multiples of a thousand no sink waits for the rest of a batch. Then the clock runs from the first
byte sent (spooldir: the first byte written, since the source polls) to the last byte in the sink's files; afterwards
the files are compared with what was sent. The first round of each agent warms it up and does not count.
"""

import contextlib
import errno
import json
import os
import subprocess
import sys
import time
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks import data, machine
from benchmarks.agents import POLL_S, Agent, BenchError, Process, running
from benchmarks.cases import Case
from benchmarks.configurations import Site

LOAD = Path(__file__).with_name("load.py")
SENDER_END_S = 60
BUSY_SHARE = 0.9
HOLE_BYTES = 4096


@dataclass(frozen=True)
class Round:
    """One timed round: events a second, processor seconds a million events, and what was wrong ("" = nothing)."""

    events_per_s: float
    cpu_s_per_million: float | None
    complaint: str


@dataclass
class Measured:
    """One agent's timed rounds, whatever was wrong in any round, and the most memory it took."""

    agent: str
    rounds: list[Round] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    peak_mb: float = 0.0


def measure(case: Case, agents: list[Agent], repeat: int, folder: Path, problems: list[str]) -> list[Measured]:
    """Run a cold round and `repeat` timed ones on each agent, in turn; one that fails is left out, see `problems`."""
    with contextlib.ExitStack() as stack:
        running_now: dict[Process, Measured] = {}
        for agent in agents:
            own = case.given_to(agent.name)
            site = Site(folder / agent.name, machine.free_ports(case.flows), repeat + 1, _inputs(own, folder))
            running_now[stack.enter_context(running(agent, own, site))] = Measured(agent.name)
        for number in range(repeat + 1):
            for process in list(running_now):
                try:
                    _take_turn(case.given_to(process.name), process, number, running_now[process])
                except BenchError as error:
                    problems.append(str(error))
                    del running_now[process]
        return list(running_now.values())


def _take_turn(case: Case, process: Process, number: int, measured: Measured) -> None:
    if not number and case.source in ("netcat", "http"):
        process.wait_for_ports()
    result = run_round(case, process, number)
    if number:
        measured.rounds.append(result)
    if result.complaint and result.complaint not in measured.complaints:
        measured.complaints.append(result.complaint)
    measured.peak_mb = process.peak_mb()


def _inputs(case: Case, folder: Path) -> Path:
    """Return the folder with the input files of this many lines, which agents share."""
    inputs = folder / f"inputs-{case.lines}"
    if not inputs.exists():
        write_inputs(case, inputs)
    return inputs


def write_inputs(case: Case, folder: Path) -> None:
    """Write what is sent and, where interceptors drop some of it, what must arrive."""
    folder.mkdir(parents=True)
    for name, count in (("primer", case.primer_lines), ("lines", case.lines)):
        data.write_lines(folder / name, count)
        if case.interceptors:
            data.write_lines(folder / f"{name}.wanted", count, without_debug=True)
        else:
            os.link(folder / name, folder / f"{name}.wanted")


def run_round(case: Case, process: Process, number: int) -> Round:
    """Send the primer, then the lines, and time and check these. Raises BenchError."""
    inputs = process.site.inputs
    base, wanted = process.arrived_bytes(), (inputs / "primer.wanted").stat().st_size
    with feeding(case, process, "primer", number) as feed:
        feed.go()
        reached, _ = wait_for_bytes(process, base + wanted, case.stall_s)
        if reached < base + wanted:
            feed.abandon()
            raise BenchError(
                f"{process.name}: {base + wanted - reached} bytes of the primer never arrived\n{process.log_end()}"
            )
    bases = [process.output(folder).stat().st_size for folder in process.site.outputs]
    with feeding(case, process, "lines", number) as feed:
        timed = _timed(case, process, feed, bases, (inputs / "lines.wanted").stat().st_size)
    forget_files(process)
    return timed


def forget_files(process: Process) -> None:
    """Drop what has been compared before the disk has to write it: otherwise the fastest agent is timed with the disk."""
    for folder in process.site.outputs:
        path = process.output(folder)
        length = path.stat().st_size // HOLE_BYTES * HOLE_BYTES
        if length:
            command = ["fallocate", "--punch-hole", "--offset", "0", "--length", str(length), str(path)]
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL)


def _timed(case: Case, process: Process, feed: "Feed", bases: list[int], wanted: int) -> Round:
    base, cpu_s = sum(bases), process.cpu_s()
    began_s = feed.go()
    first = 0
    if case.source == "spooldir":
        reached, began_s = wait_for_bytes(process, base + 1, case.stall_s)
        first = reached - base
    reached, ended_s = wait_for_bytes(process, base + wanted, case.stall_s)
    moved = reached - base
    events = moved / data.LINE_BYTES
    cpu = (process.cpu_s() - cpu_s) / max(events, 1) * 1e6
    if moved < wanted:
        feed.abandon()
        complaint = f"lost {(wanted - moved) // data.LINE_BYTES:,} events"
    else:
        complaint = "; ".join(filter(None, [feed.finish(), check(case, process, bases)]))
    return Round((moved - first) / data.LINE_BYTES / max(ended_s - began_s, 1e-6), cpu, complaint)


def wait_for_bytes(process: Process, target: int, stall_s: int) -> tuple[int, float]:
    """Poll until `target` bytes have arrived or none has for `stall_s`; return how many, and when the last ones came."""
    reached, at_s = process.arrived_bytes(), time.monotonic()
    while reached < target and time.monotonic() - at_s < stall_s:
        time.sleep(POLL_S)
        now = process.arrived_bytes()
        if now > reached:
            reached, at_s = now, time.monotonic()
        process.must_live(at_s + stall_s + 1, "stalled")
    return reached, at_s


def check(case: Case, process: Process, bases: list[int]) -> str:
    """Compare the sink's files with what was sent; return "" or the difference."""
    wanted = process.site.inputs / "lines.wanted"
    files = [process.output(folder) for folder in process.site.outputs]
    if case.streams != len(files):
        return data.differs_by_stream(files[0], bases[0], wanted, case.streams)
    length = wanted.stat().st_size // len(files)
    found = (data.differs(path, bases[at], wanted, at * length, length) for at, path in enumerate(files))
    return next(filter(None, found), "")


class Feed:
    """What sets a file going: `go` returns the moment of the first byte, `finish` what went wrong."""

    @abstractmethod
    def go(self) -> float:
        """Let the file go."""

    def finish(self) -> str:
        """Wait for the sender; return its complaint or ""."""
        return ""

    def abandon(self) -> None:
        """Give up a sender that may never end."""


class SpoolFeed(Feed):
    """Puts the file into the spooling directory at once."""

    def __init__(self, process: Process, name: str, number: int) -> None:
        self._input = process.site.inputs / name
        self._place = process.site.spool / f"{number}-{name}"

    def go(self) -> float:
        """Link the file into the directory."""
        os.link(self._input, self._place)
        return time.monotonic()


class GateFeed(Feed):
    """Opens the gate at which the exec source's `cat` waits."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def go(self) -> float:
        """Open the gate and close it: cat sees its end and goes on to the file."""
        deadline_s = time.monotonic() + 60
        while True:
            began_s = time.monotonic()
            try:
                os.close(os.open(self._process.site.gate, os.O_WRONLY | os.O_NONBLOCK))
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                self._process.must_live(deadline_s, "no command waits at the gate")
                time.sleep(POLL_S)
            else:
                return began_s


class LoadFeed(Feed):
    """Sends the file over connections from a process of its own (load.py)."""

    def __init__(self, load: "subprocess.Popen[str]", case: Case, acks: int) -> None:
        self._load = load
        self._case = case
        self._acks = acks
        assert load.stdin is not None
        assert load.stdout is not None
        self._stdin: IO[str] = load.stdin
        self._stdout: IO[str] = load.stdout
        if self._stdout.readline().strip() != "ready":
            raise BenchError("the load generator could not connect")

    def go(self) -> float:
        """Start the sending."""
        began_s = time.monotonic()
        self._stdin.write("go\n")
        self._stdin.flush()
        return began_s

    def finish(self) -> str:
        """Wait for the generator's result and judge it."""
        result = json.loads(self._stdout.readline() or '{"complaint": "the load generator died"}')
        if result["complaint"]:
            return str(result["complaint"])
        if result["acks"] != self._acks:
            return f"{result['acks']:,} acknowledgements for {self._acks:,}"
        if result["cpu_s"] > BUSY_SHARE * result["sent_s"] and result["sent_s"] > 0.2:
            return "note: the load generator was the limit"
        return ""

    def abandon(self) -> None:
        """Kill the generator."""
        self._load.kill()


@contextlib.contextmanager
def feeding(case: Case, process: Process, name: str, number: int) -> Iterator[Feed]:
    """Prepare to feed the input file `name`; end the sender on leaving."""
    if case.source == "spooldir":
        yield SpoolFeed(process, name, number)
    elif case.source == "exec":
        yield GateFeed(process)
    else:
        spec, acks = _load(case, process.site, name)
        command = [sys.executable, str(LOAD), json.dumps(spec)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
            try:
                yield LoadFeed(load, case, acks)
                load.wait(SENDER_END_S)
            finally:
                load.kill()


def _load(case: Case, site: Site, name: str) -> tuple[dict[str, Any], int]:
    """Return what the load generator is to do, and how many answers it must get."""
    path = site.inputs / name
    length = path.stat().st_size // case.streams
    streams = [[site.ports[at % len(site.ports)], at * length, length] for at in range(case.streams)]
    mode = "http" if case.source == "http" else "lines"
    pace = case.lines_per_s if name == "lines" else 0
    spec = {"mode": mode, "file": str(path), "streams": streams, "acks": case.ack, "lines_per_s": pace}
    lines = path.stat().st_size // data.LINE_BYTES
    return spec, lines // 100 if mode == "http" else lines * case.ack
