"""The exec source: lines, batches, restarts, stops, a full channel."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flumepy.channels.memory import MemoryChannel
from flumepy.core.errors import ChannelFullError, ConfigurationError
from flumepy.sources.exec import ExecSource
from flumepy.testing.conformance import SourceConformance
from flumepy.testing.fakes import ListChannel, build, connect, stays, wait_until


@contextmanager
def running(channel: ListChannel | MemoryChannel, **settings: str) -> Iterator[ExecSource]:
    source = build(ExecSource, settings, name="r1")
    connect(source, channel).start()
    source.start()
    try:
        yield source
    finally:
        source.stop()
        source.outlet.stop()


def script(tmp_path: Path, text: str) -> str:
    path = tmp_path / "command.py"
    path.write_text(text)
    return f"{sys.executable} -u {path}"


def printed(tmp_path: Path, data: bytes, count: int, **settings: str) -> list[bytes]:
    (tmp_path / "data").write_bytes(data)
    channel = ListChannel()
    with running(channel, command=f"cat {tmp_path / 'data'}", **settings):
        wait_until(lambda: channel.size >= count)
    return channel.bodies


def test_lines_end_at_lf_cr_and_crlf_and_the_last_needs_none(tmp_path: Path) -> None:
    assert printed(tmp_path, b"a\nb\rc\r\n\nd", 5) == [b"a", b"b", b"c", b"", b"d"]


def test_bytes_that_are_no_text_become_the_replacement_character(tmp_path: Path) -> None:
    assert printed(tmp_path, b"a\xffb\n", 1) == ["a\ufffdb".encode()]


def test_another_charset_is_kept(tmp_path: Path) -> None:
    assert printed(tmp_path, "你\n好".encode("gbk"), 2, charset="GBK") == ["你".encode("gbk"), "好".encode("gbk")]
    assert printed(tmp_path, "né\r\nx".encode("utf-16-le"), 2, charset="UTF-16LE") == [
        "né".encode("utf-16-le"), "x".encode("utf-16-le"),
    ]  # fmt: skip


def test_without_a_shell_nothing_in_the_command_is_special() -> None:
    channel = ListChannel()
    with running(channel, command="echo 'a  b'   $HOME |cat"):
        wait_until(lambda: channel.size)
    assert channel.bodies == [b"'a b' $HOME |cat"]


def test_with_a_shell_the_command_is_its_last_argument() -> None:
    channel = ListChannel()
    with running(channel, shell="/bin/sh -c", command='for i in 1 2 3; do echo "x  $i"; done | tail -2'):
        wait_until(lambda: channel.size == 2)
    assert channel.bodies == [b"x  2", b"x  3"]


def test_many_lines_go_in_transactions_of_the_channels_capacity(tmp_path: Path) -> None:
    channel = ListChannel(transaction_capacity=1000)
    (tmp_path / "data").write_bytes(b"".join(b"%d\n" % n for n in range(50_000)))
    with running(channel, command=f"cat {tmp_path / 'data'}", batchSize="20") as source:
        wait_until(lambda: channel.size == 50_000)
    assert channel.bodies == [b"%d" % n for n in range(50_000)]
    assert max(map(len, channel.put_batches)) == 1000
    assert source.counters.event_received == source.counters.event_accepted == 50_000


def test_fewer_lines_than_a_batch_go_after_the_batch_timeout(tmp_path: Path) -> None:
    channel = ListChannel()
    command = script(tmp_path, "import time\nprint('one')\ntime.sleep(60)\n")
    with running(channel, command=command, batchSize="1000", batchTimeout="300"):
        wait_until(lambda: channel.size)
    assert channel.bodies == [b"one"]


def test_a_command_that_is_not_there_is_logged_and_tried_again_with_restart(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    command = tmp_path / "later"
    channel = ListChannel()
    with caplog.at_level(logging.INFO), running(channel, command=str(command), restart="true", restartThrottle="20"):
        wait_until(lambda: "cannot be started" in caplog.text)
        temporary = tmp_path / "made"
        temporary.write_text("#!/bin/sh\necho here\n")
        temporary.chmod(0o755)
        temporary.rename(command)
        wait_until(lambda: channel.size >= 2)
    assert set(channel.bodies) == {b"here"}


def test_a_command_that_has_ended_is_not_run_again_without_restart(caplog: pytest.LogCaptureFixture) -> None:
    channel = ListChannel()
    with caplog.at_level(logging.INFO), running(channel, command="false", restartThrottle="1"):
        wait_until(
            lambda: "source-r1" not in {thread.name for thread in threading.enumerate()}, what="the end of it all"
        )
    assert [message for message in caplog.messages if "exit" in message] == ["The command [false] exited with 1."]


@pytest.mark.parametrize(("log_std_err", "expected"), [("true", 2), ("false", 0)])
def test_standard_error_is_logged_if_asked_for(
    log_std_err: str, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    channel = ListChannel()
    shell = {"shell": "/bin/sh -c", "command": "echo bad >&2; echo worse >&2; echo good"}
    with caplog.at_level(logging.INFO), running(channel, logStdErr=log_std_err, **shell):
        wait_until(lambda: channel.size)
    assert caplog.text.count("StderrLogger[") == expected
    assert ("StderrLogger[2] = 'worse'" in caplog.text) == (expected == 2)


def test_a_full_channel_holds_the_command_back_and_loses_nothing(tmp_path: Path) -> None:
    channel = ListChannel(transaction_capacity=100)
    channel.failures = [ChannelFullError("full"), ChannelFullError("full")]
    (tmp_path / "data").write_bytes(b"".join(b"%d\n" % n for n in range(500)))
    with running(channel, command=f"cat {tmp_path / 'data'}"):
        wait_until(lambda: channel.size == 500)
    assert channel.bodies == [b"%d" % n for n in range(500)]


def test_a_full_channel_bounds_what_is_read(tmp_path: Path) -> None:
    channel = build(MemoryChannel, {"capacity": "100", "transactionCapacity": "100", "keep-alive": "0"}, name="c1")
    with running(channel, command="yes") as source:
        wait_until(lambda: channel.size == 100)

        def stands_still() -> bool:
            received = source.counters.event_received
            return stays(lambda: source.counters.event_received == received)

        wait_until(stands_still, what="the end of the reading")
        assert source.counters.event_received < 2_000_000
        start_s = time.monotonic()
        source.stop()
    assert time.monotonic() - start_s < 10


def test_stop_ends_the_whole_group_and_puts_what_was_printed(tmp_path: Path) -> None:
    channel = ListChannel()
    pid_file = tmp_path / "pid"
    shell = {"shell": "/bin/sh -c", "command": f"sleep 1000 & echo $! > {pid_file}; echo started; sleep 1000; echo no"}
    with running(channel, batchSize="100", batchTimeout="60000", **shell) as source:
        wait_until(lambda: source.counters.event_received == 1)
        assert channel.size == 0
        source.stop()
    assert channel.bodies == [b"started"]
    wait_until(lambda: not is_running(int(pid_file.read_text())))


def test_stop_does_not_wait_for_a_pipe_that_someone_outside_the_group_holds(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    text = "import os, subprocess\np = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
    command = script(tmp_path, text + f"open({str(pid_file)!r}, 'w').write(str(p.pid))\nprint('up')\np.wait()\n")
    channel = ListChannel()
    with running(channel, command=command) as source:
        wait_until(lambda: source.counters.event_received)
        start_s = time.monotonic()
        source.stop()
        assert time.monotonic() - start_s < 10
    os.kill(int(pid_file.read_text()), signal.SIGKILL)
    assert channel.bodies == [b"up"]


def test_a_command_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    command = script(
        tmp_path, "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up')\ntime.sleep(1000)\n"
    )
    channel = ListChannel()
    with running(channel, command=command) as source:
        wait_until(lambda: source.counters.event_received)
        start_s = time.monotonic()
        source.stop()
        assert time.monotonic() - start_s < 10


def test_stop_is_safe_twice_and_without_start_and_the_source_starts_again(tmp_path: Path) -> None:
    channel = ListChannel()
    source = build(ExecSource, {"command": "echo again"})
    connect(source, channel)
    source.stop()
    for count in (1, 2):
        source.outlet.start()
        source.start()
        wait_until(lambda count=count: channel.size == count)  # type: ignore[misc]
        source.stop()
        source.stop()
        assert "source-x1" not in {thread.name for thread in threading.enumerate()}


def test_an_unknown_charset_is_refused_when_configured() -> None:
    with pytest.raises(ConfigurationError, match="nonsense"):
        build(ExecSource, {"command": "true", "charset": "nonsense"})


def test_a_command_is_required() -> None:
    with pytest.raises(ConfigurationError, match="required"):
        build(ExecSource, {"shell": "/bin/sh -c"})


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


class TestLaw(SourceConformance):
    """The conformance suite; the events come through a named pipe."""

    @pytest.fixture(autouse=True)
    def _pipe(self, tmp_path: Path) -> None:
        self.path = tmp_path / "pipe"
        os.mkfifo(self.path)

    def make(self) -> ExecSource:
        # The shell is the writer that keeps the pipe open between two feeds.
        return build(ExecSource, {"shell": "/bin/sh -c", "command": f"cat <>{self.path}", "batchSize": "1"}, name="r1")

    def feed(self, source: ExecSource, bodies: list[bytes]) -> None:  # type: ignore[override]
        with open(self.path, "wb") as pipe:
            pipe.write(b"".join(body + b"\n" for body in bodies))
