"""Jars of Java peers from Maven Central, copied once into `${FLUMEPY_PEERS:-~/.cache/flumepy-peers}`.

Two processes may ask at the same time: a lock file lets one of them install. Where Java or Maven is absent, or the network,
`PeerMissingError` says so.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

INSTALL_TIMEOUT_S = 600


class PeerMissingError(RuntimeError):
    """The peer cannot run on this machine; the message says what is absent."""


def java() -> str:
    """Return the path of java. Raises PeerMissingError."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(f"{home}/bin/java" if home else "java")
    if found is None:
        raise PeerMissingError("no java on the PATH: install a JRE 11 or 17 to compare with real peers")
    return found


def install(pom: Path, name: str) -> Path:
    """Return the folder with the jars of a pom, copied there by Maven if they are not. Raises PeerMissingError."""
    stamp = hashlib.sha256(pom.read_bytes()).hexdigest()
    home = Path(os.environ.get("FLUMEPY_PEERS") or Path.home() / ".cache/flumepy-peers") / name
    home.mkdir(parents=True, exist_ok=True)
    complete = home / ".complete"
    with open(home / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists() or complete.read_text(encoding="ascii") != stamp:
            shutil.rmtree(home / "lib", ignore_errors=True)
            _copy_jars(pom, home / "lib", name)
            complete.write_text(stamp, encoding="ascii")
    return home / "lib"


def _copy_jars(pom: Path, folder: Path, name: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise PeerMissingError(f"no mvn on the PATH to copy the jars of {name} to {folder}")
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
    done = subprocess.run(
        [maven, "-B", "-q", "-Dstyle.color=never", "-f", str(pom), *goal],
        capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise PeerMissingError(f"mvn could not copy the jars of {name}: {done.stdout[-500:]}{done.stderr[-500:]}")
