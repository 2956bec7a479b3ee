"""Runs one configuration: start and stop order, draining, reload with a way back.

Start: channels, then sinks, then sources, each under supervision. Stop: sources, then (within the drain time) the sinks go
on until the channels that would lose their events are empty, then sinks, channels. A reload builds the new agent beside
the running one; where it does not validate, or a component that ran before cannot start, the old one stays or comes back.
Source: node.Application.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from flumepy.agent.materialize import MaterializedAgent
from flumepy.agent.supervisor import Supervised, Supervisor
from flumepy.core.channel import Channel
from flumepy.core.counters import CounterGroup

log = logging.getLogger("flumepy.agent")

DRAIN_POLL_S = 0.02


class Application:
    """The running agent. One thread (the main thread, or the poller's) calls `apply` and `stop`."""

    def __init__(self, *, drain_timeout_s: float = 5.0) -> None:
        self.agent: MaterializedAgent | None = None
        self.drain_timeout_s = drain_timeout_s
        #: every counter group that was ever shown, by kind and name; a removed component's stays, as in Flume
        self.counters: dict[tuple[str, str], CounterGroup] = {}
        self._supervisor = Supervisor()
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
        return {s.title: None if s.is_started else str(s.error or "waits for its channel") for s in self._supervised}

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
        self._stop_components(keep=set(new.channels.values()))
        self._start(new)
        failed = [s for s in self._supervised if not s.is_started and not s.is_given_up and s.title not in before]
        if not failed:
            self._stop_removed_channels(old, new)
            return True
        for supervised in failed:
            log.error("The new configuration cannot start %s: %s", supervised.title, supervised.error)
        self._stop_components(keep=set(old.channels.values()))
        for channel, options in options_before:
            channel.reconfigure(options)
        self._start(old)
        log.error("The configuration that ran before is running again; the next edit is looked at.")
        return False

    def stop(self) -> None:
        """Stop in order, draining what would be lost."""
        if self.agent is not None:
            log.info("Shutting down configuration: %s", describe(self.agent))
            self._stop_components(keep=set(), drain=True)
            self.agent = None
        self._supervisor.stop()

    def _start(self, new: MaterializedAgent) -> None:
        self.agent = new
        for channel, options in new.reconfigured:
            channel.reconfigure(options)
        log.info("Starting new configuration:%s", describe(new))
        channels = {name: Supervised(f"Channel {name}", _CountedChannel(c)) for name, c in new.channels.items()}
        sinks = [
            Supervised(f"Sink {name}", runner, needs=[channels[sink.channel.name] for sink in runner.sinks])
            for name, runner in new.sink_runners.items()
        ]
        sources = [
            Supervised(
                f"Source {name}", runner, needs=[channels[c.name] for c in new.sources[name].outlet.selector.channels]
            )
            for name, runner in new.source_runners.items()
        ]
        self._supervised = [*channels.values(), *sinks, *sources]
        for component in (*new.channels.values(), *new.sinks.values(), *new.sources.values()):
            if component.counters is not None and component.counters.is_visible:
                self.counters[component.counters.kind, component.name] = component.counters
        for supervised in self._supervised:
            if supervised.is_ready_to_start:
                log.info("Starting %s", supervised.title)
                supervised.try_start()
        self._supervisor.watch(self._supervised)

    def _stop_components(self, keep: set[Channel[Any]], *, drain: bool = False) -> None:
        self._supervisor.pause()
        for supervised in self._of("Source"):
            supervised.stop()
        if drain:
            self._drain()
        for supervised in self._of("Sink"):
            supervised.stop()
        for supervised in self._of("Channel"):
            if supervised.component.channel not in keep:
                supervised.stop()

    def _of(self, kind: str) -> list[Supervised]:
        return [supervised for supervised in self._supervised if supervised.title.startswith(f"{kind} ")]

    def _drain(self) -> None:
        """Give the sinks time to empty the channels that would lose their events."""
        served = {sink.channel for s in self._of("Sink") if s.is_started for sink in s.component.sinks}
        volatile = [channel for channel in served if channel.durability == "volatile"]
        deadline_s = time.monotonic() + self.drain_timeout_s
        while any(channel.size for channel in volatile):
            if time.monotonic() > deadline_s:
                lost = ", ".join(f"{channel.name} ({channel.size})" for channel in volatile if channel.size)
                log.warning("Events are lost with their memory channel after %g s: %s", self.drain_timeout_s, lost)
                return
            time.sleep(DRAIN_POLL_S)

    def _stop_removed_channels(self, old: MaterializedAgent, new: MaterializedAgent) -> None:
        kept = set(new.channels.values())
        for name, channel in old.channels.items():
            if channel not in kept and channel.size:
                log.warning("Channel %s is gone from the configuration with %d events in it.", name, channel.size)


class _CountedChannel:
    """A channel with its counters, as one thing to supervise."""

    def __init__(self, channel: Channel[Any]) -> None:
        self.channel = channel
        self._is_counting = False

    def start(self) -> None:
        """Zero the counters and start."""
        self.channel.counters.start()
        self._is_counting = True
        self.channel.start()

    def stop(self) -> None:
        """Stop, then log the final counters."""
        self.channel.stop()
        if self._is_counting:
            self._is_counting = False
            self.channel.counters.stop()


def describe(agent: MaterializedAgent) -> str:
    """Return the components of an agent in one line, much as Flume logs them."""
    sources = ", ".join(f"{name}={source!r}" for name, source in agent.sources.items())
    sinks = ", ".join(f"{name}={runner.processor!r}" for name, runner in agent.sink_runners.items())
    channels = ", ".join(f"{name}={channel!r}" for name, channel in agent.channels.items())
    return f"{{ sourceRunners:{{{sources}}} sinkRunners:{{{sinks}}} channels:{{{channels}}} }}"
