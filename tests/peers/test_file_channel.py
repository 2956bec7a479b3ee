"""The file channel of the real Flume: what it leaves on disk when it is killed, or stopped, is read in full."""

import contextlib
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from flumepy.core.batch import Event
from flumepy.core.errors import StartError
from flumepy.formats.flume_log import JavaDirectories, Replay, verify_java_file
from flumepy.formats.flume_log.replay import Counts
from tests.formats.flume_log.writer import JavaChannel
from tests.peers import flume

CHANNEL = """
a1.sources = r1
a1.channels = c1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = {port}
a1.sources.r1.channels = c1
a1.sources.r1.interceptors = i1
a1.sources.r1.interceptors.i1.type = static
a1.sources.r1.interceptors.i1.key = host
a1.sources.r1.interceptors.i1.value = gr\\u00f6\\u00dfe-1
a1.channels.c1.type = file
a1.channels.c1.capacity = 1000
a1.channels.c1.transactionCapacity = 100
a1.channels.c1.minimumRequiredSpace = 1048576
a1.channels.c1.checkpointDir = {folder}/checkpoint
a1.channels.c1.dataDirs = {folder}/data1,{folder}/data2
a1.channels.c1.useDualCheckpoints = true
a1.channels.c1.backupCheckpointDir = {folder}/backup
a1.channels.c1.compressBackupCheckpoint = true
"""
#: takes ten events and waits for an answer that never comes
SINK = """
a1.sinks = k1
a1.sinks.k1.type = avro
a1.sinks.k1.channel = c1
a1.sinks.k1.hostname = 127.0.0.1
a1.sinks.k1.port = {port}
a1.sinks.k1.batch-size = 10
"""


def directories(folder: Path) -> JavaDirectories:
    return JavaDirectories(folder / "checkpoint", [folder / "data1", folder / "data2"], folder / "backup")


def events(replay: Replay) -> list[Event]:
    return [event for batch in replay.batches(7, 10_000) for event in batch.events()]


def expected(count: int) -> list[Event]:
    return [Event(b"event %d" % number, {"host": "größe-1"}) for number in range(count)]


def line(counts: Counts) -> str:
    return (
        f"read: {counts.read}, put: {counts.puts}, take: {counts.takes}, rollback: {counts.rollbacks},"
        f" commit: {counts.commits}, skip: {counts.skipped}, eventCount:"
    )


def send(port: int, first: int, last: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client, client.makefile("rb") as answers:
        for number in range(first, last):
            client.sendall(b"event %d\n" % number)
            assert answers.readline() == b"OK\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def swallow(server: socket.socket, asked: threading.Event) -> None:
    """Accept connections until one asks for something; answer nothing."""
    with contextlib.ExitStack() as stack:
        while not asked.is_set():
            connection = stack.enter_context(server.accept()[0])
            connection.settimeout(30)
            if connection.recv(1):
                asked.set()
        # Until the agent is gone.
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                pass


@pytest.mark.peer
@pytest.mark.timeout(300)
def test_the_integrity_tool_of_flume_counts_and_voids_as_ours_does(flume_command: list[str], tmp_path: Path) -> None:
    channel = JavaChannel(tmp_path / "theirs")
    channel.put(b"one", b"two", b"three", headers={"host": "größe-1", "none": None})
    channel.take(1)
    channel.rollback(channel.begin_put(b"four"))
    channel.save()
    theirs = channel.files[0].path
    theirs.write_bytes(theirs.read_bytes().replace(b"two", b"TWO"))
    ours = Path(shutil.copytree(theirs.parent, tmp_path / "ours")) / theirs.name

    command = [
        *flume_command[:-1],
        "org.apache.flume.tools.FlumeToolsMain",
        "fcintegritytool",
        "-l",
        str(theirs.parent),
    ]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    assert "\n".join(verify_java_file(ours, repair=True).summary()) in output
    assert ours.read_bytes() == theirs.read_bytes()
    assert ours.with_name("log-1.bak").read_bytes() == theirs.with_name("log-1.bak").read_bytes()


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_what_the_real_flume_leaves_is_found_after_a_kill_and_after_a_stop(tmp_path: Path) -> None:
    conf = tmp_path / "agent.conf"
    port = free_port()
    java = directories(tmp_path)

    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        sink = SINK.format(port=server.getsockname()[1])
        conf.write_text(CHANNEL.format(port=port, folder=tmp_path) + sink, encoding="utf-8")
        swallower = threading.Thread(target=swallow, args=(server, asked))
        swallower.start()
        with flume.running(conf, port=port) as process:
            send(port, 0, 25)
            assert asked.wait(30), "the sink took nothing"
            with pytest.raises(StartError, match=rf"already locked\. .* process {process.pid} \("), java.lock():
                pass
            process.send_signal(signal.SIGKILL)
            process.wait()
        swallower.join()
    with java.lock():
        replay = java.replay()
    assert (events(replay), replay.origin, replay.problems) == (expected(25), "checkpoint", [])
    # The transaction that the sink left open.
    assert replay.counts.takes > 0

    port = free_port()
    conf.write_text(CHANNEL.format(port=port, folder=tmp_path), encoding="utf-8")
    with flume.running(conf, port=port) as process:
        send(port, 25, 30)
    assert process.returncode == 143
    # Flume's own replay, of what we had read before it.
    assert line(replay.counts) in conf.with_suffix(".log").read_text(encoding="utf-8")
    replay = java.replay()
    assert (events(replay), replay.origin) == (expected(30), "checkpoint")
    assert replay.counts.read == replay.counts.skipped, "the checkpoint at the stop has it all"

    assert (tmp_path / "backup/checkpoint.snappy").exists()
    (tmp_path / "checkpoint/checkpoint").unlink()
    replay = java.replay()
    assert (events(replay), replay.origin) == (expected(30), "backup checkpoint")
    shutil.rmtree(tmp_path / "backup")
    assert (events(java.replay()), java.replay().origin) == (expected(30), "full replay")
