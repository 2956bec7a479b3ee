"""Components for tests of the agent, named in configurations by their dotted path, and short ways to build agents."""

from collections.abc import Mapping
from typing import Any

from flumepy.agent.materialize import MaterializedAgent, materialize
from flumepy.channels.memory import MemoryChannel, MemoryOptions
from flumepy.config.load import configure
from flumepy.core.batch import EventBatch
from flumepy.core.batch_sink import BatchSink
from flumepy.core.channel import Channel
from flumepy.core.component import Context, Source
from flumepy.core.counters import SinkCounters, SourceCounters
from flumepy.core.errors import DeliveryError, StartError, UnsupportedError
from flumepy.core.options import Options, opt
from flumepy.formats.properties import load_properties

#: what the components below did, in order
journal: list[str] = []

ERRORS: dict[str, type[BaseException]] = {
    "StartError": StartError, "UnsupportedError": UnsupportedError, "ValueError": ValueError, "SystemExit": SystemExit,
}  # fmt: skip


class PartOptions(Options):
    """How a component misbehaves."""

    failing_starts: int = opt("failingStarts", 0, doc="How many starts fail.")
    error: str = opt("error", "StartError", doc="What a failing start raises.")
    is_stop_failing: bool = opt("failingStop", False, doc="Whether stop raises.")
    init_error: str | None = opt("initError", None, doc="What building raises.")
    is_delivering: bool = opt("delivering", True, doc="Whether deliveries succeed.")


class Journaled:
    """Writes starts and stops into the journal."""

    name: str
    kind: str
    options: Any
    starts = 0

    def note_start(self) -> None:
        self.starts += 1
        journal.append(f"start {self.name}")
        if self.starts <= self.options.failing_starts:
            raise ERRORS[self.options.error](f"no start number {self.starts}")

    def note_stop(self) -> None:
        journal.append(f"stop {self.name}")
        if self.options.is_stop_failing:
            raise RuntimeError("cannot stop")


class PartSource(Source[PartOptions], Journaled):
    """A source whose test puts the events."""

    Options = PartOptions

    def __init__(self, context: Context, options: PartOptions) -> None:
        super().__init__(context, options)
        if options.init_error:
            raise RuntimeError(f"{options.init_error}\nin two lines")
        self.counters = SourceCounters(context.name)

    def start(self) -> None:
        self.note_start()

    def stop(self) -> None:
        self.note_stop()


class PartSink(BatchSink[PartOptions], Journaled):
    """A sink that keeps what it delivers."""

    Options = PartOptions

    def __init__(self, context: Context, options: PartOptions) -> None:
        super().__init__(context, options)
        if options.init_error:
            raise RuntimeError(options.init_error)
        self.counters = SinkCounters(context.name)
        self.bodies: list[bytes] = []

    def start(self) -> None:
        self.note_start()

    def stop(self) -> None:
        self.note_stop()

    def deliver(self, batches: list[EventBatch]) -> None:
        if not self.options.is_delivering:
            raise DeliveryError(f"{self.name}: nobody takes it")
        self.bodies += [body for batch in batches for body in batch.bodies]


class PartChannelOptions(MemoryOptions, PartOptions):
    """A memory channel's options and misbehaviour."""

    reconfigure_error: str | None = opt("reconfigureError", None, doc="What new options raise while running.")


class PartChannel(MemoryChannel, Journaled):
    """A memory channel with a journal."""

    Options = PartChannelOptions

    def start(self) -> None:
        self.note_start()
        super().start()

    def stop(self) -> None:
        super().stop()
        self.note_stop()

    def reconfigure(self, options: MemoryOptions) -> None:
        assert isinstance(options, PartChannelOptions)
        if options.reconfigure_error:
            raise RuntimeError(options.reconfigure_error)
        super().reconfigure(options)


class PartDurable(PartChannel):
    """A channel that says that it survives."""

    durability = "power-safe"
    is_reusable = False


def config(**components: str) -> str:
    """Return a configuration of a1; `r1="netcat c1 port=0"`: type, channels, options. Kinds go by the first letter."""
    sections = {"r": "sources", "c": "channels", "k": "sinks", "g": "sinkgroups"}
    lines = [
        f"a1.{section} = {' '.join(name for name in components if name[0] == letter)}"
        for letter, section in sections.items()
    ]
    for name, text in components.items():
        type_name, *words = text.split()
        prefix = f"a1.{sections[name[0]]}.{name}"
        if type_name in ("source", "sink", "channel", "durable"):
            type_name = f"tests.agent.parts.Part{type_name.title()}"
        if name[0] != "g":
            lines.append(f"{prefix}.type = {type_name}")
        lines += [
            f"{prefix}.{key} = {value}" for key, _, value in (word.partition("=") for word in words if "=" in word)
        ]
        channels = " ".join(word for word in words if "=" not in word)
        if channels:
            lines.append(f"{prefix}.channel{'s' if name[0] == 'r' else ''} = {channels}")
        if name[0] == "g":
            lines.append(f"{prefix}.sinks = {type_name.replace(',', ' ')}")
    return "\n".join(lines) + "\n"


def agent_of(text: str, running: Mapping[str, Channel[Any]] | None = None) -> MaterializedAgent:
    """Return the agent a1 of a configuration's text, built and not started."""
    configuration = configure(load_properties(text.encode(), "x.conf"), {}, {})
    return materialize(configuration.agents["a1"], {}, running)
