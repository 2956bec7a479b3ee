"""Supervision: retries, components that are given up, threads that died."""

import logging
import threading
from collections.abc import Iterator

import pytest

from flumepy.agent.supervisor import Supervised, Supervisor, attempt
from flumepy.core.errors import StartError, UnsupportedError
from flumepy.core.threads import Wakeup
from flumepy.testing.fakes import stays, wait_until

RETRY_S = 0.02


class Part:
    """Starts as often as it is told, with these errors first."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.journal: list[str] = []
        self.is_alive = True
        self.gate: Wakeup | None = None

    def start(self) -> None:
        self.journal.append("start")
        if self.gate is not None:
            self.gate.wait(10)
        if self.errors:
            raise self.errors.pop(0)

    def stop(self) -> None:
        self.journal.append("stop")


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor(RETRY_S)
    yield made
    made.stop()
    assert not made.is_alive


def supervised(part: Part, *needs: Supervised) -> Supervised:
    return Supervised("Source r1", part, list(needs), retry_s=RETRY_S)


def test_a_call_into_a_component_may_raise_anything() -> None:
    def leave() -> None:
        raise SystemExit(1)

    assert attempt(list) is None
    assert isinstance(attempt(lambda: 1 / 0), ZeroDivisionError)
    assert isinstance(attempt(leave), SystemExit)


@pytest.mark.parametrize("error", [StartError("port taken"), ValueError("a defect"), SystemExit("bye")])
def test_a_failed_start_is_cleaned_up_and_tried_again_until_it_succeeds(
    error: BaseException, supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    part = Part(error, error, error)
    one = supervised(part)
    assert not one.try_start()
    assert part.journal == ["start", "stop"]
    supervisor.watch([one])
    wait_until(lambda: one.is_started)
    assert part.journal == ["start", "stop"] * 3 + ["start"]
    assert one.error is None
    wait_until(lambda: "Source r1 is up after all." in caplog.messages)
    said = [message for message in caplog.messages if message.startswith("Unable to start")]
    assert said == [f"Unable to start Source r1: {error}. Trying again every 0.02 s."], "it is said once"


def test_another_reason_is_said_again(caplog: pytest.LogCaptureFixture) -> None:
    one = supervised(Part(StartError("port taken"), StartError("port taken"), StartError("no permission")))
    for _ in range(3):
        one.try_start()
    assert [record.message.split(": ")[1] for record in caplog.records if record.levelno >= logging.ERROR] == [
        "port taken. Trying again every 0.02 s.",
        "no permission. Trying again every 0.02 s.",
    ]


def test_a_defect_is_logged_with_its_trace_and_an_expected_error_as_a_sentence(
    caplog: pytest.LogCaptureFixture,
) -> None:
    supervised(Part(ValueError("x"))).try_start()
    supervised(Part(StartError("y"))).try_start()
    assert [bool(record.exc_info) for record in caplog.records if record.levelno == logging.ERROR] == [True, False]


def test_what_is_unsupported_is_left_alone(supervisor: Supervisor, caplog: pytest.LogCaptureFixture) -> None:
    part = Part(UnsupportedError("not yet"))
    one, other = supervised(part), supervised(Part(StartError("x")))
    one.try_start()
    other.try_start()
    supervisor.watch([one, other])
    wait_until(lambda: other.is_started)
    assert stays(lambda: part.journal == ["start", "stop"], for_s=5 * RETRY_S)
    assert one.is_given_up
    assert "Source r1 cannot run: not yet" in caplog.messages


def test_a_component_waits_for_what_it_needs(supervisor: Supervisor) -> None:
    need = supervised(Part(StartError("x"), StartError("x")))
    one = supervised(Part(), need)
    assert not one.is_ready_to_start
    assert one.reason == "waits for its channel"
    supervisor.watch([need, one])
    wait_until(lambda: one.is_started)
    assert need.is_started


def test_a_component_whose_thread_died_is_started_again(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    part = Part()
    one = supervised(part)
    one.try_start()
    supervisor.watch([one])
    part.is_alive = False
    wait_until(lambda: "stop" in part.journal)
    part.is_alive = True
    wait_until(lambda: one.is_started)
    assert "Source r1 ended by itself; it is started again." in caplog.messages


def test_nothing_is_started_any_more_once_pause_has_returned(supervisor: Supervisor) -> None:
    part = Part(*[StartError("x")] * 1000)
    part.gate = Wakeup()
    one = supervised(part)
    supervisor.watch([one])
    wait_until(lambda: part.journal == ["start"])
    pausing = threading.Thread(target=supervisor.pause)
    pausing.start()
    assert stays(pausing.is_alive, for_s=0.05), "a start in progress is waited for"
    part.gate.set()
    pausing.join()
    count = len(part.journal)
    assert stays(lambda: len(part.journal) == count, for_s=5 * RETRY_S)


def test_a_stopped_supervisor_can_watch_again_and_stop_is_safe_twice(supervisor: Supervisor) -> None:
    supervisor.watch([])
    assert supervisor.is_alive
    supervisor.stop()
    supervisor.stop()
    one = supervised(Part(StartError("x")))
    supervisor.watch([one])
    wait_until(lambda: one.is_started)


def test_a_stop_that_raises_is_logged_and_over(caplog: pytest.LogCaptureFixture) -> None:
    class Stubborn(Part):
        def stop(self) -> None:
            raise RuntimeError("no")

    one = supervised(Stubborn())
    one.try_start()
    one.stop()
    assert not one.is_started
    assert "Source r1 did not stop cleanly: no" in caplog.messages
