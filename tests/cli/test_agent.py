"""The agent command in a real process: from a line sent to the end by a signal."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from flumepy.cli.main import flumepy
from tests.cli.running import NETCAT, running, send_line


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "x.conf"
    path.write_text(NETCAT.format(port=0))
    return path


def test_a_line_is_answered_and_appears_as_flume_prints_it_and_sigterm_is_seen_as_143(conf: Path) -> None:
    with running(conf.parent, "--conf-file", "x.conf", "--name", "a1") as agent:
        assert send_line(agent.port(), b"hello") == b"OK\n"
        dump = re.escape("68 65 6C 6C 6F                                  hello }")
        place = re.escape("org.apache.flume.sink.LoggerSink.process(LoggerSink.java:95)")
        agent.wait_for(
            rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d,\d{{3}} \(sink-k1\) \[INFO - {place}\] Event: {{ headers:{{}} body: {dump}"
        )
        assert agent.end() == -signal.SIGTERM
        assert "Stopping Source r1" in agent.log
        assert "(main) [INFO" in agent.log


def test_sigint_is_seen_as_130_and_a_shell_sees_143_for_sigterm(conf: Path) -> None:
    with running(conf.parent, "-f", "x.conf", "-na1") as agent:
        agent.port()
        assert agent.end(signal.SIGINT) == -signal.SIGINT
    program = Path(sys.executable).with_name("flumepy")
    waiting = "until grep -q Created shell.log; do sleep 0.02; done"
    script = f"{program} agent -f x.conf -n a1 2>shell.log & {waiting}; kill $!; wait $!"
    run = subprocess.run(["bash", "-c", script], cwd=conf.parent, timeout=30, check=False)
    assert run.returncode == 143


def test_a_port_in_use_is_tried_again_and_served_once_it_is_free(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "x.conf").write_text(NETCAT.format(port=port))
        with running(tmp_path, "-f", "x.conf", "-n", "a1") as agent:
            agent.wait_for("Unable to start Source r1.*in use")
            taken.close()
            agent.wait_for("Source r1 is up after all")
            assert send_line(port, b"x") == b"OK\n"


def test_sighup_reloads_and_an_edit_that_is_wrong_leaves_what_runs(conf: Path) -> None:
    with running(conf.parent, "-f", "x.conf", "-n", "a1", "--no-reload-conf") as agent:
        port = agent.port()
        conf.write_text(conf.read_text().replace("type = netcat", "type = nosuch"))
        os.utime(conf, ns=(1, conf.stat().st_mtime_ns + 10**9))
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_for("the one that runs goes on unchanged")
        assert send_line(port, b"x") == b"OK\n"
        conf.write_text(NETCAT.format(port=0) + "a1.sources.r1.ack-every-event = false\n")
        os.utime(conf, ns=(1, conf.stat().st_mtime_ns + 2 * 10**9))
        agent.process.send_signal(signal.SIGHUP)
        assert agent.port(2) != port


def test_an_edit_is_seen_without_a_signal(conf: Path) -> None:
    with running(conf.parent, "-f", "x.conf", "-n", "a1") as agent:
        agent.port()
        conf.write_text(conf.read_text() + "a1.sinks.k1.maxBytesToLog = 3\n")
        os.utime(conf, ns=(1, conf.stat().st_mtime_ns + 10**9))
        agent.port(2)


def test_flume_ng_logs_to_a_rolling_file_that_sigusr1_opens_again(conf: Path) -> None:
    options = ["-Dflume.root.logger=INFO,LOGFILE", "-Dflume.log.dir=out", "-Dflume.log.file=f.log"]
    with running(conf.parent, "-f", "x.conf", "-n", "a1", *options, program="flume-ng") as agent:
        log = conf.parent / "out" / "f.log"
        agent.wait_for(r"\d\d \w{3} \d{4} [\d:,]+ INFO  \[source-r1\] \(flumepy.source.r1.\w+:\d+\)  - Created", log)
        log.rename(log.with_name("moved.log"))
        agent.process.send_signal(signal.SIGUSR1)
        agent.wait_for("Log files were opened again", log)
        assert agent.log == ""


def test_a_pid_file_is_refused_while_its_process_lives_and_goes_with_it(conf: Path) -> None:
    with running(conf.parent, "-f", "x.conf", "-n", "a1", "--pid-file", "a.pid") as agent:
        agent.port()
        assert (conf.parent / "a.pid").read_text() == f"{agent.process.pid}\n"
        program = Path(sys.executable).with_name("flumepy")
        second = subprocess.run(
            [program, "agent", "-f", conf, "-n", "a1", "--pid-file", conf.parent / "a.pid"],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert second.returncode == 1
        assert f"held by the living process {agent.process.pid}" in second.stderr
        agent.end()
    assert not (conf.parent / "a.pid").exists()


def test_options_come_from_flume_env_and_flume_opts(conf: Path) -> None:
    folder = conf.parent / "conf"
    folder.mkdir()
    (folder / "flume-env.sh").write_text(
        'echo talks\nexport PORT=0\nJAVA_OPTS="-Xmx64m -Dk=env -Dwho=java"\nexport FLUME_JAVA_OPTS="-Dwho=flume"\n'
    )
    (folder / "flume.opts").write_text("conf-file = ../x.conf\nn = a1\nno-reload-conf = yes\n")
    conf.write_text(NETCAT.format(port="${env:PORT}") + "a1.sinks.k1.maxBytesToLog = ${sys:k}\n")
    with running(folder, "--conf", ".", "-Dk=5") as agent:
        assert send_line(agent.port(), b"0123456789") == b"OK\n"
        agent.wait_for(r"body: 30 31 32 33 34 +01234 \}")
        assert "-Xmx64m sizes no heap" in agent.log
    program = Path(sys.executable).with_name("flumepy")
    dry = subprocess.run([program, "agent", "-c", ".", "-d"], cwd=folder, capture_output=True, text=True, check=True)
    assert "-Dflumepy.xmx=67108864 -Dk=env -Dwho=flume" in dry.stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "Missing option '--name'"),
        (["-n", "a1"], 2, "No configuration was provided"),
        (["-n", "a1", "--bogus"], 2, "No such option '--bogus'"),
        (["-n", "a1", "--conf-p", "x"], 2, "--conf-p is ambiguous: --conf-password, --conf-provider"),
        (["-n", "a1", "-f", "x.conf", "-i", "0"], 2, "'--poll-interval'"),
        (["-n", "a1", "-f", "nowhere.conf"], 1, "cannot read nowhere.conf: No such file"),
        (["-n", "a1", "-f", "empty.conf"], 1, "empty.conf holds no property"),
        (["-n", "zz", "-f", "x.conf"], 1, r"No configuration found for this host:zz: .* \(agents: a1\)"),
        (["-n", "a1", "-f", "unknown.conf", "--strict"], 1, "--strict was given"),
        (["-n", "a1", "-prov", "a.B"], 1, "--conf-provider a.B: a Java class cannot run here"),
        (["-n", "a1", "-u", "ftp://x/y"], 1, "ftp://x/y is none of file, http"),
        (["-n", "a1", "-f", "x.conf", "-c", "bad"], 1, "flume-env.sh ended with status 3"),
    ],
)
def test_what_cannot_run_ends_with_a_clear_line(conf: Path, arguments: list[str], status: int, said: str) -> None:
    (conf.parent / "empty.conf").touch()
    (conf.parent / "unknown.conf").write_text(NETCAT.format(port=0).replace("logger", "lgger"))
    (conf.parent / "bad").mkdir()
    (conf.parent / "bad" / "flume-env.sh").write_text("exit 3\n")
    with running(conf.parent, *arguments) as agent:
        assert agent.process.wait(30) == status
        assert re.search(said, agent.log), agent.log
        assert "Traceback" not in agent.log


def test_help_needs_no_name() -> None:
    result = CliRunner().invoke(flumepy, ["agent", "-h"])
    assert result.exit_code == 0
    assert "--conf-file" in result.output


def test_java_options_and_slips_are_accepted_with_a_line_each(conf: Path) -> None:
    options = ["-Dflume.root.logger-INFO.console", "-Xmx512m", "-XX:+UseG1GC", "-javaagent:x.jar", "-C", "lib/x.jar"]
    (conf.parent / "log4j2.xml").touch()
    with running(conf.parent, "-conf-file=x.conf", "\u2013name", "a1", "--conf", ".", *options) as agent:
        agent.port()
        for said in (
            "-Dflume.root.logger-INFO.console is understood as -Dflume.root.logger=INFO,console",
            "\u2013name is understood as -name", "-Xmx512m sizes no heap", "-XX:+UseG1GC is for a JVM",
            "-javaagent:x.jar is for a JVM", "--classpath lib/x.jar has no effect", "log4j2.xml is not read",
        ):  # fmt: skip
            assert said in agent.log


def test_monitoring_is_started_when_asked_for_and_a_wrong_setting_costs_only_itself(conf: Path) -> None:
    options = ["-Dflume.monitoring.type=http", "-Dflume.monitoring.bind=127.0.0.1"]
    with running(conf.parent, "-f", "x.conf", "-n", "a1", *options, "-Dflume.monitoring.port=0") as agent:
        agent.wait_for(r"Monitoring listens on 127\.0\.0\.1:\d+")
    with running(conf.parent, "-f", "x.conf", "-n", "a1", *options, "-Dflume.monitoring.port=x") as agent:
        agent.wait_for("runs without monitoring: -Dflume.monitoring.port")
        assert send_line(agent.port(), b"x") == b"OK\n"


def test_a_plugin_folder_is_used(conf: Path) -> None:
    plugins = Path(__file__).parents[2] / "plugins"
    conf.write_text(conf.read_text() + "a1.sources.r1.interceptors = i1\na1.sources.r1.interceptors.i1.type = shout\n")
    with running(conf.parent, "-f", "x.conf", "-n", "a1", "--plugins-path", str(plugins)) as agent:
        assert send_line(agent.port(), b"hello") == b"OK\n"
        agent.wait_for("Event: .*HELLO")


def test_a_configuration_behind_a_uri_is_run(conf: Path) -> None:
    with running(conf.parent, "-u", "classpath:x.conf", "-c", ".", "-n", "a1", "-b", "kept") as agent:
        agent.port()
        assert (conf.parent / "kept" / ".a1.properties").exists()
