"""The batch: what moves between components, held as columns.

Invariants: a batch is never changed once published, so it may be shared by channels, retries and threads; `bodies` has one
entry per event; a header is one `str` that all events share, or a list with one entry per event in which None means that
this event lacks the header. A column of only None does not occur in batches made here. Work on a batch is O(columns)
wherever possible; what is per event is a C-level loop. A batch made from `lines` (each body with its line feed, as it came),
or from a text of such lines, computes `bodies` only when somebody asks: to make an object of every line and to cut its end
off costs more than all else, and a text file wants them whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, compress
from operator import itemgetter
from typing import TypeVar

from flumepy.core.line_text import LineText

Column = str | list[str | None]
Entry = TypeVar("Entry")

#: from one dropped event in so many on, a mask is quicker than the slices between them
DENSE = 4


@dataclass(slots=True)
class Event:
    """One event as plugin authors see it: a body and a header dict that may be changed."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class EventBatch:
    """Events as columns: `bodies`, and `headers` by name."""

    __slots__ = ("_bodies", "_body_bytes", "_lines", "headers", "text")

    def __init__(self, bodies: list[bytes], headers: dict[str, Column] | None = None, *, body_bytes: int = -1) -> None:
        """Make a batch. `body_bytes`: the length of all bodies together, where it is known anyway."""
        self._bodies: list[bytes] | None = bodies
        self.headers: dict[str, Column] = {} if headers is None else headers
        self._body_bytes = body_bytes
        self._lines: list[bytes] | None = None
        #: the lines in one piece, where the batch was made of them
        self.text: LineText | None = None

    @classmethod
    def from_lines(
        cls, lines: list[bytes], headers: dict[str, Column] | None = None, *, size_bytes: int = -1
    ) -> EventBatch:
        """Make a batch of lines that all end with a line feed. `size_bytes`: their length, where it is known anyway."""
        batch = EventBatch([], headers)
        batch._bodies, batch._lines = None, lines
        batch._body_bytes = size_bytes - len(lines) if size_bytes >= 0 else -1
        return batch

    @classmethod
    def from_text(cls, text: LineText, headers: dict[str, Column] | None = None) -> EventBatch:
        """Make a batch of the lines of a text."""
        batch = EventBatch([], headers, body_bytes=text.size_bytes - text.count)
        batch._bodies, batch.text = None, text
        return batch

    @property
    def lines(self) -> list[bytes] | None:
        """Return the bodies, each with a line feed after it, where the batch was made of them."""
        if self._lines is None and self.text is not None:
            self._lines = self.text.lines()
        return self._lines

    @property
    def bodies(self) -> list[bytes]:
        """Return the bodies, one per event; the list must not be changed."""
        if self._bodies is None:
            self._bodies = [line[:-1] for line in self.lines or ()]
        return self._bodies

    def __len__(self) -> int:
        if self.text is not None:
            return self.text.count
        return len(self._lines or () if self._bodies is None else self._bodies)

    def __repr__(self) -> str:
        return f"EventBatch({len(self)} events, headers={sorted(self.headers)})"

    def __eq__(self, other: object) -> bool:
        """Compare event by event, so that a shared header equals a column of the same values."""
        if not isinstance(other, EventBatch):
            return NotImplemented
        return self.bodies == other.bodies and self.header_maps() == other.header_maps()

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> EventBatch:
        """Turn events into columns; a header with one value everywhere becomes a shared one."""
        events = list(events)
        names: dict[str, None] = {}
        for event in events:
            names.update(dict.fromkeys(event.headers))
        headers: dict[str, Column] = {}
        for name in names:
            headers[name] = shared([event.headers.get(name) for event in events])
        return cls([event.body for event in events], headers)

    @classmethod
    def concat(cls, batches: Sequence[EventBatch]) -> EventBatch:
        """Join batches in order; columns stay shared where all agree."""
        if len(batches) == 1:
            return batches[0]
        first = batches[0].headers
        joined = cls._joined(batches)
        if [batch.headers for batch in batches].count(first) == len(batches) and list not in map(type, first.values()):
            return joined._with_headers(first)
        names: dict[str, None] = {}
        for batch in batches:
            names.update(dict.fromkeys(batch.headers))
        return joined._with_headers({n: shared([v for batch in batches for v in batch.column(n)]) for n in names})

    @classmethod
    def _joined(cls, batches: Sequence[EventBatch]) -> EventBatch:
        texts = [batch.text for batch in batches if batch.text is not None]
        if len(texts) == len(batches):
            return cls.from_text(LineText.concat(texts))
        runs = [batch.lines for batch in batches if batch.lines is not None]
        if len(runs) == len(batches):
            joined = cls.from_lines(list(chain.from_iterable(runs)))
        else:
            joined = cls(list(chain.from_iterable([batch.bodies for batch in batches])))
        sizes = [batch._body_bytes for batch in batches]
        if min(sizes) >= 0:
            joined._body_bytes = sum(sizes)
        return joined

    def _with_headers(self, headers: dict[str, Column]) -> EventBatch:
        batch = EventBatch([], headers)
        batch._bodies, batch._lines, batch.text = self._bodies, self._lines, self.text
        batch._body_bytes = self._body_bytes
        return batch

    def _pick(self, pick: Callable[[list[bytes]], list[bytes]], headers: dict[str, Column]) -> EventBatch:
        if self.lines is not None:
            return EventBatch.from_lines(pick(self.lines), drop_empty(headers))
        return EventBatch(pick(self.bodies), drop_empty(headers))

    def column(self, name: str) -> list[str | None]:
        """Return a header as one entry per event; all None when no event has it."""
        value = self.headers.get(name)
        return value if isinstance(value, list) else [value] * len(self)

    def with_header(self, name: str, value: Column, *, preserve: bool = False) -> EventBatch:
        """Return a batch with this header set; `preserve` fills only events that lack it. A None entry leaves as is."""
        present = self.headers.get(name)
        if present is not None and (preserve or isinstance(value, list)):
            if preserve and isinstance(present, str):
                return self
            ours = value if isinstance(value, list) else [value] * len(self)
            pairs = zip(self.column(name), ours, strict=True)
            if preserve:
                value = shared([old if old is not None else new for old, new in pairs])
            else:
                value = shared([new if new is not None else old for old, new in pairs])
        elif isinstance(value, list) and not any(entry is not None for entry in value):
            return self
        return self._with_headers({**self.headers, name: value})

    def without_headers(self, names: Iterable[str]) -> EventBatch:
        """Return a batch that lacks these headers."""
        gone = set(names)
        return self._with_headers({name: value for name, value in self.headers.items() if name not in gone})

    def with_bodies(self, bodies: list[bytes]) -> EventBatch:
        """Return a batch with other bodies, one per event, and the same headers."""
        return EventBatch(bodies, self.headers)

    def filter(self, mask: Sequence[object]) -> EventBatch:
        """Return the events whose entry in `mask` (one per event) is true."""
        headers = {n: v if isinstance(v, str) else shared(list(compress(v, mask))) for n, v in self.headers.items()}
        return self._pick(lambda entries: list(compress(entries, mask)), headers)

    def take(self, indexes: list[int]) -> EventBatch:
        """Return the events at these places, in this order."""
        headers = {n: v if isinstance(v, str) else shared([v[i] for i in indexes]) for n, v in self.headers.items()}
        return self._pick(lambda entries: list(map(entries.__getitem__, indexes)), headers)

    def without(self, indexes: list[int]) -> EventBatch:
        """Return all events but those at these places, which ascend; quickest when they are few."""
        if len(indexes) * DENSE > len(self):
            mask = [True] * len(self)
            for index in indexes:
                mask[index] = False
            return self.filter(mask)
        headers = {n: v if isinstance(v, str) else shared(cut(v, indexes)) for n, v in self.headers.items()}
        batch = self._pick(lambda entries: cut(entries, indexes), headers)
        if self._body_bytes >= 0:
            entries = self.bodies if self.lines is None else self.lines
            ends = 0 if self.lines is None else len(indexes)
            batch._body_bytes = self._body_bytes - sum([len(entries[i]) for i in indexes]) + ends
        return batch

    def slice(self, start: int, stop: int) -> EventBatch:
        """Return the events [start, stop); the bodies are shared."""
        if start <= 0 and stop >= len(self):
            return self
        headers = self.headers
        for value in headers.values():
            if type(value) is list:
                cut = {name: v if isinstance(v, str) else v[start:stop] for name, v in headers.items()}
                headers = drop_empty(cut)
                break
        if self.text is not None:
            return EventBatch.from_text(self.text.slice(start, stop), headers)
        if self._lines is not None:
            return EventBatch.from_lines(self._lines[start:stop], headers)
        return EventBatch(self.bodies[start:stop], headers)

    def stride(self, start: int, step: int) -> EventBatch:
        """Return every `step`-th event from `start` on."""
        headers: dict[str, Column] = {n: v if isinstance(v, str) else v[start::step] for n, v in self.headers.items()}
        return self._pick(itemgetter(slice(start, None, step)), headers)

    def body_bytes(self) -> int:
        """Return the length of all bodies together, counted once."""
        if self._body_bytes < 0:
            ends = 0 if self._lines is None else len(self._lines)
            self._body_bytes = sum(map(len, self._lines or self.bodies)) - ends
        return self._body_bytes

    def header_maps(self) -> list[dict[str, str]]:
        """Return one new header dict per event."""
        constant = {name: value for name, value in self.headers.items() if isinstance(value, str)}
        maps = [dict(constant) for _ in range(len(self))]
        for name, value in self.headers.items():
            if not isinstance(value, str):
                for one, entry in zip(maps, value, strict=True):
                    if entry is not None:
                        one[name] = entry
        return maps

    def events(self) -> Iterator[Event]:
        """Iterate the events as objects (plugins and per-event sinks; not for hot paths)."""
        return map(Event, self.bodies, self.header_maps())


def shared(column: list[str | None]) -> Column:
    """Return the one value if all entries are equal to it and it is not None, else the column."""
    if column and column[0] is not None and column.count(column[0]) == len(column):
        return column[0]
    return column


def cut(entries: list[Entry], indexes: list[int]) -> list[Entry]:
    """Return the entries without those at these places, which ascend."""
    kept: list[Entry] = []
    start = 0
    for index in indexes:
        kept += entries[start:index]
        start = index + 1
    kept += entries[start:]
    return kept


def drop_empty(headers: dict[str, Column]) -> dict[str, Column]:
    """Leave out columns in which no event has a value."""
    return {n: v for n, v in headers.items() if isinstance(v, str) or any(entry is not None for entry in v)}


def split_batches(batches: list[EventBatch], count: int) -> tuple[list[EventBatch], list[EventBatch]]:
    """Cut a list of batches after `count` events."""
    first: list[EventBatch] = []
    for position, batch in enumerate(batches):
        if count < len(batch):
            rest = [batch.slice(count, len(batch)), *batches[position + 1 :]]
            return ([*first, batch.slice(0, count)] if count else first), rest
        first.append(batch)
        count -= len(batch)
    return first, []
