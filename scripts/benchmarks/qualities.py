"""What is not a rate: latency, and the price of idle connections, of doing nothing and of starting.

One agent runs at a time, each as the first of the case's configuration: one netcat source, one sink.
"""

import contextlib
import os
import random
import socket
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import data, machine, throughput
from benchmarks.agents import Agent, BenchError, Process, running
from benchmarks.cases import Case
from benchmarks.configurations import Site

LATENCY_SAMPLES = 1_000
LATENCY_BUDGET_S = 25
LATENCY_PAUSE_S = 0.01
SETTLE_S = 5
IDLE_S = 10
ARRIVAL_TIMEOUT_S = 20


@dataclass
class Quality:
    """Values of one agent in one unit, and remarks."""

    agent: str
    unit: str
    values: list[float]
    remarks: list[str]
    peak_mb: float = 0.0


def measure(
    case: Case, agents: list[Agent], repeat: int, quick: bool, folder: Path, problems: list[str]
) -> list[Quality]:
    """Measure each agent in turn, `repeat` times where it is about starting, else once; failures go to `problems`."""
    throughput.write_inputs(case, folder / "inputs")
    found: dict[str, Quality] = {}
    for number in range(repeat if case.kind == "start" else 1):
        for agent in agents:
            site = Site(folder / f"{agent.name}-{number}", machine.free_ports(1), 1, folder / "inputs")
            try:
                with running(agent, case, site) as process:
                    quality = _measure_one(case, process, quick)
                    quality.peak_mb = process.peak_mb()
            except BenchError as error:
                problems.append(str(error))
                continue
            if agent.name in found:
                found[agent.name].values += quality.values
            else:
                found[agent.name] = quality
    return list(found.values())


def _measure_one(case: Case, process: Process, quick: bool) -> Quality:
    ready_s = process.wait_for_ports()
    match case.kind:
        case "latency":
            return _latency(case, process, quick)
        case "idle-connections":
            return _idle_connections(case, process)
        case "idle":
            return _idle(process, quick)
        case _:
            return Quality(process.name, "s", [ready_s], [])


def _latency(case: Case, process: Process, quick: bool) -> Quality:
    """Time single lines from `send` until the sink's file has grown, with up to 10 ms of silence between."""
    _warm_up(case, process)
    limit = LATENCY_SAMPLES // 10 if quick else LATENCY_SAMPLES
    values_ms: list[float] = []
    pauses = random.Random(0)
    descriptor = os.open(process.output(process.site.outputs[0]), os.O_RDONLY)
    try:
        with socket.create_connection(("127.0.0.1", process.site.ports[0])) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            deadline_s = time.monotonic() + LATENCY_BUDGET_S
            while len(values_ms) < limit and (time.monotonic() < deadline_s or len(values_ms) < 3):
                time.sleep(pauses.random() * LATENCY_PAUSE_S)
                values_ms.append(_one_latency_ms(process, connection, descriptor))
    finally:
        os.close(descriptor)
    p99_ms = sorted(values_ms)[min(len(values_ms) - 1, int(len(values_ms) * 0.99))]
    return Quality(process.name, "ms", values_ms, [f"p99 {p99_ms:,.2f} ms, {len(values_ms):,} lines"])


def _one_latency_ms(process: Process, connection: socket.socket, descriptor: int) -> float:
    line = b"one line, sent alone".ljust(data.LINE_BYTES - 1, b".") + b"\n"
    base = os.fstat(descriptor).st_size
    began = time.perf_counter()
    give_up = began + ARRIVAL_TIMEOUT_S
    connection.sendall(line)
    while os.fstat(descriptor).st_size < base + len(line):
        if time.perf_counter() > give_up:
            raise BenchError(f"{process.name}: a line had not arrived after {ARRIVAL_TIMEOUT_S} s")
    took_ms = (time.perf_counter() - began) * 1e3
    if os.pread(descriptor, len(line), base) != line:
        raise BenchError(f"{process.name}: a line arrived changed")
    return took_ms


def _idle_connections(case: Case, process: Process) -> Quality:
    """Measure by how much memory grows with connections that say nothing; the last one must still be served."""
    _warm_up(case, process)
    time.sleep(SETTLE_S)
    before_mb = process.memory_mb()
    with contextlib.ExitStack() as stack:
        address = ("127.0.0.1", process.site.ports[0])
        connections = [stack.enter_context(socket.create_connection(address)) for _ in range(case.connections)]
        time.sleep(SETTLE_S)
        grown_mb = process.memory_mb() - before_mb
        base = process.arrived_bytes()
        connections[-1].sendall(b"still here\n")
        reached, _ = throughput.wait_for_bytes(process, base + 11, case.stall_s)
    remarks = [] if reached == base + 11 else [f"connection {case.connections} was not served"]
    return Quality(process.name, "MB", [grown_mb], remarks)


def _idle(process: Process, quick: bool) -> Quality:
    """Measure the share of one core that an agent takes which has nothing to do, and its memory."""
    time.sleep(SETTLE_S)
    cpu_s, began_s = process.cpu_s(), time.monotonic()
    time.sleep(IDLE_S / 5 if quick else IDLE_S)
    percent = (process.cpu_s() - cpu_s) / (time.monotonic() - began_s) * 100
    return Quality(process.name, "% of a core", [percent], [f"{process.memory_mb():.0f} MB resident"])


def _warm_up(case: Case, process: Process) -> None:
    """Send the primer over one connection, so that code is loaded and the sink's file exists."""
    wanted = (process.site.inputs / "primer").stat().st_size
    with throughput.feeding(replace(case, connections=1), process, "primer", 0) as feed:
        feed.go()
        reached, _ = throughput.wait_for_bytes(process, wanted, case.stall_s)
        if reached < wanted:
            feed.abandon()
            raise BenchError(f"{process.name}: {wanted - reached} bytes of the primer are missing\n{process.log_end()}")
