"""A real Apache ZooKeeper 3.9 as a peer: one standalone server on 127.0.0.1, its data in a folder of the test."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.peers import maven

POM = Path(__file__).resolve().parent / "zookeeper-3.9" / "pom.xml"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15


@contextlib.contextmanager
def running(folder: Path, port: int = 0) -> Iterator[str]:
    """Run a server with its data in `folder`; yield `host:port` once it answers. Raises PeerMissingError."""
    jars = maven.install(POM, "zookeeper-3.9.4")
    port = port or _free_port()
    settings = folder / "zoo.cfg"
    settings.write_text(
        f"dataDir={folder}/data\nclientPort={port}\nclientPortAddress=127.0.0.1\ntickTime=500\n"
        "admin.enableServer=false\n4lw.commands.whitelist=srvr\n"
    )
    log = folder / "zookeeper.log"
    command = [
        maven.java(),
        "-Xmx128m",
        "-cp",
        f"{jars}/*",
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        str(settings),
    ]
    with open(log, "ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    try:
        _wait_until_it_answers(process, port, log)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as client:
            client.sendall(b"srvr")
            if b"version" in client.recv(64):
                return
        time.sleep(0.05)
    raise RuntimeError(f"ZooKeeper does not answer on {port}; its log ends: {log.read_text(errors='replace')[-2000:]}")
