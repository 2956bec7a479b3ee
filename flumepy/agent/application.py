"""Runs one configuration: start and stop order, draining, reload with a way back.

Start: channels, then sinks, then sources, each under supervision. Stop: sources, then (within the drain time) the sinks go
on until the channels that would lose their events are empty, then sinks, channels. A reload builds the new agent beside
the running one; where it does not validate, or a component that ran before cannot start, the old one stays or comes back.
A channel that both have is stopped and started like the others and keeps its events; it gets its options as it starts.
Source: node.Application.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flumepy.agent.counting import counting, stop_counting
from flumepy.agent.materialize import MaterializedAgent
from flumepy.agent.supervisor import RETRY_S, Supervised, Supervisor
from flumepy.core.channel import Channel
from flumepy.core.counters import CounterGroup
from flumepy.core.errors import call_all

log = logging.getLogger("flumepy.agent")

DRAIN_POLL_S = 0.02


class Application:
    """The running agent. One thread (the main thread, or the poller's) calls `apply` and `stop`."""

    def __init__(self, *, drain_timeout_s: float = 5.0, retry_s: float = RETRY_S) -> None:
        self.agent: MaterializedAgent | None = None
        self.drain_timeout_s = drain_timeout_s
        #: every counter group that was ever shown, by kind and name; a removed component's stays, as in Flume
        self.counters: dict[tuple[str, str], CounterGroup] = {}
        self._supervisor = Supervisor(retry_s)
        self._supervised: list[Supervised] = []

    @property
    def channels(self) -> Mapping[str, Channel[Any]]:
        """Return the running channels."""
        return self.agent.channels if self.agent else {}

    @property
    def is_ready(self) -> bool:
        """Tell whether every component is started."""
        return self.agent is not None and all(supervised.is_started for supervised in self._supervised)

    @property
    def not_started(self) -> list[str]:
        """Return the titles of components that are not started, with the reason."""
        return [f"{title}: {reason}" for title, reason in self.states.items() if reason is not None]

    @property
    def states(self) -> dict[str, str | None]:
        """Return what keeps each component (`Source r1`) from running; None for one that is started."""
        return {s.title: None if s.is_started else s.reason for s in self._supervised}

    @property
    def dropped(self) -> list[str]:
        """Return the full names of components that errors in the configuration removed."""
        return list(self.agent.dropped) if self.agent else []

    @property
    def is_supervising(self) -> bool:
        """Tell whether components are watched and started again."""
        return self._supervisor.is_alive

    def apply(self, new: MaterializedAgent) -> bool:
        """Replace what runs by a new agent. False: something that the old one lacked failed, and the old one is back."""
        old = self.agent
        if old is None:
            self._start(new)
            return True
        before = {supervised.title for supervised in self._supervised if not supervised.is_started}
        options_before = [(channel, channel.options) for channel, _ in new.reconfigured]
        for name, channel in old.channels.items():
            if name not in new.channels and channel.durability != "volatile" and channel.size:
                log.warning("Channel %s is no longer configured; it still stores %d events.", name, channel.size)
        self._stop_components(keep=set(new.channels.values()))
        self._start(new)
        failed = [s for s in self._supervised if not s.is_started and s.title not in before]
        if not failed:
            return True
        for supervised in failed:
            log.error("The new configuration cannot start %s: %s", supervised.title, supervised.reason)
        self._stop_components(keep=set(old.channels.values()))
        self._start(old, options_before)
        log.error("The configuration that ran before is running again; the next edit is looked at.")
        return False

    def stop(self) -> None:
        """Stop in order, draining what would be lost."""
        if self.agent is not None:
            log.info("Shutting down configuration: %s", describe(self.agent))
            self._stop_components(keep=set())
            self.agent = None
        self._supervisor.stop()

    def _start(self, new: MaterializedAgent, options: Sequence[tuple[Channel[Any], Any]] | None = None) -> None:
        """Start an agent whose kept channels get these options, by default those that were read with it."""
        log.info("Starting new configuration:%s", describe(new))
        self._supervised = self._supervise(new, dict(new.reconfigured if options is None else options))
        self.agent = new  # after what is supervised: until then nobody may take it for ready
        counted = [*new.channels.values(), *new.sinks.values(), *new.sources.values()]
        groups = [(component.name, component.counters) for component in counted if component.counters is not None]
        # A new mapping, since monitoring may be reading the old one.
        self.counters = {**self.counters, **{(group.kind, name): group for name, group in groups if group.is_visible}}
        for supervised in self._supervised:
            if supervised.is_ready_to_start:
                log.info("Starting %s", supervised.title)
                supervised.try_start()
        self._supervisor.watch(self._supervised)

    def _supervise(self, new: MaterializedAgent, options: Mapping[Channel[Any], Any]) -> list[Supervised]:
        """Return channels, then sinks, then sources, each with the channels that it needs."""
        supervised = partial(Supervised, retry_s=self._supervisor.retry_s)
        channels = {
            channel: supervised(f"Channel {name}", _RunningChannel(channel, options.get(channel)))
            for name, channel in new.channels.items()
        }
        sinks = [
            supervised(f"Sink {name}", runner, needs=[channels[sink.channel] for sink in runner.sinks])
            for name, runner in new.sink_runners.items()
        ]
        sources = [
            supervised(
                f"Source {name}", runner, needs=[channels[c] for c in new.sources[name].outlet.selector.channels]
            )
            for name, runner in new.source_runners.items()
        ]
        return [*channels.values(), *sinks, *sources]

    def _stop_components(self, keep: set[Channel[Any]]) -> None:
        """Stop everything; channels that are not kept are emptied first, or it is said what is lost with them."""
        leaving = [s.component.channel for s in self._of("Channel") if s.component.channel not in keep]
        volatile = [channel for channel in leaving if channel.durability == "volatile"]
        self._supervisor.pause()
        for supervised in self._of("Source"):
            supervised.stop()
        self._drain(volatile)
        for supervised in self._of("Sink"):
            supervised.stop()
        lost = ", ".join(f"{channel.name} ({channel.undelivered})" for channel in volatile if channel.undelivered)
        for supervised in self._of("Channel"):
            supervised.stop()
        if lost:
            log.warning("Events are lost with their channel, which no sink emptied in time: %s", lost)

    def _of(self, kind: str) -> list[Supervised]:
        return [supervised for supervised in self._supervised if supervised.title.startswith(f"{kind} ")]

    def _drain(self, channels: list[Channel[Any]]) -> None:
        """Give the sinks time to empty these channels."""
        runners = [supervised.component for supervised in self._of("Sink") if supervised.is_started]
        served = {sink.channel for runner in runners for sink in runner.sinks}
        for runner in runners:
            runner.hurry()
        deadline_s = time.monotonic() + self.drain_timeout_s
        while any(channel.undelivered for channel in channels if channel in served) and time.monotonic() < deadline_s:
            time.sleep(DRAIN_POLL_S)


class _RunningChannel:
    """A channel with its counters and its new options, if it ran before, as one thing to supervise."""

    def __init__(self, channel: Channel[Any], options: Any = None) -> None:
        self.channel = channel
        self._options = options

    def start(self) -> None:
        """Take over the options, zero the counters and start."""
        if self._options is not None:
            self.channel.reconfigure(self._options)
        with counting([self.channel]):
            self.channel.start()

    def stop(self) -> None:
        """Stop, then log the final counters."""
        call_all(self.channel.stop, lambda: stop_counting([self.channel]))


def describe(agent: MaterializedAgent) -> str:
    """Return the components of an agent in one line, much as Flume logs them."""
    sources = ", ".join(f"{name}={source!r}" for name, source in agent.sources.items())
    sinks = ", ".join(f"{name}={runner.processor!r}" for name, runner in agent.sink_runners.items())
    channels = ", ".join(f"{name}={channel!r}" for name, channel in agent.channels.items())
    return f"{{ sourceRunners:{{{sources}}} sinkRunners:{{{sinks}}} channels:{{{channels}}} }}"
