"""The law of every component: building opens nothing; start is quick; stop is safe and leaves nothing behind."""

import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from flumepy.core.component import Component
from flumepy.testing.fakes import wait_until

ComponentT = TypeVar("ComponentT", bound=Component[Any])

QUICK_S = 3.0
FILE_DESCRIPTORS = Path("/proc/self/fd")
SHARED_THREADS = frozenset({"flumepy-timer"})  # one for the process, started on first use


@contextmanager
def running(component: ComponentT) -> Iterator[ComponentT]:
    """Start a component for a block and stop it after."""
    component.start()
    try:
        yield component
    finally:
        component.stop()


def threads() -> set[threading.Thread]:
    """Return the threads that components may have started."""
    return {thread for thread in threading.enumerate() if thread.name not in SHARED_THREADS}


def open_files() -> int | None:
    """Return the number of open file descriptors, or None where that cannot be told."""
    return len(os.listdir(FILE_DESCRIPTORS)) if FILE_DESCRIPTORS.is_dir() else None


class ComponentConformance(ABC):
    """Tests for anything that a configuration names by type."""

    @abstractmethod
    def make(self) -> Any:
        """Return a new component, ready to start."""

    def prepared(self) -> Any:
        """Return a new component with what the agent gives it before `start` (an outlet, a channel)."""
        return self.make()

    def test_building_starts_no_thread_and_opens_no_file(self) -> None:
        self.make()  # what is loaded once for all is loaded now
        known, files = threads(), open_files()
        component = self.make()
        assert threads() <= known, "__init__ started a thread"
        assert open_files() == files, "__init__ opened a file"
        component.stop()

    def test_stop_without_start_is_safe(self) -> None:
        component = self.prepared()
        component.stop()
        component.stop()

    def test_start_returns_quickly_and_stop_is_safe_twice(self) -> None:
        component = self.prepared()
        began_s = time.monotonic()
        component.start()
        assert time.monotonic() - began_s < QUICK_S, "start took too long"
        component.stop()
        component.stop()

    def test_everything_started_has_ended_after_stop(self) -> None:
        with running(self.prepared()):
            pass  # what a process has once is there now
        known, files = threads(), open_files()
        with running(self.prepared()):
            pass
        assert threads() <= known, "a thread still runs after stop"
        # A socket may be closed by a loop's last turn, on its way out.
        wait_until(lambda: open_files() == files, timeout_s=QUICK_S, what="the close of everything that was opened")

    def test_a_stopped_component_starts_again(self) -> None:
        component = self.prepared()
        for _ in range(2):
            with running(component):
                pass
