"""The loop around an application: first load, edits, signals, notices, the end; in this process, with real files."""

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flumepy.agent.application import Application
from flumepy.agent.service import EXIT_CONFIGURATION, Loader, Service, ServiceSettings
from flumepy.config.loader import ConfigurationLoader
from flumepy.config.sources.file import FileSource
from flumepy.core.batch import EventBatch
from flumepy.core.threads import start_thread
from flumepy.testing.fakes import stays, wait_until
from tests.agent.parts import config

BASE = ServiceSettings("a1", poll_interval_s=3600, still_s=0.05, drain_timeout_s=0.1, retry_s=0.05)
TEXT = config(r1="source c1", c1="memory capacity=10 transactionCapacity=10", k1="sink c1")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)


@pytest.fixture(autouse=True)
def _restored(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Give the process back as it was."""
    caplog.set_level(logging.INFO)
    handlers, interval_s = [signal.getsignal(number) for number in SIGNALS], sys.getswitchinterval()
    yield
    for number, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(number, handler)
    sys.setswitchinterval(interval_s)
    gc.unfreeze()


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "conf" / "x.conf"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


class PolledLoader(ConfigurationLoader):
    """A loader whose files nobody can watch, as on a network file system."""

    def watched_files(self) -> list[Path]:
        return []


class Running:
    """A service seen by a test that runs beside it."""

    def __init__(self, service: Service, conf: Path, caplog: pytest.LogCaptureFixture) -> None:
        self.service = service
        self.conf = conf
        self.caplog = caplog

    @property
    def application(self) -> Application:
        return self.service.application

    @property
    def capacity(self) -> int:
        return int(self.application.channels["c1"].options.capacity)

    @property
    def starts(self) -> int:
        return sum("Starting new configuration" in message for message in list(self.caplog.messages))

    def edit(self, capacity: int) -> None:
        self.conf.write_text(TEXT.replace("capacity = 10", f"capacity = {capacity}"))

    def wait_for(self, text: str) -> None:
        wait_until(lambda: any(text in message for message in list(self.caplog.messages)), what=f"{text!r} in the log")

    def wait_for_capacity(self, capacity: int) -> None:
        wait_until(lambda: self.application.is_ready and self.capacity == capacity, what=f"the capacity {capacity}")


@pytest.fixture
def run(conf: Path, caplog: pytest.LogCaptureFixture) -> Callable[..., int]:
    """Run a service while a scenario plays on another thread; end it by SIGTERM."""

    def run(
        scenario: Callable[[Running], object] = lambda running: None, loader: Loader | None = None, **settings: Any
    ) -> int:
        service = Service(
            replace(BASE, **settings), loader or ConfigurationLoader(FileSource(conf), {}, dict(os.environ))
        )
        errors: list[BaseException] = []

        def play() -> None:
            try:
                wait_until(lambda: service.application.is_ready, what="the start")
                scenario(Running(service, conf, caplog))
            except BaseException as error:  # noqa: BLE001  # raised again below
                errors.append(error)
            os.kill(os.getpid(), signal.SIGTERM)

        thread = start_thread("test-scenario", play)
        status = service.run()
        thread.join()
        if errors:
            raise errors[0]
        assert service.application.agent is None
        return status

    return run


def run_alone(conf: Path, **settings: Any) -> int:
    """Run a service that cannot start."""
    return Service(replace(BASE, **settings), ConfigurationLoader(FileSource(conf), {}, {})).run()


def test_sigterm_stops_in_order_and_sigint_does(run: Callable[..., int]) -> None:
    assert run() == 0
    assert "supervisor" not in {thread.name for thread in threading.enumerate()}


def test_an_edit_is_seen_without_a_poll_once_the_file_has_been_still(run: Callable[..., int]) -> None:
    def scenario(running: Running) -> None:
        running.edit(11)
        running.wait_for_capacity(11)  # perhaps by the first look, which comes at once
        starts = running.starts
        for capacity in range(12, 31):
            running.edit(capacity)
        running.wait_for_capacity(30)
        assert running.starts == starts + 1, "one reload for all edits"
        assert stays(lambda: running.starts == starts + 1)

    run(scenario, still_s=0.5)


def test_the_poll_alone_sees_an_edit_where_nothing_can_be_watched(run: Callable[..., int], conf: Path) -> None:
    def scenario(running: Running) -> None:
        running.edit(20)
        running.wait_for_capacity(20)
        running.edit(30)
        running.wait_for_capacity(30)

    run(scenario, loader=PolledLoader(FileSource(conf), {}, {}), poll_interval_s=0.05)


def test_an_edit_between_the_load_and_the_first_watch_is_seen(run: Callable[..., int], conf: Path) -> None:
    def edited(application: Application) -> Callable[[], None]:
        conf.write_text(TEXT.replace("capacity = 10", "capacity = 40"))
        return lambda: None

    run(lambda running: running.wait_for_capacity(40), started=edited)


def test_without_reload_only_sighup_reads_anew(run: Callable[..., int]) -> None:
    def scenario(running: Running) -> None:
        running.edit(20)
        assert stays(lambda: running.capacity == 10)
        os.kill(os.getpid(), signal.SIGHUP)
        running.wait_for_capacity(20)
        os.kill(os.getpid(), signal.SIGHUP)
        wait_until(lambda: running.starts == 3, what="a reload without an edit")

    run(scenario, reload=False, poll_interval_s=0.05)


def test_a_touch_reloads_as_in_flume(run: Callable[..., int]) -> None:
    def scenario(running: Running) -> None:
        running.conf.touch()
        wait_until(lambda: running.starts == 2)

    run(scenario)


def test_a_file_that_is_gone_changes_nothing_and_is_seen_when_it_is_back(run: Callable[..., int]) -> None:
    def scenario(running: Running) -> None:
        running.conf.unlink()
        assert stays(lambda: running.starts == 1)
        os.kill(os.getpid(), signal.SIGHUP)
        running.wait_for("Unable to update configuration: cannot read ")
        assert running.application.is_ready
        running.edit(20)
        running.wait_for_capacity(20)

    run(scenario)


def test_a_file_that_another_replaces_is_seen_however_old_it_is(run: Callable[..., int]) -> None:
    def scenario(running: Running) -> None:
        staged = running.conf.with_suffix(".new")
        staged.write_text(TEXT.replace("capacity = 10", "capacity = 20"))
        os.utime(staged, (1_000_000_000, 1_000_000_000))
        staged.rename(running.conf)
        running.wait_for_capacity(20)

    run(scenario)


def test_the_links_of_a_config_map_are_followed_at_every_exchange(run: Callable[..., int], tmp_path: Path) -> None:
    folder = tmp_path / "volume"

    def publish(version: int) -> None:
        data = folder / f"..version_{version}"
        data.mkdir(parents=True)
        (data / "x.conf").write_text(TEXT.replace("capacity = 10", f"capacity = {version}"))
        (folder / "..data_tmp").symlink_to(data.name)
        (folder / "..data_tmp").rename(folder / "..data")

    publish(10)
    (folder / "x.conf").symlink_to("..data/x.conf")

    def scenario(running: Running) -> None:
        for version in (20, 30, 40):
            publish(version)
            running.wait_for_capacity(version)

    run(scenario, loader=ConfigurationLoader(FileSource(folder / "x.conf"), {}, {}))


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (TEXT.replace("Part", "Prat"), "The new configuration has errors; the one that runs goes on unchanged."),
        (TEXT.replace("a1.", "a2."), "No configuration found for this host:a1: the agent is not in it (agents: a2)"),
        ("a1.sources = \\u12", "Unable to update configuration: "),
        ("", "Unable to update configuration: "),
        (TEXT + "a1.sources.r1.failingStarts = 9\n", "The configuration that ran before is running again"),
    ],
    ids=["unknown type", "agent gone", "malformed", "empty", "no start"],
)
def test_an_edit_that_cannot_run_leaves_what_runs_and_the_next_one_is_seen(
    bad: str, said: str, run: Callable[..., int]
) -> None:
    def scenario(running: Running) -> None:
        assert running.application.agent is not None
        before = running.application.agent.sources["r1"]
        before.outlet.put(EventBatch([b"one"]))
        running.conf.write_text(bad)
        running.wait_for(said)
        wait_until(lambda: running.application.is_ready)
        assert running.application.agent.sources["r1"] is before
        before.outlet.put(EventBatch([b"two"]))
        sink: Any = running.application.agent.sinks["k1"]
        wait_until(lambda: sink.bodies == [b"one", b"two"])
        running.edit(20)
        running.wait_for_capacity(20)

    run(scenario)


def test_an_error_that_was_there_at_the_start_does_not_refuse_an_edit(run: Callable[..., int], conf: Path) -> None:
    broken = config(
        r1="source c1", r2="source c1 initError=x", c1="memory capacity=10 transactionCapacity=9", k1="sink c1"
    )
    conf.write_text(broken)

    def scenario(running: Running) -> None:
        conf.write_text("# a line moves the others\n" + broken.replace("capacity = 10", "capacity = 20"))
        running.wait_for_capacity(20)

    run(scenario)


def test_an_unexpected_error_of_the_loader_does_not_end_the_agent(
    run: Callable[..., int], conf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Defective(ConfigurationLoader):
        def has_changed(self) -> bool:
            raise KeyError("a defect")

    def scenario(running: Running) -> None:
        running.wait_for("Unable to update configuration: 'a defect'")
        os.kill(os.getpid(), signal.SIGHUP)
        wait_until(lambda: running.starts == 2)

    run(scenario, loader=Defective(FileSource(conf), {}, {}))
    assert any(record.exc_info for record in caplog.records if "a defect" in record.message)


def test_a_source_that_knows_of_its_changes_is_asked_at_once(run: Callable[..., int], conf: Path) -> None:
    source = FileSource(conf)

    def scenario(running: Running) -> None:
        for capacity in (20, 30):  # the first perhaps by the first look, which comes at once
            running.edit(capacity)
            source.on_change()
            running.wait_for_capacity(capacity)

    run(scenario, loader=PolledLoader(source, {}, {}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read "),
        (TEXT.replace("a1.", "a2."), "No configuration found for this host:a1: the agent is not in it (agents: a2)"),
        ("a1.sources = r1\n", "No configuration found for this host:a1: the agent cannot run, see above"),
        (config(r1="source c1 initError=x", c1="memory", k1="sink c1 initError=x"), "Nothing of agent a1 can run."),
    ],
)
def test_what_cannot_run_at_all_ends_with_a_status(
    text: str | None, said: str, conf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    if text is None:
        conf.unlink()
    else:
        conf.write_text(text)
    assert run_alone(conf) == EXIT_CONFIGURATION
    assert said in caplog.text


def test_strict_refuses_a_warning_at_the_start_and_an_error_in_an_edit(
    run: Callable[..., int], conf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conf.write_text(TEXT + "a1.sources.r1.colour = red\n")
    assert run_alone(conf, strict=True) == EXIT_CONFIGURATION
    assert "has errors or warnings and --strict was given" in caplog.text
    conf.write_text(TEXT)

    def scenario(running: Running) -> None:
        conf.write_text(TEXT + "a1.sinks = k1 k2\na1.sinks.k2.type = nobody\na1.sinks.k2.channel = c1\n")
        running.wait_for("The new configuration has errors")

    run(scenario, strict=True)


def test_sigusr1_opens_the_logs_again(run: Callable[..., int]) -> None:
    reopened: list[bool] = []

    def scenario(running: Running) -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        running.wait_for("Log files were opened again.")

    run(scenario, reopen_logs=lambda: reopened.append(True))
    assert reopened == [True]


def test_what_was_started_beside_ends_after_the_components(run: Callable[..., int]) -> None:
    seen: list[bool] = []

    def started(application: Application) -> Callable[[], None]:
        assert application.is_ready
        return lambda: seen.append(application.agent is None)

    run(started=started)
    assert seen == [True]


def test_everything_ends_where_what_is_started_beside_fails(conf: Path) -> None:
    def started(application: Application) -> Callable[[], None]:
        raise RuntimeError("no port for it")

    service = Service(replace(BASE, started=started), ConfigurationLoader(FileSource(conf), {}, {}))
    with pytest.raises(RuntimeError, match="no port for it"):
        service.run()
    assert service.application.agent is None


def test_the_service_manager_is_told_of_each_state_and_of_the_end_of_a_failed_reload(
    run: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))

        def scenario(running: Running) -> None:
            assert manager.recv(100) == b"READY=1"
            running.conf.write_text("a1.sources = \\u12")
            reloading, _, time_us = manager.recv(100).partition(b"\nMONOTONIC_USEC=")
            assert reloading == b"RELOADING=1"
            assert int(time_us) > 0
            assert manager.recv(100) == b"READY=1"

        run(scenario)
        assert manager.recv(100) == b"STOPPING=1"


class SlowLoader(ConfigurationLoader):
    """A loader that waits for a server which does not answer, once asked for changes."""

    def __init__(self, conf: Path) -> None:
        super().__init__(FileSource(conf), {}, dict(os.environ))
        self.is_waiting = threading.Event()
        self.is_answered = threading.Event()
        self.has_ended = threading.Event()

    def has_changed(self) -> bool:
        self.is_waiting.set()
        self.is_answered.wait()
        self.has_ended.set()
        return False


def test_a_signal_does_not_wait_for_a_configuration_server(run: Callable[..., int], conf: Path) -> None:
    loader = SlowLoader(conf)
    status = run(lambda running: loader.is_waiting.wait(10), loader)
    assert status == 0
    assert not loader.has_ended.is_set()
    loader.is_answered.set()
    assert loader.has_ended.wait(10)


def test_what_is_told_while_a_configuration_is_read_is_done_after_it(run: Callable[..., int], conf: Path) -> None:
    loader, opened = SlowLoader(conf), threading.Event()

    def scenario(running: Running) -> None:
        loader.is_waiting.wait(10)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stays(lambda: not opened.is_set(), for_s=0.05)
        loader.is_answered.set()
        opened.wait(10)

    run(scenario, loader, reopen_logs=opened.set)
    assert opened.is_set()
