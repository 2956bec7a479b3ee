"""A real agent in a process of its own, with its log to wait for."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flumepy.testing.fakes import wait_until

NETCAT = """
a1.sources = r1
a1.sinks = k1
a1.channels = c1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = {port}
a1.sources.r1.channels = c1
a1.sinks.k1.type = logger
a1.sinks.k1.channel = c1
a1.channels.c1.type = memory
"""


class RunningAgent:
    """One started agent."""

    def __init__(self, folder: Path, *arguments: str, program: str = "flumepy", **environ: str) -> None:
        self.log_path = folder / "console.log"
        command = [str(Path(sys.executable).with_name(program)), "agent", *arguments]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env={**os.environ, **environ}
            )

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8")

    def wait_for(self, pattern: str, path: Path | None = None) -> re.Match[str]:
        """Wait for a line in the log, or in a file."""
        found: list[re.Match[str]] = []

        def look() -> bool:
            text = (path or self.log_path).read_text(encoding="utf-8") if (path or self.log_path).exists() else ""
            match = re.search(pattern, text)
            if match is not None:
                found.append(match)
            elif self.process.poll() is not None:
                raise AssertionError(f"the agent ended with {self.process.returncode} before {pattern!r}:\n{self.log}")
            return match is not None

        wait_until(look, timeout_s=30, what=f"{pattern!r} in the log")
        return found[0]

    def port(self, number: int = 1) -> int:
        """Wait for the n-th listening port."""
        self.wait_for(rf"(?s)(Created serverSocket.*?){{{number}}}")
        return int(re.findall(r"Created serverSocket: 127\.0\.0\.1:(\d+)", self.log)[number - 1])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return how the process ended (a negative signal number)."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


@contextlib.contextmanager
def running(folder: Path, *arguments: str, program: str = "flumepy", **environ: str) -> Iterator[RunningAgent]:
    """Run an agent for the length of a block."""
    agent = RunningAgent(folder, *arguments, program=program, **environ)
    try:
        yield agent
    finally:
        if agent.process.poll() is None:
            agent.process.kill()
        agent.process.wait()


def send_line(port: int, line: bytes) -> bytes:
    """Send a line to a netcat source and return its answer."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(line + b"\n")
        return connection.recv(100)
