"""A sink that stops and comes back: what the source feels of it, how fast the channel drains, what becomes of the disk.

Lines come at a fixed rate over one connection, all the time. The folder of a file_roll sink that rolls every second is
renamed, so that its next file cannot be opened, and renamed back after the outage. The lines repeat in a circle; what is in
the sink's files is compared with them, in order, and deleted, so that an hour needs no more disk than the channel does.
"""

import socket
import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data, disk, machine
from benchmarks.agents import Agent, BenchError, Process, running
from benchmarks.cases import Case
from benchmarks.configurations import Site
from benchmarks.durable import MonitoringPage
from benchmarks.qualities import Quality

BEFORE_S = 10
AFTER_S = 10
NOTICE_S = 2  # until a sink that rolls every second has met the missing folder
SAMPLE_S = 0.25
DRAIN_SAMPLE_S = 0.05
TICK_S = 0.01
DRAIN_TIMEOUT_S = 900
CIRCLE_LINES = 100_000


@dataclass(frozen=True)
class Sample:
    """The channel at one moment."""

    at_s: float
    put: int
    take: int
    size: int
    disk_bytes: int


class Sender:
    """Sends the lines of a circle at a rate, from a thread; falls behind when the connection does not take them."""

    def __init__(self, port: int, circle: bytes, lines_per_s: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._circle = circle
        self._lines_per_s = lines_per_s
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run)
        self.lines = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End behind a whole line and close the connection."""
        self._is_stopping = True
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        began_s = due_s = time.monotonic()
        view, total = memoryview(self._circle), len(self._circle) // data.LINE_BYTES
        sent_before = 0
        while not self._is_stopping:
            now_s = time.monotonic()
            if now_s - due_s > 1:  # what was not taken in time is not made up for
                began_s, sent_before = now_s, self.lines
            due = sent_before + int((now_s - began_s) * self._lines_per_s)
            while self.lines < due:
                start = self.lines % total
                count = min(due - self.lines, total - start)
                self._connection.sendall(view[start * data.LINE_BYTES : (start + count) * data.LINE_BYTES])
                self.lines += count
            due_s = now_s + TICK_S
            time.sleep(TICK_S)


class Collector:
    """Compares the sink's files with the circle, in the order of their names, and deletes them."""

    def __init__(self, folder: Path, circle: bytes) -> None:
        self._folder = folder
        self._circle = circle
        self.bytes = 0
        self.complaint = ""

    def collect(self, *, last: bool = False) -> None:
        """Take all files but the newest, which is still written, or with `last` that one too."""
        names = sorted(self._folder.iterdir(), key=_name_numbers) if self._folder.exists() else []
        for path in names if last else names[:-1]:
            self._compare(path.read_bytes(), path.name)
            path.unlink()

    def _compare(self, content: bytes, name: str) -> None:
        start = self.bytes % len(self._circle)
        repeats = (start + len(content)) // len(self._circle) + 1
        if not self.complaint and content != (self._circle * repeats)[start : start + len(content)]:
            self.complaint = f"what arrived differs from what was sent in file {name}, after {self.bytes:,} bytes"
        self.bytes += len(content)


def measure(case: Case, agents: list[Agent], folder: Path, problems: list[str]) -> list[Quality]:
    """Run one outage on each agent, one agent at a time; failures go to `problems`."""
    data.write_lines(folder / "circle", CIRCLE_LINES)
    circle = (folder / "circle").read_bytes()
    found = []
    for agent in agents:
        site = Site(folder / agent.name, machine.free_ports(1), 1, folder, machine.free_ports(1)[0])
        try:
            with running(agent, case, site) as process:
                process.wait_for_ports()
                quality = Outage(case, process, circle).run()
                quality.peak_mb = process.peak_mb()
            found.append(quality)
        except BenchError as error:
            problems.append(str(error))
    return found


class Outage:
    """One run: a quiet start, the outage, the draining, a quiet end."""

    def __init__(self, case: Case, process: Process, circle: bytes) -> None:
        self._case = case
        self._process = process
        self._page = MonitoringPage(process)
        self._page.wait_ready()
        self._output = process.site.outputs[0]
        self._collector = Collector(self._output, circle)
        self._sender = Sender(process.site.ports[0], circle, case.lines_per_s)

    def run(self) -> Quality:
        """Return the drain rate, with remarks on the rest. Raises BenchError."""
        away = self._output.with_name("away")
        self._sender.start()
        try:
            before = self._watch(BEFORE_S)
            self._output.rename(away)
            outage = self._watch(self._case.outage_s)
            away.rename(self._output)
            draining = self._watch(DRAIN_TIMEOUT_S, until_drained=True)
            after = self._watch(AFTER_S)
        finally:
            self._sender.stop()
        complaint = self._settle()
        idle = sum(sample.take == draining[0].take for sample in draining)
        drain = _rate(draining[idle - 1 :], "take")
        sources = ["/".join(f"{_rate(part, 'put'):,.0f}" for part in (before, outage, draining, after))]
        remarks = [f"source before/outage/draining/after {sources[0]} ev/s", _backlog(outage, draining)]
        remarks += [_disk_use(before, [*outage, *draining], after), complaint]
        return Quality(self._process.name, "ev/s", [drain], [*filter(None, remarks)])

    def _watch(self, seconds: float, *, until_drained: bool = False) -> list[Sample]:
        """Sample for a while, or until the channel holds less than half a second of lines. Raises BenchError."""
        samples, end_s = [self._sample()], time.monotonic() + seconds
        while time.monotonic() < end_s:
            time.sleep(DRAIN_SAMPLE_S if until_drained else SAMPLE_S)
            self._collector.collect()
            samples.append(self._sample())
            if until_drained and samples[-1].size < self._case.lines_per_s / 2:
                return samples
        if until_drained:
            raise BenchError(f"{self._process.name}: not drained in {seconds} s\n{self._process.log_end()}")
        return samples

    def _sample(self) -> Sample:
        counters = self._page.read()
        used = disk.used_bytes(self._process.site.data)
        return Sample(time.monotonic(), counters["put"], counters["take"], counters["size"], used)

    def _settle(self) -> str:
        """Wait until every line sent is in the sink's files; return what is wrong, or ""."""
        self._page.wait_taken(self._sender.lines, self._case.stall_s)
        wanted, deadline_s = self._sender.lines * data.LINE_BYTES, time.monotonic() + self._case.stall_s
        while self._arrived_bytes() < wanted and time.monotonic() < deadline_s:
            time.sleep(SAMPLE_S)
        self._collector.collect(last=True)
        if self._collector.bytes == wanted:
            return self._collector.complaint
        return self._collector.complaint or f"{self._collector.bytes:,} of {wanted:,} bytes arrived"

    def _arrived_bytes(self) -> int:
        return self._collector.bytes + self._process.arrived_bytes()


def _name_numbers(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.name.split("-"))


def _rate(samples: list[Sample], field: str) -> float:
    first, last = samples[0], samples[-1]
    return float(getattr(last, field) - getattr(first, field)) / max(last.at_s - first.at_s, DRAIN_SAMPLE_S)


def _backlog(outage: list[Sample], draining: list[Sample]) -> str:
    most = max(sample.size for sample in [*outage, *draining])
    return f"{most:,} events waited; drained {draining[-1].at_s - draining[0].at_s:.1f} s after the sink could go on"


def _disk_use(before: list[Sample], during: list[Sample], after: list[Sample]) -> str:
    quiet_mb = statistics.median(sample.disk_bytes for sample in before) / 1e6
    most_mb = max(sample.disk_bytes for sample in during) / 1e6
    return f"disk {quiet_mb:,.0f} → {most_mb:,.0f} → {after[-1].disk_bytes / 1e6:,.0f} MB"
