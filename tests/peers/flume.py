"""The real Apache Flume 1.11 as a peer: its jars from Maven Central, started as bin/flume-ng starts them.

The jars of flume-1.11/pom.xml take 43 MB; see tests/peers/maven.py. `PeerMissingError` says what is absent.
"""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.peers import maven
from tests.peers.maven import PeerMissingError

__all__ = ["PeerMissingError", "command", "install", "running"]

HERE = Path(__file__).resolve().parent / "flume-1.11"
VERSION = "1.11.0"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15


def command(heap: str = "1g") -> list[str]:
    """Return the command of the real Flume, to be followed by `--conf-file FILE --name NAME`; install its jars first.

    Raises PeerMissingError. Source: bin/flume-ng, run_flume.
    """
    java = maven.java()
    classpath = os.pathsep.join([str(HERE), f"{install()}/*"])
    return [java, f"-Xmx{heap}", "-cp", classpath, "org.apache.flume.node.Application"]


def install() -> Path:
    """Return the folder of the jars, copied there by Maven if they are not. Raises PeerMissingError."""
    return maven.install(HERE / "pom.xml", f"flume-{VERSION}")


@contextlib.contextmanager
def running(
    conf: Path, *, name: str = "a1", port: int = 0, properties: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """Run agent `name` of `conf`, its log beside it as `<conf>.log`; with `port`, wait until 127.0.0.1:port listens.

    properties: `key=value` of system properties.
    Raises PeerMissingError, or RuntimeError with the end of the log when it does not come up.
    """
    log = conf.with_suffix(".log")
    java, *arguments = command()
    definitions = [f"-D{text}" for text in properties]
    with open(log, "wb") as errors:
        process = subprocess.Popen(
            [java, *definitions, *arguments, "--conf-file", str(conf), "--name", name],
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=conf.parent,
        )
    try:
        if port:
            _wait_for_port(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Flume does not listen on {port}; its log ends: {log.read_text(errors='replace')[-2000:]}")
