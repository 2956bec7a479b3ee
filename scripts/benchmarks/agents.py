"""The programs that are compared, and one running process of any of them.

An agent's command must end as one process under the id that was started (a wrapper has to `exec`), because processor
time and memory are read from /proc for that id. Output goes to a log beside the configuration; its end is shown when
something fails.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.cases import OURS_ALONE, Case
from benchmarks.configurations import Site, flume_configuration, rsyslog_configuration

READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
POLL_S = 0.002


class BenchError(RuntimeError):
    """A measurement that could not be made; the message says why."""


@dataclass(frozen=True)
class Agent:
    """A program that can do the job: its name in the table and how it is started for a site."""

    name: str
    suits: Callable[[Case], bool]
    configuration: Callable[[Case, Site], str]
    command: Callable[[Site], list[str]]


def flume_like(name: str, command: list[str]) -> Agent:
    """Return an agent that understands Flume's configuration and `--conf-file FILE --name a1 -Dkey=value`."""
    return Agent(
        name,
        suits=lambda case: True,
        configuration=flume_configuration,
        command=lambda site: [*command, "--conf-file", str(site.conf), "--name", "a1", *_definitions(site)],
    )


def real_flume(command: list[str]) -> Agent:
    """Return the real Flume, whose command begins with `java`."""
    java, *arguments = command
    return Agent(
        "flume",
        suits=lambda case: case.kind not in OURS_ALONE,
        configuration=flume_configuration,
        command=lambda site: [java, *_definitions(site), *arguments, "--conf-file", str(site.conf), "--name", "a1"],
    )


def over_memory(agent: Agent) -> Agent:
    """Return the same agent with a memory channel where the case has a file channel."""
    return Agent(
        f"{agent.name}-memory",
        suits=lambda case: case.kind == "throughput" and case.channel == "file",
        configuration=lambda case, site: agent.configuration(replace(case, channel="memory"), site),
        command=agent.command,
    )


def _definitions(site: Site) -> list[str]:
    if not site.monitoring_port:
        return []
    return ["-Dflume.monitoring.type=http", f"-Dflume.monitoring.port={site.monitoring_port}"]


def rsyslog() -> Agent | None:
    """Return Debian's rsyslog, or None where there is no rsyslogd."""
    program = shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        return None
    return Agent(
        "rsyslog",
        suits=lambda case: case.suits_rsyslog,
        configuration=rsyslog_configuration,
        command=lambda site: [program, "-n", "-f", str(site.conf), "-i", str(site.folder / "rsyslogd.pid")],
    )


class Process:
    """One started agent."""

    def __init__(self, agent: Agent, site: Site) -> None:
        self.name = agent.name
        self.site = site
        self._log = site.folder / "agent.log"
        with open(self._log, "wb") as log:
            self.started_s = time.monotonic()
            self._process = subprocess.Popen(
                agent.command(site), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=site.folder
            )

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def wait_for_ports(self) -> float:
        """Return the seconds from the command until every port of the site accepts. Raises BenchError."""
        for port in self.site.ports:
            while not _accepts(port):
                self.must_live(self.started_s + READY_TIMEOUT_S, f"nothing listens on port {port}")
                time.sleep(POLL_S)
        return time.monotonic() - self.started_s

    def must_live(self, deadline_s: float, otherwise: str) -> None:
        """Raise BenchError with the end of the log if the process has ended or the deadline has passed."""
        if not self.is_alive:
            raise BenchError(
                f"{self.name} ended with status {self._process.returncode}; its log ends:\n{self.log_end()}"
            )
        if time.monotonic() > deadline_s:
            raise BenchError(f"{self.name}: {otherwise}; its log ends:\n{self.log_end()}")

    def log_end(self) -> str:
        """Return the last lines of the agent's output."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-8:])

    def cpu_s(self) -> float:
        """Return the processor seconds used so far, user and system."""
        fields = self._proc("stat").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Return the resident memory now."""
        return self._status_mb("VmRSS")

    def peak_mb(self) -> float:
        """Return the most resident memory there has been."""
        return self._status_mb("VmHWM")

    def arrived_bytes(self) -> int:
        """Return the size of all files that the sinks have written."""
        return sum(entry.stat().st_size for folder in self.site.outputs for entry in os.scandir(folder))

    def output(self, folder: Path) -> Path:
        """Return the one file of a sink's folder. Raises BenchError."""
        files = [path for path in folder.iterdir() if path.stat().st_size]
        if len(files) != 1:
            raise BenchError(f"{self.name} wrote {len(files)} files to {folder.name}, not one")
        return files[0]

    def stop(self) -> None:
        """End the process, by force if it does not go."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _status_mb(self, field: str) -> float:
        return int(self._proc("status").split(f"{field}:")[1].split()[0]) / 1024

    def _proc(self, file: str) -> str:
        self.must_live(time.monotonic() + 1, "")
        return Path(f"/proc/{self._process.pid}/{file}").read_text()


@contextlib.contextmanager
def running(agent: Agent, case: Case, site: Site) -> Iterator[Process]:
    """Write the configuration of `case` into the site, start the agent and stop it at the end."""
    site.folder.mkdir(parents=True)
    for folder in [*site.outputs, site.spool]:
        folder.mkdir()
    os.mkfifo(site.gate)
    site.conf.write_text(agent.configuration(case, site))
    process = Process(agent, site)
    try:
        yield process
    finally:
        process.stop()


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
