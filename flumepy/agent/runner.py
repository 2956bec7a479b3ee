"""Runners: what drives a source, or a sink with its processor, and obeys the class of an error.

A pollable source and each sink (or sink group) have one thread. A sink that took nothing waits on its channel, woken by the
next put, with Flume's back-off as the time limit; a failure waits as long as Flume does. Every wait ends when `stop` is
called. Source: SinkRunner, PollableSourceRunner, EventDrivenSourceRunner.
"""

import logging
import threading
from abc import abstractmethod
from typing import Any

from flumepy.core.backoff import LinearBackoff
from flumepy.core.component import PollableSource, Sink, SinkProcessor, Source, Status
from flumepy.core.errors import DeliveryError, FlumeError, StoppedError
from flumepy.core.threads import Wakeup, start_thread

log = logging.getLogger("flumepy.agent.runner")

FAILURE_WAIT_MS = 5000


class Runner:
    """Starts and stops one source or one sink group."""

    name: str

    @abstractmethod
    def start(self) -> None:
        """Start the component, then what drives it. Raises what the component raises."""

    @abstractmethod
    def stop(self) -> None:
        """Stop what drives the component, then the component."""

    @property
    def is_alive(self) -> bool:
        """Tell whether a started runner still runs."""
        return True


class EventDrivenSourceRunner(Runner):
    """For sources that have threads of their own."""

    def __init__(self, source: "Source[Any]") -> None:
        self.name = source.name
        self.source = source

    def start(self) -> None:
        """Start the interceptors, then the source."""
        self.source.outlet.start()
        start_counting(self.source)
        self.source.start()

    def stop(self) -> None:
        """Stop the source, then its interceptors."""
        self.source.stop()
        self.source.outlet.stop()
        stop_counting(self.source)


class PolledRunner(Runner):
    """A thread that calls `poll` until it is stopped."""

    def __init__(self, name: str, thread_name: str) -> None:
        self.name = name
        self._thread_name = thread_name
        self._wakeup = Wakeup()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    @abstractmethod
    def poll(self) -> None:
        """Do one round, waits included."""

    def start_thread(self) -> None:
        """Start polling."""
        self._is_stopping = False
        self._thread = start_thread(self._thread_name, self._run)

    def stop_thread(self) -> None:
        """Stop polling and wait for the thread's end."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._is_stopping = True
            self.interrupt()
            self._wakeup.set()
            thread.join()

    def interrupt(self) -> None:
        """End a wait inside the component."""

    @property
    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def wait_ms(self, wait_ms: float) -> None:
        """Wait, unless stopped."""
        if not self._is_stopping:
            self._wakeup.wait(wait_ms / 1000)

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self.poll()
            except StoppedError:
                continue
            except Exception as error:  # the last resort of a thread: a plugin may raise anything
                self.failed(error)

    @abstractmethod
    def failed(self, error: Exception) -> None:
        """Log a failed round and wait."""


class PollableSourceRunner(PolledRunner):
    """Polls a source. Source: PollableSourceRunner.PollingRunner."""

    def __init__(self, source: "PollableSource[Any]") -> None:
        super().__init__(source.name, f"source-{source.name}")
        self.source = source
        self._backoff = LinearBackoff()

    def start(self) -> None:
        """Start the interceptors, the source, the thread."""
        self._backoff = LinearBackoff(self.source.backoff_sleep_increment_ms, self.source.max_backoff_sleep_ms)
        self.source.outlet.start()
        start_counting(self.source)
        self.source.start()
        self.start_thread()

    def stop(self) -> None:
        """Stop the thread, the source, the interceptors."""
        self.stop_thread()
        self.source.stop()
        self.source.outlet.stop()
        stop_counting(self.source)

    def interrupt(self) -> None:
        """End waits for the channel and inside the source."""
        self.source.outlet.interrupt()
        self.source.interrupt()

    def poll(self) -> None:
        """Call `process` and back off as it says."""
        if self.source.process() is Status.READY:
            self._backoff.reset()
        else:
            self.wait_ms(self._backoff.next_ms())

    def failed(self, error: Exception) -> None:
        """Log it; wait for the longest back-off, but not after a delivery error."""
        log_failure("Unhandled exception in source %s: %s", self.name, error)
        if not isinstance(error, DeliveryError):
            self.wait_ms(self.source.max_backoff_sleep_ms)


class SinkRunner(PolledRunner):
    """Polls a sink processor. Source: SinkRunner.PollingRunner."""

    def __init__(self, name: str, processor: "SinkProcessor[Any]") -> None:
        super().__init__(name, f"sink-{name}")
        self.processor = processor
        self._backoff = LinearBackoff()

    @property
    def sinks(self) -> "list[Sink[Any]]":
        """Return the sinks of the processor."""
        return self.processor.sinks

    def start(self) -> None:
        """Start the processor with its sinks, then the thread."""
        for sink in self.sinks:
            start_counting(sink)
        self.processor.start()
        for sink in self.sinks:
            sink.channel.listen(self._wakeup)
        self.start_thread()

    def stop(self) -> None:
        """Stop the thread, then the processor with its sinks."""
        self.stop_thread()
        for sink in self.sinks:
            sink.channel.unlisten(self._wakeup)
        self.processor.stop()
        for sink in self.sinks:
            stop_counting(sink)

    def interrupt(self) -> None:
        """End waits inside the sinks."""
        self.processor.interrupt()

    def poll(self) -> None:
        """Call `process`; wait for events when there were none."""
        status = self.processor.process()
        if status is Status.READY:
            self._backoff.reset()
        elif status is Status.BACKOFF:
            self.wait_ms(self._backoff.next_ms())
        else:
            self._wait_for_events()

    def _wait_for_events(self) -> None:
        wait_ms = self._backoff.next_ms()
        self._wakeup.is_armed = True
        # A put between the empty take and the arming poked nobody: look again before waiting.
        if not any(sink.channel.size for sink in self.sinks):
            self.wait_ms(wait_ms)
        self._wakeup.is_armed = False

    def failed(self, error: Exception) -> None:
        """Log it and wait 5 s, as Flume does."""
        log_failure("Unable to deliver event. Sink %s: %s", self.name, error)
        self.wait_ms(FAILURE_WAIT_MS)


def log_failure(message: str, name: str, error: Exception) -> None:
    """Log an expected error as a sentence and an unexpected one, a defect, with its trace."""
    log.error(message, name, error, exc_info=None if isinstance(error, FlumeError) else error)


def start_counting(component: "Source[Any] | Sink[Any]") -> None:
    """Zero the counters of a component that has some."""
    if component.counters is not None:
        component.counters.start()


def stop_counting(component: "Source[Any] | Sink[Any]") -> None:
    """Close the counters of a component that has some and was started."""
    if component.counters is not None and not component.counters.stop_time_ms and component.counters.start_time_ms:
        component.counters.stop()


def runner_for(source: "Source[Any]") -> Runner:
    """Return the runner that fits a source."""
    return PollableSourceRunner(source) if isinstance(source, PollableSource) else EventDrivenSourceRunner(source)
