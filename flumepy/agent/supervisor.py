"""Keeps components in the state they should be in.

A component whose start fails is tried again every 3 s, for ever, as in Flume; one that says it is unsupported is left
alone. A runner whose thread died is started again. A component is not started before the channels it needs.
Source: LifecycleSupervisor.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from flumepy.core.errors import FlumeError, UnsupportedError
from flumepy.core.threads import Wakeup, start_thread

log = logging.getLogger("flumepy.agent.supervisor")

RETRY_S = 3.0


class Startable(Protocol):
    """What can be supervised."""

    def start(self) -> None:
        """Start."""

    def stop(self) -> None:
        """Stop."""


@dataclass
class Supervised:
    """One component with its state."""

    title: str  #: `Source r1`
    component: Any
    needs: "list[Supervised]" = field(default_factory=list)
    is_started: bool = False
    is_given_up: bool = False
    error: BaseException | None = None
    retry_s: float = RETRY_S

    @property
    def is_ready_to_start(self) -> bool:
        """Tell whether a start makes sense now."""
        return not self.is_started and not self.is_given_up and all(need.is_started for need in self.needs)

    @property
    def reason(self) -> str:
        """Return why it is not started."""
        return str(self.error or "waits for its channel")

    def try_start(self) -> bool:
        """Start once; a failure is kept in `error`, the component is stopped again."""
        known = self.error
        self.error = attempt(self.component.start)
        self.is_started = self.error is None
        if self.error is None:
            return True
        # What is said again every few seconds is said once.
        is_known = known is not None and str(known) == str(self.error)
        attempt(self.component.stop)
        self.is_given_up = isinstance(self.error, UnsupportedError)
        if self.is_given_up:
            log.error("%s cannot run: %s", self.title, self.error)
        else:
            log.log(
                logging.DEBUG if is_known else logging.ERROR,
                "Unable to start %s: %s. Trying again every %g s.", self.title, str(self.error).rstrip("."), self.retry_s,
                exc_info=None if isinstance(self.error, FlumeError) else self.error,
            )  # fmt: skip
        return False

    def stop(self) -> None:
        """Stop it whatever its state; a failure to stop is logged."""
        log.info("Stopping %s", self.title)
        error = attempt(self.component.stop)
        if error is not None:
            log.error("%s did not stop cleanly: %s", self.title, error, exc_info=error)
        self.is_started = False


def attempt(call: Callable[[], object]) -> BaseException | None:
    """Make a call into a component and return what it raised: plugins may raise anything, and some try to exit."""
    try:
        call()
    except (Exception, SystemExit) as error:
        return error
    return None


class Supervisor:
    """Watches a set of components from one thread."""

    def __init__(self, retry_s: float = RETRY_S) -> None:
        self.retry_s = retry_s
        # Guards _watched. Held across starts on purpose: after `pause` nothing may be started any more.
        self._lock = threading.Lock()
        self._watched: list[Supervised] = []
        self._wakeup = Wakeup()
        self._thread: threading.Thread | None = None
        self._is_stopping = False

    @property
    def is_alive(self) -> bool:
        """Tell whether the thread that watches runs."""
        return self._thread is not None and self._thread.is_alive()

    def watch(self, components: list[Supervised]) -> None:
        """Watch exactly these from now on."""
        with self._lock:
            self._watched = list(components)
        if self._thread is None:
            self._is_stopping = False
            self._thread = start_thread("supervisor", self._run)

    def stop(self) -> None:
        """Stop watching; nothing is started any more when this returns."""
        with self._lock:
            self._watched = []
        thread, self._thread = self._thread, None
        if thread is not None:
            self._is_stopping = True
            self._wakeup.set()
            thread.join()

    def pause(self) -> None:
        """Forget all components, so that a reload can stop them in peace."""
        with self._lock:
            self._watched = []

    def _run(self) -> None:
        while not self._is_stopping:
            self._wakeup.wait(self.retry_s)
            with self._lock:
                for supervised in self._watched:
                    self._check(supervised)

    def _check(self, supervised: Supervised) -> None:
        if supervised.is_started and not getattr(supervised.component, "is_alive", True):
            log.error("%s ended by itself; it is started again.", supervised.title)
            attempt(supervised.component.stop)
            supervised.is_started = False
        if supervised.is_ready_to_start and supervised.try_start():
            log.info("%s is up after all.", supervised.title)
