"""There and back: our file channel takes over what the real Flume left, and the real Flume takes it back."""

import shutil
import signal
import socket
from pathlib import Path

import pytest

from flumepy.channels.file import FileChannel
from flumepy.core.errors import StartError
from flumepy.testing.fakes import build, wait_until
from tests.peers import flume

CHANNEL = """
a1.sources = r1
a1.channels = c1
a1.sources.r1.type = netcat
a1.sources.r1.bind = 127.0.0.1
a1.sources.r1.port = {port}
a1.sources.r1.channels = c1
a1.channels.c1.type = file
a1.channels.c1.minimumRequiredSpace = 1048576
a1.channels.c1.checkpointDir = {folder}/checkpoint
a1.channels.c1.dataDirs = {folder}/data1,{folder}/data2
"""
SINK = """
a1.sinks = k1
a1.sinks.k1.type = file_roll
a1.sinks.k1.channel = c1
a1.sinks.k1.sink.directory = {folder}/out
a1.sinks.k1.sink.rollInterval = 0
"""
LINES = [b"event %d" % number for number in range(100)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def send(port: int, lines: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client, client.makefile("rb") as answers:
        for line in lines:
            client.sendall(line + b"\n")
            assert answers.readline() == b"OK\n"


def our_channel(folder: Path) -> FileChannel:
    settings = {
        "checkpointDir": f"{folder}/checkpoint",
        "dataDirs": f"{folder}/data1,{folder}/data2",
        "minimumRequiredSpace": "1048576",
    }
    return build(FileChannel, settings, name="c1")


def restore(folder: Path) -> None:
    """Move Java's files back, and ours away, as docs/durability.md says."""
    away = folder / "away"
    away.mkdir()
    for place in (folder / "checkpoint", folder / "data1", folder / "data2"):
        for ours in [*place.glob("*.segment"), *place.glob("*.spare"), *place.glob("flumepy.*")]:
            shutil.move(ours, away / f"{place.name}-{ours.name}")
        for aside in place.glob("java-*"):
            for theirs in aside.iterdir():
                shutil.move(theirs, place / theirs.name)


@pytest.mark.peer
@pytest.mark.usefixtures("flume_command")
@pytest.mark.timeout(300)
def test_events_go_from_the_real_flume_to_us_and_back(tmp_path: Path) -> None:
    conf, port = tmp_path / "agent.conf", free_port()
    conf.write_text(CHANNEL.format(port=port, folder=tmp_path))
    with flume.running(conf, port=port) as process:
        send(port, LINES)
        with pytest.raises(StartError, match=rf"already locked.*process {process.pid}"):
            our_channel(tmp_path).start()
        process.send_signal(signal.SIGKILL)
        process.wait()

    channel = our_channel(tmp_path)
    channel.start()
    try:
        with channel.transaction() as transaction:
            assert [body for batch in transaction.take(1000) for body in batch.bodies] == LINES
            transaction.rollback()
    finally:
        channel.stop()

    restore(tmp_path)
    (tmp_path / "out").mkdir()
    port = free_port()
    conf.write_text(CHANNEL.format(port=port, folder=tmp_path) + SINK.format(folder=tmp_path))

    def arrived() -> list[bytes]:
        return [line for path in (tmp_path / "out").iterdir() for line in path.read_bytes().splitlines()]

    with flume.running(conf, port=port):
        wait_until(lambda: len(arrived()) >= len(LINES), timeout_s=60, what="the events")
    assert arrived() == LINES
