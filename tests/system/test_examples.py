"""Every file in conf/ runs and does what its comment says; only ports and directories are replaced."""

import re
import shutil
import signal
from pathlib import Path

import pytest

from flumepy.testing.fakes import wait_until
from tests.system.agent import REPOSITORY
from tests.system.client import LineClient, ask, post, written
from tests.system.conftest import Run

EXAMPLES = REPOSITORY / "conf"


@pytest.fixture
def example(tmp_path: Path) -> "Example":
    return Example(tmp_path)


class Example:
    """Reads the example files into a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def text(self, name: str) -> str:
        text = (EXAMPLES / name).read_text().replace("/tmp/flumepy", str(self.folder))
        for made in re.findall(rf"(?:directory|spoolDir) = ({self.folder}\S+)", text):
            Path(made).mkdir(exist_ok=True)
        return re.sub(r"port = \d+", "port = 0", text)

    def lines(self, name: str) -> list[str]:
        return written(self.folder / name)


def logged(body: str) -> str:
    """Return a pattern of the logger sink's line of a body."""
    dump = body.encode()[:16].hex(" ").upper()
    return rf"Event: {{ headers:{{.*}} body: {dump} +{re.escape(body[:16])} }}"


def test_every_example_is_tried_here() -> None:
    here = Path(__file__).read_text()
    assert [path.name for path in EXAMPLES.glob("*.conf") if f'"{path.name}"' not in here] == []


@pytest.mark.parametrize("name", ["netcat-logger.conf", "quickstart.conf"])
def test_netcat_logger_answers_ok_and_logs(run: Run, example: Example, name: str) -> None:
    agent = run(example.text(name))
    assert ask(agent.port(), "Hello world!") == ["OK"]
    agent.wait_for(logged("Hello world!"))
    assert agent.stop() == -signal.SIGTERM


def test_seq_two_agents_run_by_name(run: Run, example: Example) -> None:
    text = example.text("seq-two-agents.conf").replace("totalEvents = 1000000", "totalEvents = 500")
    counter, echo = run(text, name="counter"), run(text, name="echo")
    assert ask(echo.port("lines"), "one", "two") == ["OK", "OK"]
    echo.wait_for(logged("one"))
    counter.wait_for(logged("499"))
    assert "netcat" not in counter.log
    assert re.findall(r"body: .* (\d+) }", counter.log) == [str(number) for number in range(500)]


def test_exec_file_roll_writes_the_command_s_lines(run: Run, example: Example) -> None:
    text = example.text("exec-file-roll.conf").replace("while true; do date; sleep 1; done", "echo tick; sleep 0.2")
    agent = run(text.replace("Throttle = 5000", "Throttle = 100"))
    wait_until(lambda: len(example.lines("rolled")) >= 2, what="two ticks")
    agent.stop()
    assert set(example.lines("rolled")) == {"tick"}


def test_spooldir_file_roll_reads_and_renames(run: Run, example: Example) -> None:
    text = example.text("spooldir-file-roll.conf")
    (example.folder / "spool" / "some-1.log").write_text("first\nsecond\n")
    run(text)
    wait_until(lambda: example.lines("rolled") == ["first", "second"], what="both lines")
    wait_until((example.folder / "spool" / "some-1.log.COMPLETED").exists, what="the new name")


def test_http_file_roll_writes_headers_and_bodies(run: Run, example: Example) -> None:
    agent = run(example.text("http-file-roll.conf"))
    assert post(agent.port(), [{"headers": {"host": "web1"}, "body": "hello"}])[0] == 200
    wait_until(lambda: example.lines("rolled") == ["{host=web1} hello"], what="the event")


def test_a_file_channel_delivers_after_a_kill_what_was_acknowledged(run: Run, example: Example) -> None:
    text = example.text("netcat-file-channel.conf")
    shutil.rmtree(example.folder / "rolled")  # so the sink cannot start, and lines wait
    agent = run(text)
    assert ask(agent.port(), "one", "two") == ["OK", "OK"]
    agent.kill()
    (example.folder / "rolled").mkdir()
    run(text)
    wait_until(lambda: example.lines("rolled") == ["one", "two"], what="the lines from before the kill")


def test_fan_in_joins_both_sources(run: Run, example: Example) -> None:
    agent = run(example.text("fan-in.conf"))
    assert ask(agent.port("lines"), "a line") == ["OK"]
    assert post(agent.port("posts"), [{"headers": {}, "body": "a post"}])[0] == 200
    agent.wait_for(logged("a line"))
    agent.wait_for(logged("a post"))


def test_replicating_is_not_held_up_by_a_full_optional_channel(run: Run, example: Example) -> None:
    text = example.text("replicating.conf").replace("c2.capacity = 1000", "c2.capacity = 100")
    # Without its sink nothing leaves c2.
    agent = run(text.replace("a1.sinks = k1 k2", "a1.sinks = k1"))
    lines = [f"line {number}" for number in range(250)]
    with LineClient(agent.port()) as client:
        assert [answer for line in lines for answer in client.ask(line)] == ["OK"] * 250
    agent.wait_for(logged("line 249"))


def test_multiplexing_routes_by_level(run: Run, example: Example) -> None:
    agent = run(example.text("multiplexing.conf"))
    assert ask(agent.port(), "ERROR disk full", "WARN slow", "INFO all is well") == ["OK"] * 3
    wait_until(lambda: example.lines("errors") == ["ERROR disk full", "WARN slow"], what="both in the files")
    agent.wait_for(logged("ERROR disk full"))
    agent.wait_for(logged("INFO all is well"))
    assert "WARN slow" not in agent.log


def test_load_balancing_channels_take_turns(run: Run, example: Example) -> None:
    agent = run(example.text("load-balancing-channels.conf"))
    assert ask(agent.port(), *[f"n{number}" for number in range(10)]) == ["OK"] * 10
    for number in range(10):
        agent.wait_for(logged(f"n{number}"))
    by_sink = {sink: re.findall(rf"\(sink-{sink}\).* n(\d) }}", agent.log) for sink in ("k1", "k2")}
    assert by_sink == {"k1": list("02468"), "k2": list("13579")}


def test_failover_uses_the_second_directory_until_the_first_is_back(run: Run, example: Example) -> None:
    text = example.text("failover.conf").replace("maxpenalty = 10000", "maxpenalty = 500")
    agent = run(text)
    first = example.folder / "first"
    with LineClient(agent.port()) as client:
        assert client.ask("before") == ["OK"]
        wait_until(lambda: example.lines("first") == ["before"], what="the line in the first directory")
        shutil.rmtree(first)
        assert client.ask("meanwhile") == ["OK"]
        wait_until(lambda: example.lines("second") == ["meanwhile"], what="the line in the second directory")
        first.mkdir()

        def is_back() -> bool:
            client.ask("after")
            return "after" in example.lines("first")

        wait_until(is_back, what="a line in the first directory again")


def test_load_balance_takes_turns_and_leaves_a_failing_sink_out(run: Run, example: Example) -> None:
    agent = run(example.text("load-balance.conf"))
    with LineClient(agent.port()) as client:
        for count in range(1, 41):  # one by one, since whoever is slow takes several in one turn
            assert client.ask(f"x{count}") == ["OK"]
            wait_until(
                lambda count=count: len(example.lines("first") + example.lines("second")) == count, what="a line"
            )
        # 20 each, but for a turn that finds nothing.
        assert min(len(example.lines("first")), len(example.lines("second"))) >= 15
        shutil.rmtree(example.folder / "first")
        assert [client.ask(f"y{number}") for number in range(20)] == [["OK"]] * 20
        wait_until(lambda: {f"y{n}" for n in range(20)} <= set(example.lines("second")), what="all in the second")


def test_sample_plugin_runs_from_a_plugins_folder(run: Run, tmp_path: Path) -> None:
    sample = REPOSITORY / "plugins" / "sample" / "sample.conf"
    mailbox = tmp_path / "mailbox.txt"
    text = sample.read_text().replace("/tmp/flumepy-mailbox.txt", str(mailbox)).replace("= 500", "= 20")
    run(text, "--plugins-path", str(REPOSITORY / "plugins"))
    wait_until(lambda: mailbox.exists() and b"source: r1\n\nBEAT 2\n\n" in mailbox.read_bytes(), what="two beats")
