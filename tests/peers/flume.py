"""The real Apache Flume 1.11 as a peer: its jars from Maven Central, started as bin/flume-ng starts them.

The jars of flume-1.11/pom.xml are copied once into `${FLUMEPY_PEERS:-~/.cache/flumepy-peers}/flume-1.11.0` (43 MB). Two
processes may ask at the same time: a lock file lets one of them install. Where Java or Maven is absent,
`PeerMissingError` says so.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent / "flume-1.11"
VERSION = "1.11.0"
INSTALL_TIMEOUT_S = 600
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15


class PeerMissingError(RuntimeError):
    """The peer cannot run on this machine; the message says what is absent."""


def command(heap: str = "1g") -> list[str]:
    """Return the command of the real Flume, to be followed by `--conf-file FILE --name NAME`; install its jars first.

    Raises PeerMissingError. Source: bin/flume-ng, run_flume.
    """
    java = _java()
    classpath = os.pathsep.join([str(HERE), f"{install()}/*"])
    return [java, f"-Xmx{heap}", "-cp", classpath, "org.apache.flume.node.Application"]


def install() -> Path:
    """Return the folder of the jars, copied there by Maven if they are not. Raises PeerMissingError."""
    pom = HERE / "pom.xml"
    stamp = hashlib.sha256(pom.read_bytes()).hexdigest()
    home = Path(os.environ.get("FLUMEPY_PEERS") or Path.home() / ".cache/flumepy-peers") / f"flume-{VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    complete = home / ".complete"
    with open(home / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists() or complete.read_text(encoding="ascii") != stamp:
            shutil.rmtree(home / "lib", ignore_errors=True)
            _copy_jars(pom, home / "lib")
            complete.write_text(stamp, encoding="ascii")
    return home / "lib"


@contextlib.contextmanager
def running(conf: Path, *, name: str = "a1", port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """Run agent `name` of `conf`, its log beside it as `<conf>.log`; with `port`, wait until 127.0.0.1:port listens.

    Raises PeerMissingError, or RuntimeError with the end of the log when it does not come up.
    """
    log = conf.with_suffix(".log")
    with open(log, "wb") as errors:
        process = subprocess.Popen(
            [*command(), "--conf-file", str(conf), "--name", name],
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


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(f"{home}/bin/java" if home else "java")
    if java is None:
        raise PeerMissingError("no java on the PATH: install a JRE 11 or 17 to compare with the real Flume")
    return java


def _copy_jars(pom: Path, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise PeerMissingError(f"no mvn on the PATH to copy the jars of Flume {VERSION} to {folder}")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    done = subprocess.run(
        [maven, "-B", "-q", "-Dstyle.color=never", "-f", str(pom), *goal],
        capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise PeerMissingError(
            f"mvn could not copy the jars of Flume {VERSION}: {done.stdout[-500:]}{done.stderr[-500:]}"
        )


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"Flume does not listen on {port}; its log ends: {log.read_text(errors='replace')[-2000:]}")
