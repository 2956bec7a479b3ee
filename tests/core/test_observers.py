"""The end of what watches files has a limit of time."""

import logging
import threading
import time

import pytest

from flumepy.core.observers import end_observer


class StuckObserver:
    """Ends when it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.calls: list[str] = []

    def stop(self) -> None:
        self.let_go.wait()
        self.calls.append("stop")

    def join(self) -> None:
        self.calls.append("join")


def test_an_observer_is_stopped_and_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    observer = StuckObserver()
    observer.let_go.set()
    end_observer(observer, logging.getLogger("test"))
    assert observer.calls == ["stop", "join"]
    assert not caplog.records


def test_one_that_does_not_end_is_left_behind_and_named(caplog: pytest.LogCaptureFixture) -> None:
    observer = StuckObserver()
    began_s = time.monotonic()
    try:
        end_observer(observer, logging.getLogger("test"), limit_s=0.05)
        assert time.monotonic() - began_s < 5
        assert observer.calls == []
        assert [record.getMessage() for record in caplog.records] == [
            "The watch of files has not ended within 0.05 s; the stop goes on without it."
        ]
    finally:
        observer.let_go.set()
