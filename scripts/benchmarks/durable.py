"""Events through a file channel, counted as they leave it: stress source → file channel → null sink.

One agent runs at a time, since each would take the whole disk; they take turns, A B A B …, in a fresh folder every time. The
source makes a fixed number of events. When the first share of them has left the channel, the clock starts; it ends when the
last one has. At the end the channel must have taken and given that number, and be empty. Before each turn the disk's own
loop of write and fdatasync is measured, in the same folder.
"""

import json
import shutil
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from benchmarks import data, disk, machine
from benchmarks.agents import Agent, BenchError, Process, running
from benchmarks.cases import Case
from benchmarks.configurations import Site
from benchmarks.throughput import Measured, Round

WARM_SHARE = 0.4
POLL_S = 0.05
START_TIMEOUT_S = 60
FRAME_BYTES = 64  # about what a frame has beside its events
EVENT_BYTES = data.LINE_BYTES + 4
DISK = "disk"


class MonitoringPage:
    """The counters of a running agent's channel c1, over Flume's monitoring page."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._url = f"http://127.0.0.1:{process.site.monitoring_port}/metrics"

    def read(self) -> Mapping[str, int]:
        """Return put, take (successful, in events) and size. Raises BenchError."""
        try:
            with urllib.request.urlopen(self._url, timeout=10) as answer:
                shown = json.load(answer)["CHANNEL.c1"]
        except (OSError, KeyError, ValueError) as error:
            self._process.must_live(time.monotonic() + 1, "")
            raise BenchError(f"{self._process.name}: no counters on its page ({error})") from error
        return {
            "put": int(shown["EventPutSuccessCount"]),
            "take": int(shown["EventTakeSuccessCount"]),
            "size": int(shown["ChannelSize"]),
        }

    def wait_ready(self) -> None:
        """Return when the page shows the channel. Raises BenchError."""
        while True:
            try:
                self.read()
            except BenchError:
                self._process.must_live(self._process.started_s + START_TIMEOUT_S, "its page never showed channel c1")
                time.sleep(POLL_S)
            else:
                return

    def wait_taken(self, target: int, stall_s: int) -> tuple[int, float]:
        """Poll until so many events have been taken, or none has for `stall_s`; return how many, and when."""
        taken, at_s = self.read()["take"], time.monotonic()
        while taken < target and time.monotonic() - at_s < stall_s:
            time.sleep(POLL_S)
            now = self.read()["take"]
            if now > taken:
                taken, at_s = now, time.monotonic()
        return taken, at_s


def measure(case: Case, agents: list[Agent], repeat: int, folder: Path, problems: list[str]) -> list[Measured]:
    """Run `repeat` rounds on each agent, in turn, and the disk's own loop; one that fails is left out, see `problems`."""
    left = list(agents)
    measured = {name: Measured(name) for name in [*(agent.name for agent in agents), DISK]}
    for number in range(repeat):
        syncs = disk.syncs_per_s(folder, FRAME_BYTES + EVENT_BYTES * case.batch)
        measured[DISK].rounds.append(Round(syncs * case.batch, None, ""))
        measured[DISK].complaints = [f"{syncs:,.0f} fdatasyncs/s"]
        for agent in list(left):
            site = Site(folder / f"{agent.name}-{number}", [], 1, folder, machine.free_ports(1)[0])
            try:
                _take_turn(case.given_to(agent.name), agent, site, measured[agent.name])
            except BenchError as error:
                problems.append(str(error))
                left.remove(agent)
            shutil.rmtree(site.folder)
    return [one for one in measured.values() if one.rounds]


def _take_turn(case: Case, agent: Agent, site: Site, measured: Measured) -> None:
    with running(agent, case, site) as process:
        page = MonitoringPage(process)
        page.wait_ready()
        result = run_round(case, process, page)
        measured.peak_mb = max(measured.peak_mb, process.peak_mb())
    measured.rounds.append(result)
    if result.complaint and result.complaint not in measured.complaints:
        measured.complaints.append(result.complaint)


def run_round(case: Case, process: Process, page: MonitoringPage) -> Round:
    """Wait until the warm-up's events and then all events have left the channel. Raises BenchError."""
    warm, began_s = page.wait_taken(int(case.lines * WARM_SHARE), case.stall_s)
    cpu_s = process.cpu_s()
    if warm < case.lines * WARM_SHARE:
        raise BenchError(f"{process.name}: stalled after {warm:,} events\n{process.log_end()}")
    if warm >= case.lines:
        raise BenchError(f"{process.name}: all {case.lines:,} events were through before the clock started")
    taken, ended_s = page.wait_taken(case.lines, case.stall_s)
    events, cpu_s = taken - warm, process.cpu_s() - cpu_s
    return Round(events / max(ended_s - began_s, POLL_S), cpu_s / max(events, 1) * 1e6, complaint(case, page.read()))


def complaint(case: Case, counters: Mapping[str, int]) -> str:
    """Return what is wrong with the counters at the end, or ""."""
    put, take, size = counters["put"], counters["take"], counters["size"]
    if put == take == case.lines and not size:
        return ""
    return f"of {case.lines:,} events {put:,} were put, {take:,} taken, {size:,} are left"
