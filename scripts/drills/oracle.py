"""What a durable channel owes to those who used it, kept by somebody who cannot be killed with it.

Every commit is told twice: before it begins and after it was acknowledged. From that follows what a later opening must find:

- all events of an acknowledged put, or of one that a taker has seen, but for those of acknowledged takes;
- nothing of a put that was rolled back or refused, nothing of an acknowledged take;
- of a commit that was in flight when the process ended, and of one of takes that did not wait: all or nothing;
- after a stop in peace, nothing of what was taken and did not wait;
- a put that began after another was acknowledged comes behind it, and so do the puts of one thread; the events of a put are
  in their order.

Puts and takes are numbered; an event is (put, index). Events travel as runs: put, first index, index behind the last.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Run = tuple[int, int, int]
EventName = tuple[int, int]


class Violation(Exception):
    """The channel broke a promise."""


@dataclass(slots=True)
class Put:
    """What is known of a put. `begun` and `ended` count the messages; `is_stored`: None while nobody knows."""

    number: int
    count: int
    putter: int
    begun: int
    ended: int | None = None
    is_stored: bool | None = None
    taken: set[int] = field(default_factory=set)


class Order:
    """Checks that events come in an order that the putters can have meant."""

    def __init__(self) -> None:
        self._latest: Put | None = None  # the put that began last, of those seen
        self._indices: dict[int, int] = {}
        self._putters: dict[int, int] = {}

    def check(self, put: Put, index: int) -> None:
        """Take the next event. Raises Violation."""
        latest = self._latest
        if latest is not None and put.ended is not None and put.ended < latest.begun:
            raise Violation(f"put {put.number} came behind put {latest.number}, which began after it was acknowledged")
        if put.number < self._putters.get(put.putter, 0):
            raise Violation(f"put {put.number} came behind put {self._putters[put.putter]} of the same thread")
        if index <= self._indices.get(put.number, -1):
            raise Violation(f"event {index} of put {put.number} came behind event {self._indices[put.number]}")
        if latest is None or put.begun > latest.begun:
            self._latest = put
        self._putters[put.putter] = put.number
        self._indices[put.number] = index


class Oracle:
    """The whole life of one channel, over all its processes."""

    def __init__(self) -> None:
        self.puts: dict[int, Put] = {}
        self._live: dict[int, Put] = {}  # of whose events some are owed, or may be
        self._messages = 0
        self._takes: dict[int, list[EventName]] = {}  # begun and not answered
        self._left_takes: list[list[EventName]] = []  # committed in this process, without waiting
        self._unknown_takes: list[list[EventName]] = []  # begun, and never answered
        self._in_takes: set[EventName] = set()
        self._order: Order | None = None
        self._was_damaged = False  # the channel then counts events until it misses them
        self.acknowledged_puts = self.acknowledged_takes = self.checked_openings = 0

    def begin(self, *, takers: int) -> None:
        """A process opens the channel. With one taker the order in which it takes is checked too."""
        self._order = Order() if takers == 1 else None

    def put(self, number: int, count: int, putter: int) -> None:
        """A put is about to be committed."""
        self._messages += 1
        self.puts[number] = self._live[number] = Put(number, count, putter, self._messages)

    def put_done(self, number: int) -> None:
        """The put was acknowledged."""
        self._messages += 1
        self.puts[number].ended = self._messages
        self.puts[number].is_stored = True
        self.acknowledged_puts += 1

    def put_failed(self, number: int) -> None:
        """The commit failed in a way that leaves open what is stored."""
        self._messages += 1
        self.puts[number].ended = self._messages

    def put_dropped(self, number: int) -> None:
        """The put was rolled back or refused. Raises Violation."""
        put = self.puts[number]
        if put.is_stored:
            raise Violation(f"put {number} was seen by a taker, and then refused")
        put.is_stored = False
        self._live.pop(number, None)

    def take(self, number: int, runs: Iterable[Run]) -> None:
        """A taker is about to commit these events. Raises Violation."""
        events = list(_events(runs))
        for name in events:
            put = self._known(name)
            if name in self._in_takes:
                raise Violation(f"event {name} is in two takes at once")
            put.is_stored = True
            self._in_takes.add(name)
            if self._order is not None:
                self._order.check(put, name[1])
        again = set(events)
        # Who delivers an event again tells that an earlier take of it never came about, in no part.
        self._unknown_takes = [take for take in self._unknown_takes if again.isdisjoint(take)]
        self._takes[number] = events

    def take_done(self, number: int) -> None:
        """The take was acknowledged."""
        self.acknowledged_takes += 1
        events = self._takes.pop(number)
        self._in_takes.difference_update(events)
        self._forget(events)

    def take_left(self, number: int) -> None:
        """The take was committed without waiting: its events may come again, but only in another process."""
        self.acknowledged_takes += 1
        self._left_takes.append(self._takes.pop(number))

    def stopped(self) -> None:
        """The channel was stopped in peace, so that every commit is stored."""
        for events in self._left_takes:
            self._forget(events)
        self._left_takes.clear()

    def take_failed(self, number: int) -> None:
        """The commit of the take failed; its events may come again, or have gone."""
        events = self._takes.pop(number)
        self._in_takes.difference_update(events)
        self._unknown_takes.append(events)
        if self._order is not None:
            self._order = Order()

    def ended(self) -> None:
        """The process is gone; what was not answered never will be."""
        self._messages += 1
        for put in self._live.values():
            if put.ended is None:
                put.ended = self._messages
        self._unknown_takes += [events for events in (*self._takes.values(), *self._left_takes) if events]
        self._takes.clear()
        self._left_takes.clear()
        self._in_takes.clear()

    def found(self, runs: Iterable[Run], size: int) -> None:
        """A new process found these events, in this order, and says that there are `size`. Raises Violation."""
        self.checked_openings += 1
        order = Order()
        found: set[EventName] = set()
        for name in _events(runs):
            order.check(self._known(name), name[1])
            found.add(name)
        if size != len(found) and not (self._was_damaged and size > len(found)):
            raise Violation(f"the channel says that it has {size} events, and has {len(found)}")
        self._settle_takes(found)
        self._settle_puts(found)

    def found_after_damage(self, runs: Sequence[Run], lost_puts: int | None, may_repeat: bool) -> None:
        """The files were damaged in between: what is left must be real and in order; it is what counts from now on.

        lost_puts: most puts that may have lost events; None: any number. may_repeat: taken events may come again.
        Raises Violation.
        """
        self.checked_openings += 1
        self._was_damaged = True
        order, found = Order(), set(_events(runs))
        for name in _events(runs):
            put = self.puts.get(name[0])
            if put is None or name[1] >= put.count:
                raise Violation(f"event {name} was never put")
            if not may_repeat:
                self._known(name)
            order.check(put, name[1])
        unsure = {name for take in self._unknown_takes for name in take}
        losers = [put.number for put in self._live.values() if put.is_stored and not _owed(put, unsure) <= found]
        if lost_puts is not None and len(losers) > lost_puts:
            raise Violation(f"{len(losers)} puts have lost events, {lost_puts} may: {losers[:5]}")
        self._unknown_takes, self._live = [], {}
        for put in self.puts.values():
            left = {index for index in range(put.count) if (put.number, index) in found}
            put.taken = set(range(put.count)) - left
            if left:
                put.is_stored = True
                self._live[put.number] = put

    def _settle_takes(self, found: set[EventName]) -> None:
        unknown, self._unknown_takes = self._unknown_takes, []
        for events in unknown:
            present = found.intersection(events)
            if not present:
                self._forget(events)
            elif len(present) < len(events):
                missing = sorted(set(events) - present)
                raise Violation(
                    f"of a take in flight {len(events) - len(present)} events are gone, not all: {missing[:5]}"
                )

    def _settle_puts(self, found: set[EventName]) -> None:
        for put in list(self._live.values()):
            owed = [(put.number, index) for index in range(put.count) if index not in put.taken]
            missing = [name for name in owed if name not in found]
            if put.is_stored is None:
                put.is_stored = len(missing) < len(owed)
            if not put.is_stored:
                del self._live[put.number]
                continue
            if missing:
                raise Violation(f"put {put.number} has lost {len(missing)} of {put.count} events: {missing[:5]}")

    def _known(self, name: EventName) -> Put:
        put = self.puts.get(name[0])
        if put is None or name[1] >= put.count:
            raise Violation(f"event {name} was never put")
        if put.is_stored is False:
            raise Violation(f"event {name} is there, though its put was rolled back, refused, or not found before")
        if name[1] in put.taken:
            raise Violation(f"event {name} is there again after an acknowledged take")
        return put

    def _forget(self, events: Iterable[EventName]) -> None:
        for number, index in events:
            put = self.puts[number]
            put.taken.add(index)
            if len(put.taken) == put.count:
                self._live.pop(number, None)


def _events(runs: Iterable[Run]) -> Iterator[EventName]:
    for number, first, stop in runs:
        for index in range(first, stop):
            yield number, index


def _owed(put: Put, unsure: set[EventName]) -> set[EventName]:
    """Return the events of a put that must be there."""
    return {(put.number, index) for index in range(put.count) if index not in put.taken} - unsure
