"""From a validated agent configuration to components that are ready to start.

Order and rules are those of AbstractConfigurationProvider: channels, then sources with their selectors and interceptors,
then sinks and groups; what cannot be configured is dropped with an error and the rest goes on; a batch size above the
transaction capacity drops the source or sink; a channel without a surviving source or sink is removed. Nothing is opened.
A running channel of the same name and class is used again, with its events.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from flumepy.agent.runner import EventDrivenSourceRunner, PollableSourceRunner, SinkRunner, runner_for
from flumepy.agent.supervisor import attempt
from flumepy.config.build import build
from flumepy.config.model import AgentConfig, ComponentConfig, SinkConfig, SinkGroupConfig, SourceConfig
from flumepy.core.channel import Channel
from flumepy.core.component import Component, Context, Interceptor, Selector, Sink, SinkProcessor, Source
from flumepy.core.errors import ConfigurationError, FlumeError
from flumepy.core.outlet import Outlet
from flumepy.core.problems import Problem, Severity

log = logging.getLogger("flumepy.agent")

SourceRunner = EventDrivenSourceRunner | PollableSourceRunner


@dataclass
class MaterializedAgent:
    """An agent's components, wired, and what was found on the way."""

    name: str
    channels: dict[str, Channel[Any]] = field(default_factory=dict)
    sources: dict[str, Source[Any]] = field(default_factory=dict)
    sinks: dict[str, Sink[Any]] = field(default_factory=dict)
    source_runners: dict[str, Any] = field(default_factory=dict)
    sink_runners: dict[str, SinkRunner] = field(default_factory=dict)  #: by sink name, or group name
    groups: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: new options of channels that are used again, applied when the agent starts
    reconfigured: list[tuple[Channel[Any], Any]] = field(default_factory=list)
    #: removed by an error: their full names
    dropped: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing would run."""
        return not self.source_runners and not self.sink_runners


class Materializer:
    """Builds one agent."""

    def __init__(
        self,
        config: AgentConfig,
        system_properties: Mapping[str, str],
        running: Mapping[str, Channel[Any]] | None = None,
    ) -> None:
        self.config = config
        self.system_properties = system_properties
        self.running = running or {}
        self.agent = MaterializedAgent(config.name)
        self._capacities: dict[str, int | None] = {}  # events of one transaction, by channel

    def run(self) -> MaterializedAgent:
        """Build everything."""
        for channel in self.config.channels.values():
            self._guard(channel, partial(self._channel, channel))
        for source in self.config.sources.values():
            self._guard(source, partial(self._source, source))
        for sink in self.config.sinks.values():
            self._guard(sink, partial(self._sink, sink))
        for group in self.config.sink_groups.values():
            self._guard(group, partial(self._group, group))
        grouped = {sink for sinks in self.agent.groups.values() for sink in sinks}
        for name, alone in self.agent.sinks.items():
            if name not in grouped:
                # Flume never runs a sink that bears a group's name; here it only goes by another name.
                title = f"{name}-sink" if name in self.agent.groups else name
                self._run_sinks(title, [alone], "default", {}, self._context(self.config.sinks[name]))
        self._remove_unconnected_channels()
        self._warn_of_shared_folders()
        return self.agent

    def _guard(self, config: ComponentConfig, call: Callable[[], None]) -> None:
        """Drop a component that cannot be configured, and say why."""
        error = attempt(call)
        if error is None:
            return
        key = error.key if isinstance(error, ConfigurationError) else None
        hint = error.hint if isinstance(error, ConfigurationError) else None
        message = (
            str(error) if isinstance(error, FlumeError) else f"{type(error).__name__}: {' '.join(str(error).split())}"
        )
        # One line for operators; the trace is what the author of a plugin looks for.
        log.debug("%s cannot be configured", config.prefix, exc_info=error)
        self._report(
            config,
            Problem(Severity.ERROR, f"{message.rstrip('.')}; the {_word(config)} is removed", key=key, hint=hint),
        )
        self.agent.dropped.append(config.prefix)

    def _report(self, config: ComponentConfig, problem: Problem) -> None:
        self.agent.problems.append(config.locate(problem))

    def _context(self, config: ComponentConfig) -> Context:
        problems = self.agent.problems  # alone: a channel that is used again must not keep the agent it was built for
        return Context(
            name=config.name, prefix=config.prefix, agent=self.config.name, builder=build,
            system_properties=self.system_properties, report=lambda problem: problems.append(config.locate(problem)),
        )  # fmt: skip

    def _channel(self, config: ComponentConfig) -> None:
        running = self.running.get(config.name)
        # Built even if it is not used: so its options are judged whole, also those of the channels below it.
        built = build("channel", config.type, _own(config), self._context(config))
        assert isinstance(built, Channel)
        self._capacities[config.name] = built.transaction_capacity
        if running is not None and type(running) is type(built) and running.is_reusable:
            self.agent.reconfigured.append((running, built.options))
            self.agent.channels[config.name] = running
        else:
            self.agent.channels[config.name] = built

    def _source(self, config: SourceConfig) -> None:
        context = self._context(config)
        source = build("source", config.type, _own(config, "selector.", "interceptors."), context)
        assert isinstance(source, Source)
        channels = [self.agent.channels[c] for c in config.channels if c in self.agent.channels]
        if not channels:
            raise ConfigurationError("none of its channels could be configured", key="channels")
        for channel in channels:
            self._check_capacity("source", source, channel)
        selector = self._selector(config, context, channels)
        source.outlet = Outlet(config.name, self._interceptors(config, context), selector)
        self.agent.sources[config.name] = source
        self.agent.source_runners[config.name] = runner_for(source)

    def _selector(self, config: SourceConfig, context: Context, channels: list[Channel[Any]]) -> Selector[Any]:
        below = config.values("selector.")
        selector = build_below("selector.", "selector", below, context, channels, default="replicating")
        assert isinstance(selector, Selector)
        return selector

    def _interceptors(self, config: SourceConfig, context: Context) -> list[Interceptor[Any]]:
        chain: list[Interceptor[Any]] = []
        for name in config.values().get("interceptors", "").split():
            prefix = f"interceptors.{name}."
            interceptor = build_below(prefix, "interceptor", config.values(prefix), context)
            assert isinstance(interceptor, Interceptor)
            chain.append(interceptor)
        return chain

    def _check_capacity(self, kind: str, component: Source[Any] | Sink[Any], channel: Channel[Any]) -> None:
        size, capacity = component.declared_batch_size, self._capacities[channel.name]
        if size is not None and capacity is not None and capacity < size:
            raise ConfigurationError(
                f"Incompatible {kind} and channel settings defined. {kind}'s batch size is greater than the channels"
                f" transaction capacity. {kind.capitalize()}: {component.name}, batch size = {size},"
                f" channel {channel.name}, transaction capacity = {capacity}",
                hint=f"set {self.config.name}.channels.{channel.name}.transactionCapacity to {size} or more",
            )

    def _sink(self, config: SinkConfig) -> None:
        channel = self.agent.channels.get(config.channel)
        if channel is None:
            raise ConfigurationError(f"its channel {config.channel!r} could not be configured", key="channel")
        sink = build("sink", config.type, _own(config), self._context(config))
        assert isinstance(sink, Sink)
        sink.channel = channel
        self._check_capacity("sink", sink, channel)
        self.agent.sinks[config.name] = sink

    def _group(self, config: SinkGroupConfig) -> None:
        members = [sink for sink in config.sinks if sink in self.agent.sinks]
        missing = [sink for sink in config.sinks if sink not in self.agent.sinks]
        if missing:
            self._report(config, Problem(
                Severity.WARNING, f"goes on without {', '.join(missing)}, which could not be configured"
                " (Flume would discard the whole agent)", key="sinks"))  # fmt: skip
        if not members:
            raise ConfigurationError("none of its sinks could be configured", key="sinks")
        below = config.values("processor.")
        below.pop("type", None)
        context = self._context(config)
        self._run_sinks(config.name, [self.agent.sinks[m] for m in members], config.type, below, context)
        self.agent.groups[config.name] = members

    def _run_sinks(
        self, name: str, sinks: list[Sink[Any]], type_name: str, settings: dict[str, str], context: Context
    ) -> None:
        processor = build_below("processor.", "processor", {**settings, "type": type_name}, context, sinks)
        assert isinstance(processor, SinkProcessor)
        self.agent.sink_runners[name] = SinkRunner(name, processor)

    def _remove_unconnected_channels(self) -> None:
        used = {channel for source in self.agent.sources.values() for channel in source.outlet.selector.channels}
        read = {sink.channel for sink in self.agent.sinks.values()}
        for name, channel in list(self.agent.channels.items()):
            if channel not in used | read:
                del self.agent.channels[name]
                self._report(self.config.channels[name], Problem(
                    Severity.WARNING, "has no source or sink connected and is removed"))  # fmt: skip
            elif channel not in read and channel.durability == "volatile":
                # A durable one may be read by others: a Kafka topic, or a later configuration.
                self._report(self.config.channels[name], Problem(
                    Severity.WARNING, "is read by no sink, so it fills up and then stops its sources"))  # fmt: skip

    def _warn_of_shared_folders(self) -> None:
        """Say which channels cannot run beside each other, as two file channels without directories of their own."""
        owners: dict[Path, str] = {}
        for name, channel in self.agent.channels.items():
            for folder in dict.fromkeys(folder.resolve() for folder in channel.own_folders):
                owner = owners.setdefault(folder, name)
                if owner != name:
                    self._report(self.config.channels[name], Problem(
                        Severity.WARNING, f"keeps its events in {folder}, which channel {owner} uses: only one of them"
                        " can run; give each directories of its own"))  # fmt: skip
                    break


def materialize(
    config: AgentConfig, system_properties: Mapping[str, str], running: Mapping[str, Channel[Any]] | None = None
) -> MaterializedAgent:
    """Build an agent's components without starting them."""
    return Materializer(config, system_properties, running).run()


def materialize_channel(config: AgentConfig, name: str, system_properties: Mapping[str, str]) -> MaterializedAgent:
    """Build one channel alone, whether or not anything is connected to it; it is missing where it cannot be built."""
    materializer = Materializer(config, system_properties)
    channel = config.channels[name]
    materializer._guard(channel, partial(materializer._channel, channel))
    return materializer.agent


#: keys that the agent itself reads, by kind of component
_FRAMEWORK_KEYS = {
    "source": ("type", "channels", "config", "interceptors"),
    "sink": ("type", "channel", "config"),
    "channel": ("type", "config"),
}


def _own(config: ComponentConfig, *prefixes: str) -> dict[str, str]:
    """Return the settings that are the component's own: not the agent's, not below these prefixes."""
    framework = _FRAMEWORK_KEYS[config.kind]
    return {
        k: text
        for k, text in config.values().items()
        if k not in framework and not (prefixes and k.startswith(prefixes))
    }


def build_below(
    prefix: str, kind: str, settings: dict[str, str], context: Context, *extra: Any, default: str | None = None
) -> Component[Any]:
    """Build what is configured below a prefix of a source or group, so that problems name the whole key."""
    type_name = settings.pop("type", default)
    if type_name is None:
        raise ConfigurationError(f"the {kind} has no type", key=f"{prefix}type")
    try:
        return build(kind, type_name, settings, context.within(prefix), *extra)
    except ConfigurationError as error:
        error.key = f"{prefix}{error.key or 'type'}"
        raise


def _word(config: ComponentConfig) -> str:
    return {"sinkgroup": "sink group"}.get(config.kind, config.kind)
