"""Public fakes: a clock that stands still, a channel that fails on demand, an outlet with a view, helpers to wait.

Everything here is for tests of components, ours and those of plugins; nothing patches anything.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flumepy.core.batch import Event, EventBatch, split_batches
from flumepy.core.channel import Channel
from flumepy.core.component import Component, Context, Interceptor, Selector, Sink, Source
from flumepy.core.errors import BatchTooLargeError, ChannelFullError, FlumeError
from flumepy.core.options import NoOptions, require_options
from flumepy.core.outlet import Outlet
from flumepy.core.route import Route
from flumepy.core.transaction import Transaction

ComponentT = TypeVar("ComponentT", bound=Component[Any])


class FakeClock:
    """A clock that moves only when told."""

    def __init__(self, time_ms: int = 1_700_000_000_000) -> None:
        self._time_ms = time_ms

    def time_ms(self) -> int:
        """Return the time that was set."""
        return self._time_ms

    def monotonic_s(self) -> float:
        """Return the same time in seconds."""
        return self._time_ms / 1000

    def advance_ms(self, delta_ms: int) -> None:
        """Move on."""
        self._time_ms += delta_ms


def build(
    component: type[ComponentT], settings: Mapping[str, str] | None = None, *extra: Any, **context: Any
) -> ComponentT:
    """Build a component from property texts, as a file would. `extra`: the channels of a selector and the like."""
    context.setdefault("name", "x1")
    options = require_options(component.Options, settings or {})
    return component(Context(**context), options, *extra)


def wait_until(condition: Callable[[], object], *, timeout_s: float = 10.0, what: str = "the condition") -> None:
    """Return as soon as the condition is true; raise AssertionError after the time-out."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"{what} did not come true within {timeout_s} s")
        time.sleep(0.002)


def stays(condition: Callable[[], object], *, for_s: float = 0.2) -> bool:
    """Tell whether a condition is true all the time."""
    deadline_s = time.monotonic() + for_s
    while time.monotonic() < deadline_s:
        if not condition():
            return False
        time.sleep(0.005)
    return True


class ListChannel(Channel[NoOptions]):
    """An unbounded channel that keeps what was committed in sight and refuses puts on demand.

    failures: errors that the next puts raise, one each. commit_failures: the same for commits.
    capacity: most events, then ChannelFullError at once.
    """

    Options = NoOptions

    def __init__(
        self, name: str = "c1", *, capacity: int | None = None, transaction_capacity: int | None = None
    ) -> None:
        super().__init__(Context(name), NoOptions())
        self.failures: list[FlumeError] = []
        self.commit_failures: list[FlumeError] = []
        self.capacity = capacity
        self.transaction_capacity = transaction_capacity
        self.lock = threading.Lock()
        self.queue: list[EventBatch] = []
        self.put_batches: list[EventBatch] = []  #: every committed put, one entry a transaction
        self.rollbacks = 0
        self.taken = 0  #: events in open takes; they count against the capacity

    @property
    def size(self) -> int:
        """Return the number of events in the queue."""
        return sum(map(len, self.queue))

    def room(self) -> int | None:
        """Return what is left of the capacity."""
        return None if self.capacity is None else self.capacity - self.size - self.taken

    @property
    def bodies(self) -> list[bytes]:
        """Return all bodies in the queue."""
        return [body for batch in self.queue for body in batch.bodies]

    @property
    def events(self) -> list[Event]:
        """Return all events in the queue."""
        return [event for batch in self.queue for event in batch.events()]

    def add(self, *bodies: bytes, headers: dict[str, str] | None = None) -> None:
        """Put events as a source would."""
        with self.transaction() as transaction:
            transaction.put(EventBatch(list(bodies), dict(headers or {})))

    def transaction(self) -> "ListTransaction":
        """Return a new transaction."""
        return ListTransaction(self)


class ListTransaction(Transaction):
    """A transaction on a ListChannel."""

    def __init__(self, channel: ListChannel) -> None:
        super().__init__()
        self.channel = channel
        self.puts: list[EventBatch] = []
        self.taken: list[EventBatch] = []

    def do_put(self, batch: EventBatch) -> None:
        """Keep a batch, or raise the next failure."""
        if self.channel.failures:
            raise self.channel.failures.pop(0)
        channel, count = self.channel, sum(map(len, self.puts)) + len(batch)
        if channel.transaction_capacity is not None and count > channel.transaction_capacity:
            raise BatchTooLargeError(f"{channel.name}: more than {channel.transaction_capacity} events at once")
        if channel.capacity is not None and channel.size + channel.taken + count > channel.capacity:
            raise ChannelFullError(f"{self.channel.name} is full")
        self.puts.append(batch)

    def do_take(self, limit: int) -> list[EventBatch]:
        """Take from the head."""
        with self.channel.lock:
            taken, self.channel.queue = split_batches(self.channel.queue, limit)
            self.channel.taken += sum(map(len, taken))
        self.taken += taken
        return taken

    def do_commit(self, taken: int | None) -> None:
        """Append the puts and give back what was taken beyond `taken`, or raise the next commit failure."""
        if self.channel.commit_failures:
            raise self.channel.commit_failures.pop(0)
        with self.channel.lock:
            self.channel.queue += self.puts
            self.channel.put_batches += self.puts
            self.channel.taken -= sum(map(len, self.taken))
            if taken is not None:
                self.channel.queue = split_batches(self.taken, taken)[1] + self.channel.queue
        if self.puts:
            self.channel.wake_listeners()

    def do_rollback(self) -> None:
        """Give everything back."""
        self.channel.rollbacks += 1
        with self.channel.lock:
            self.channel.queue = self.taken + self.channel.queue
            self.channel.taken -= sum(map(len, self.taken))
        self.channel.wake_listeners()


class ToAll(Selector[NoOptions]):
    """Sends every batch to every channel."""

    def route(self, batch: EventBatch) -> list[Route]:
        """Return a required route per channel."""
        return [Route(channel, batch) for channel in self.channels]


def connect(source: Source[Any], *channels: Channel[Any], interceptors: list[Interceptor[Any]] | None = None) -> Outlet:
    """Give a source an outlet into these channels and return it."""
    source.outlet = Outlet(source.name, interceptors or [], ToAll(Context("selector"), NoOptions(), list(channels)))
    return source.outlet


def attach(sink: Sink[Any], channel: Channel[Any]) -> None:
    """Give a sink its channel."""
    sink.channel = channel
