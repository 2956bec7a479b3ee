"""Runners: what drives a source, or a sink with its processor, and obeys the class of an error.

A pollable source and each sink (or sink group) have one thread. A sink that took nothing waits on its channel, woken by the
next put, with Flume's back-off as the time limit; a failure waits as long as Flume does. Where whole batches follow one upon
the other, a sink lets some more come first, since a wake-up for each costs as much as writing it; where many threads are
woken for little it rests (core/pace.py). Every wait ends when `stop` is called.
Source: SinkRunner, PollableSourceRunner, EventDrivenSourceRunner.
"""

import logging
import threading
from abc import abstractmethod
from typing import Any

from flumepy.agent.counting import counting, stop_counting
from flumepy.core.backoff import LinearBackoff
from flumepy.core.channel import Channel
from flumepy.core.component import PollableSource, Sink, SinkProcessor, Source, Status
from flumepy.core.errors import DeliveryError, FlumeError, StoppedError, call_all
from flumepy.core.pace import SINK_SHARE, Rhythm
from flumepy.core.threads import Wakeup, start_thread

log = logging.getLogger("flumepy.agent.runner")

FAILURE_WAIT_MS = 5000
LINGER_MS = 1
#: a wake-up that finds so many events finds a stream of batches
CROWD_EVENTS = 50
#: a wake-up that finds more is worth its price, and a longer wait would take them out of the processor's cache
MANY_EVENTS = 1000
#: a channel with less room, as a multiple of what was found, could be full before the sink looks again
AMPLE_ROOM = 8
PATIENCE_S = 10.0  # after which it is said that a stop waits for a component


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
        with counting([self.source]):
            self.source.start()

    def stop(self) -> None:
        """Stop the source, then its interceptors."""
        call_all(self.source.stop, self.source.outlet.stop, lambda: stop_counting([self.source]))


class PolledRunner(Runner):
    """A thread that calls `poll` until it is stopped."""

    patience_s = PATIENCE_S

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
            call_all(self.interrupt, self._wakeup.set, lambda: self._join(thread))

    def _join(self, thread: threading.Thread) -> None:
        thread.join(self.patience_s)
        if thread.is_alive():
            log.warning("%s does not end its work; the stop waits for it.", self._thread_name)
            thread.join()

    def interrupt(self) -> None:
        """End a wait inside the component."""

    @property
    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def hurry(self) -> None:
        """End a wait after a failure: a stop gives what is queued one more chance."""
        self._wakeup.set()

    def wait_ms(self, wait_ms: float) -> None:
        """Wait, unless stopped."""
        if not self._is_stopping:
            self._wakeup.wait(wait_ms / 1000)

    def _run(self) -> None:
        while not self._is_stopping:
            try:
                self.poll()
            except Exception as error:  # the last resort of a thread: a plugin may raise anything
                if not self._is_end(error):
                    self.failed(error)

    def _is_end(self, error: Exception) -> bool:
        return self._is_stopping and isinstance(error, StoppedError)

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
        with counting([self.source]):
            self.source.start()
            self.start_thread()

    def stop(self) -> None:
        """Stop the thread, the source, the interceptors."""
        call_all(self.stop_thread, self.source.stop, self.source.outlet.stop, lambda: stop_counting([self.source]))

    def interrupt(self) -> None:
        """End waits for the channel and inside the source."""
        call_all(self.source.outlet.interrupt, self.source.interrupt)

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

    def __init__(self, name: str, processor: "SinkProcessor[Any]", *, failure_wait_ms: float = FAILURE_WAIT_MS) -> None:
        super().__init__(name, f"sink-{name}")
        self.processor = processor
        self._failure_wait_ms = failure_wait_ms
        self._backoff = LinearBackoff()
        self._has_looked_again = False
        self._has_worked = False
        self._is_crowded = False
        self._found_events = 0
        self._rhythm = Rhythm(self._wakeup, share=SINK_SHARE)
        self._channels: list[Channel[Any]] = []

    @property
    def sinks(self) -> "list[Sink[Any]]":
        """Return the sinks of the processor."""
        return self.processor.sinks

    def start(self) -> None:
        """Start the processor with its sinks, then the thread."""
        with counting(self.sinks):
            self.processor.start()
            self._channels = list({sink.channel for sink in self.sinks})
            for channel in self._channels:
                channel.listen(self._wakeup)
            self.start_thread()

    def stop(self) -> None:
        """Stop the thread, then the processor with its sinks."""
        call_all(self.stop_thread, self._unlisten, self.processor.stop, lambda: stop_counting(self.sinks))

    def _unlisten(self) -> None:
        for channel in self._channels:
            channel.unlisten(self._wakeup)

    def interrupt(self) -> None:
        """End waits inside the sinks."""
        self.processor.interrupt()

    def poll(self) -> None:
        """Call `process`; wait for events when there were none, or none are left."""
        status = self.processor.process()
        if status is Status.READY:
            self._backoff.reset()
            self._has_looked_again = False
            if not self._has_worked:
                self._has_worked = True
                self._rhythm.work_came()
            if not self._waiting_events() and not self._rest() and not self._waiting_events():
                self._wait_for_events()
        elif status is Status.BACKOFF:
            self.wait_ms(self._backoff.next_ms())
        else:
            self._wait_for_events()

    def _rest(self) -> bool:
        """Rest where the process is woken too often for few events, and tell so; a put that finds no room ends it."""
        self._wakeup.is_resting = True  # first: a put that fills the channel behind the next line is not missed
        is_small = self._found_events <= MANY_EVENTS and not self._is_stopping
        has_rested = is_small and not self._waiting_events() and self._rhythm.rest()
        if has_rested:
            self._has_worked = False
            self._found_events = self._waiting_events()
        self._wakeup.is_resting = False
        return has_rested

    def _waiting_events(self) -> int:
        return sum([channel.size for channel in self._channels])

    def _wait_for_events(self) -> None:
        # The crowd may stand in the channel of a group's other member: only one that was served counts.
        is_streaming = self._is_crowded and self._has_worked
        if is_streaming and self._rhythm.expects_work_within(2 * LINGER_MS / 1000):
            self.wait_ms(LINGER_MS)
        else:
            self._wait_for_a_put()
        self._has_worked = False
        self._found_events = self._waiting_events()
        self._is_crowded = any(map(is_crowded, self._channels))

    def _wait_for_a_put(self) -> None:
        self._wakeup.is_armed = True
        try:
            # A put between the empty take and the arming poked nobody: look again, but only once, since the events may
            # lie in the channel of a group's other member.
            if self._has_looked_again or not self._waiting_events():
                self._has_looked_again = False
                self.wait_ms(self._backoff.next_ms())
            else:
                self._has_looked_again = True
        finally:
            self._wakeup.is_armed = False

    def failed(self, error: Exception) -> None:
        """Log it and wait 5 s, as Flume does."""
        log_failure("Unable to deliver event. Sink %s: %s", self.name, error)
        self.wait_ms(self._failure_wait_ms)


def is_crowded(channel: "Channel[Any]") -> bool:
    """Tell whether a channel holds many events, and has room for many times as many."""
    size, room = channel.size, channel.room()
    return size >= CROWD_EVENTS and (room is None or room >= AMPLE_ROOM * size)


def log_failure(message: str, name: str, error: Exception) -> None:
    """Log an expected error as a sentence and an unexpected one, a defect, with its trace."""
    log.error(message, name, error, exc_info=None if isinstance(error, FlumeError) else error)


def runner_for(source: "Source[Any]") -> Runner:
    """Return the runner that fits a source."""
    return PollableSourceRunner(source) if isinstance(source, PollableSource) else EventDrivenSourceRunner(source)
