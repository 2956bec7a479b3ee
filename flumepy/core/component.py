"""The contracts of what a configuration names: who calls what, when, on which thread.

Law for every component (the conformance suites in flumepy.testing check it): `__init__` keeps the options and opens
nothing; `start` returns quickly; `stop` is safe twice and without `start`, and everything that was started has ended when
it returns; an acknowledgement leaves the agent only after every required channel has committed; order inside one
connection, file or partition is kept; a taken batch is delivered or goes back to the head.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol

from flumepy.core.batch import EventBatch
from flumepy.core.clock import Clock, SystemClock
from flumepy.core.counters import CounterGroup
from flumepy.core.errors import ConfigurationError, UnknownTypeError, call_all
from flumepy.core.options import NoOptions, Options, OptionsT
from flumepy.core.pollable_options import PollableOptions
from flumepy.core.problems import Problem
from flumepy.core.route import Route

if TYPE_CHECKING:
    from flumepy.core.channel import Channel
    from flumepy.core.outlet import Outlet


class Builder(Protocol):
    """Builds a component by its type name; the configuration layer's catalog does it."""

    def __call__(self, kind: str, type_name: str, settings: Mapping[str, str], context: "Context") -> "Component[Any]":
        """Return a new component. Raises UnknownTypeError, MissingPackageError, ConfigurationError."""


def no_builder(kind: str, type_name: str, settings: Mapping[str, str], context: "Context") -> "Component[Any]":
    """Refuse to build: a context without a catalog."""
    raise UnknownTypeError(f"no {kind} type {type_name!r} is known here")


def ignore(problem: Problem) -> None:
    """Drop a problem."""


@dataclass(frozen=True)
class Context:
    """What a component knows of its surroundings."""

    name: str
    prefix: str = ""  #: full name in the file, `a1.sinks.k1`
    agent: str = "agent"
    builder: Builder = no_builder
    system_properties: Mapping[str, str] = field(default_factory=dict)  #: -D values
    clock: Clock = field(default_factory=SystemClock)
    report: Callable[[Problem], None] = ignore  #: where warnings about settings go

    def within(self, key_prefix: str) -> "Context":
        """Return a context whose reports name keys below this prefix."""

        def report(problem: Problem) -> None:
            self.report(replace(problem, key=f"{key_prefix}{problem.key}") if problem.key else problem)

        return replace(self, report=report)

    def build(
        self, kind: str, type_name: str, settings: Mapping[str, str], *, key: str = "", name: str | None = None
    ) -> "Component[Any]":
        """Build a component that this one uses: a deserializer, a selector policy, the channel below a channel.

        key: the property that names the type; the settings were read from below it (`deserializer`, `deserializer.*`).
        """
        below = replace(self.within(f"{key}." if key else ""), name=name or self.name)
        try:
            return self.builder(kind, type_name, settings, below)
        except ConfigurationError as error:
            if key:
                error.key = key if error.key in (None, "type") else f"{key}.{error.key}"
            raise


class Component(ABC, Generic[OptionsT]):
    """Anything that a configuration names by type."""

    kind: ClassVar[str]
    Options: ClassVar[type[Options]] = NoOptions
    #: counters of this component, or None where Flume publishes none
    counters: CounterGroup | None = None

    def __init__(self, context: Context, options: OptionsT) -> None:
        self.context = context
        self.name = context.name
        self.options = options
        self.log = logging.getLogger(f"flumepy.{self.kind}.{context.name}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"

    def start(self) -> None:
        """Open what is needed and return quickly. Raises StartError; the supervisor then tries again every 3 s."""

    def stop(self) -> None:
        """End everything that was started. Safe twice and without start."""


class Status(Enum):
    """What a runner does next."""

    READY = "ready"  #: call again at once
    IDLE = "idle"  #: nothing to take: wait for the next put, with the back-off as time limit
    BACKOFF = "backoff"  #: wait for the back-off time


class Source(Component[OptionsT]):
    """Where events come from. The agent sets `outlet` before `start`."""

    kind = "source"
    outlet: "Outlet"
    #: events of one transaction, where Flume checks it against the channels' transactionCapacity
    declared_batch_size: int | None = None


class PollableSource(Source[OptionsT]):
    """A source that is asked for events by a runner's thread; its options are best PollableOptions."""

    #: waits of the runner
    backoff_sleep_increment_ms: int = 1000
    max_backoff_sleep_ms: int = 5000

    def __init__(self, context: Context, options: OptionsT) -> None:
        super().__init__(context, options)
        if isinstance(options, PollableOptions):
            self.backoff_sleep_increment_ms = options.backoff_sleep_increment_ms
            self.max_backoff_sleep_ms = options.max_backoff_sleep_ms

    @abstractmethod
    def process(self) -> Status:
        """Put one batch. READY: call again at once. BACKOFF: wait. Must return soon after `interrupt`."""

    def interrupt(self) -> None:
        """End a wait inside `process` soon; called from another thread before the runner's thread is joined."""


class Sink(Component[OptionsT]):
    """Where events go. The agent sets `channel` before `start`; one thread calls `process`."""

    kind = "sink"
    channel: "Channel[Any]"
    declared_batch_size: int | None = None

    @abstractmethod
    def process(self) -> Status:
        """Take and deliver one transaction. Raises DeliveryError after rolling back."""

    def interrupt(self) -> None:
        """End a wait inside `process` soon; called from another thread."""


class Interceptor(Component[OptionsT]):
    """Changes or drops events between a source and its channels; called by the source's thread only."""

    kind = "interceptor"

    @abstractmethod
    def intercept(self, batch: EventBatch) -> EventBatch:
        """Return the batch to go on with; never change the one given."""


class Selector(Component[OptionsT]):
    """Decides which channels a batch goes to."""

    kind = "selector"

    def __init__(self, context: Context, options: OptionsT, channels: "list[Channel[Any]]") -> None:
        super().__init__(context, options)
        self.channels = channels
        self.by_name = {channel.name: channel for channel in channels}

    @abstractmethod
    def route(self, batch: EventBatch) -> list[Route]:
        """Split a batch over channels; event order is kept inside each route.

        A channel gets at most one required and one optional route, and no event twice.
        """

    def required_channels(self) -> "list[Channel[Any]]":
        """Return the channels that may get required routes: the smallest transaction capacity limits a source's batch."""
        return self.channels


class SinkProcessor(Component[OptionsT]):
    """Runs one sink, or a group of them; one runner thread calls `process`."""

    kind = "processor"

    def __init__(self, context: Context, options: OptionsT, sinks: list[Sink[Any]]) -> None:
        super().__init__(context, options)
        self.sinks = sinks

    @abstractmethod
    def process(self) -> Status:
        """Let a sink process one transaction; raise DeliveryError when none can."""

    def start(self) -> None:
        """Start the sinks. Flume's groups do not fail because one member cannot start."""
        for sink in self.sinks:
            sink.start()

    def stop(self) -> None:
        """Stop the sinks."""
        call_all(*(sink.stop for sink in self.sinks))

    def interrupt(self) -> None:
        """End a wait inside `process` soon."""
        call_all(*(sink.interrupt for sink in self.sinks))
