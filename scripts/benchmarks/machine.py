"""The machine under the measurement: what it is, whether it is quiet, and what this process may use of it."""

import os
import platform
import resource
import socket
import time
from pathlib import Path

from flumepy.core.compiled import is_compiled

QUIET_CORES = 0.3
QUIET_WAIT_S = 60
OPEN_FILES = 8192

_given_ports: set[int] = set()


def describe() -> str:
    """Return processor, cores, memory, kernel and Python in one line."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    compiled = ", hot paths compiled" if is_compiled() else ""
    python = f"{platform.python_implementation()} {platform.python_version()}{compiled}"
    return f"{model}, {os.cpu_count()} cores, {memory_gb:.0f} GB, Linux {platform.release()}, {python}"


def wait_for_quiet() -> float:
    """Wait up to 60 s until fewer than 0.3 cores are busy; return how many were at last."""
    deadline = time.monotonic() + QUIET_WAIT_S
    while True:
        busy = _busy_cores()
        if busy < QUIET_CORES or time.monotonic() > deadline:
            return busy
        time.sleep(1)


def allow_many_files() -> None:
    """Raise the limit of open files, for this process and those it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))


def free_ports(count: int) -> list[int]:
    """Return `count` ports of 127.0.0.1 that nobody listens on, none twice: an agent that starts may not listen yet."""
    probes: list[socket.socket] = []
    ports: list[int] = []
    try:
        while len(ports) < count:
            probes.append(socket.create_server(("127.0.0.1", 0)))
            port = probes[-1].getsockname()[1]
            if port not in _given_ports:
                _given_ports.add(port)
                ports.append(port)
    finally:
        for probe in probes:
            probe.close()
    return ports


def _busy_cores() -> float:
    def busy_ticks() -> int:
        fields = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        return sum(fields) - fields[3] - fields[4]

    before = busy_ticks()
    time.sleep(1)
    return (busy_ticks() - before) / os.sysconf("SC_CLK_TCK")
