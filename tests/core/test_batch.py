"""Batches of columns behave like lists of events."""

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import Column, Event, EventBatch, drop_empty, shared, split_batches
from flumepy.core.line_text import LineText
from flumepy.testing.conformance.interceptor import as_columns, check_columns, snapshot

NAMES = st.sampled_from(["host", "n", "ключ"])
TEXTS = st.sampled_from(["", "a", "b"])
EVENTS = st.lists(st.builds(Event, st.binary(max_size=3), st.dictionaries(NAMES, TEXTS, max_size=3)), max_size=8)
BATCHES = st.one_of(EVENTS.map(EventBatch.from_events), EVENTS.map(EventBatch.from_events).map(as_columns))


def model(batch: EventBatch) -> list[Event]:
    """Return the events of a batch, with headers of their own."""
    return [Event(event.body, dict(event.headers)) for event in batch.events()]


def agrees(batch: EventBatch, events: list[Event]) -> None:
    """Assert that a batch is well formed and has just these events."""
    check_columns(batch)
    assert model(batch) == events


@given(EVENTS)
def test_events_become_columns_and_come_back(events: list[Event]) -> None:
    agrees(EventBatch.from_events(events), events)


def test_a_header_that_all_events_share_is_one_string() -> None:
    batch = EventBatch.from_events([Event(b"1", {"a": "x", "b": "1"}), Event(b"2", {"a": "x"})])
    assert batch.headers == {"a": "x", "b": ["1", None]}


@given(BATCHES, st.integers(-2, 10), st.integers(-2, 10))
def test_a_slice_is_a_slice(batch: EventBatch, start: int, stop: int) -> None:
    start, stop = max(0, start), max(0, stop)
    agrees(batch.slice(start, stop), model(batch)[start:stop])


@given(BATCHES, st.integers(0, 9), st.integers(1, 5))
def test_a_stride_takes_every_nth(batch: EventBatch, start: int, step: int) -> None:
    agrees(batch.stride(start, step), model(batch)[start::step])


@given(BATCHES, st.data())
def test_a_filter_keeps_what_its_mask_says(batch: EventBatch, data: st.DataObject) -> None:
    mask = data.draw(st.lists(st.booleans(), min_size=len(batch), max_size=len(batch)))
    agrees(batch.filter(mask), [event for event, keep in zip(model(batch), mask, strict=True) if keep])


@given(BATCHES, st.data())
def test_events_are_taken_by_their_places(batch: EventBatch, data: st.DataObject) -> None:
    indexes = data.draw(st.lists(st.integers(0, len(batch) - 1), unique=True)) if len(batch) else []
    agrees(batch.take(indexes), [model(batch)[index] for index in indexes])


@given(st.lists(BATCHES, min_size=1, max_size=6).map(EventBatch.concat), st.data(), st.booleans(), st.booleans())
def test_events_are_left_out_by_their_places(
    batch: EventBatch, data: st.DataObject, as_lines: bool, size_is_known: bool
) -> None:
    if as_lines:
        batch = EventBatch.from_lines([body + b"\n" for body in batch.bodies], batch.headers)
    if size_is_known:
        batch.body_bytes()
    most = data.draw(st.sampled_from([1, 2, 50]))
    gone = data.draw(st.sets(st.integers(0, len(batch) - 1), max_size=most)) if len(batch) else set()
    expected = [event for index, event in enumerate(model(batch)) if index not in gone]
    left = batch.without(sorted(gone))
    assert (left.lines is not None) == as_lines
    assert left.body_bytes() == sum(len(event.body) for event in expected)
    agrees(left, expected)


@given(st.lists(BATCHES, min_size=1, max_size=4))
def test_batches_join_in_order(batches: list[EventBatch]) -> None:
    joined = EventBatch.concat(batches)
    assert model(joined) == [event for batch in batches for event in model(batch)]
    assert all(len(value) == len(joined) for value in joined.headers.values() if isinstance(value, list))


@given(st.lists(BATCHES, max_size=4), st.integers(0, 20))
def test_a_list_of_batches_is_cut_after_so_many_events(batches: list[EventBatch], count: int) -> None:
    first, rest = split_batches(batches, count)
    events = [event for batch in batches for event in model(batch)]
    assert [event for batch in first for event in model(batch)] == events[:count]
    assert [event for batch in rest for event in model(batch)] == events[count:]


@given(BATCHES, NAMES, st.data(), st.booleans())
def test_a_header_is_set_event_by_event(batch: EventBatch, name: str, data: st.DataObject, preserve: bool) -> None:
    entries = st.lists(st.none() | TEXTS, min_size=len(batch), max_size=len(batch))
    value: Column = data.draw(TEXTS | entries)
    events = model(batch)
    for event, entry in zip(events, [value] * len(batch) if isinstance(value, str) else value, strict=True):
        if entry is not None and not (preserve and name in event.headers):
            event.headers[name] = entry
    result = batch.with_header(name, value, preserve=preserve)
    assert model(result) == events
    assert all(len(column) == len(batch) for column in result.headers.values() if isinstance(column, list))


@given(BATCHES, st.sets(NAMES))
def test_headers_are_taken_away(batch: EventBatch, names: set[str]) -> None:
    events = [Event(e.body, {n: v for n, v in e.headers.items() if n not in names}) for e in model(batch)]
    agrees(batch.without_headers(names), events)


CHANGES: list[Callable[[EventBatch], object]] = [
    lambda batch: batch.with_header("host", "z"),
    lambda batch: batch.with_header("host", ["z"] * len(batch), preserve=True),
    lambda batch: batch.without_headers(["host"]),
    lambda batch: batch.filter([True] * len(batch)),
    lambda batch: batch.take([1]),
    lambda batch: batch.without([1]),
    lambda batch: batch.slice(1, 2),
    lambda batch: batch.stride(1, 2),
    lambda batch: EventBatch.concat([batch, batch]),
    lambda batch: [event.headers.clear() for event in batch.events()],
    lambda batch: [one.clear() for one in batch.header_maps()],
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_operation_changes_the_batch_itself(change: Callable[[EventBatch], object]) -> None:
    for headers in ({"host": "web1"}, {"host": ["web1", None, "web3"]}, {}):
        batch = EventBatch([b"1", b"2", b"3"], dict(headers))
        before = snapshot(batch)
        change(batch)
        assert snapshot(batch) == before


def test_setting_a_shared_header_shares_the_bodies() -> None:
    batch = EventBatch([b"1", b"2"], {"a": "x"})
    assert batch.with_header("b", "y").bodies is batch.bodies
    assert batch.with_header("a", "y", preserve=True) is batch
    assert batch.slice(0, 2) is batch


def test_equal_batches_have_equal_events_however_written() -> None:
    assert EventBatch([b"1", b"2"], {"a": "x"}) == EventBatch([b"1", b"2"], {"a": ["x", "x"]})
    assert EventBatch([b"1"], {"a": "x"}) != EventBatch([b"1"], {"a": "y"})
    assert EventBatch([b"1"]) != EventBatch([b"2"])
    assert EventBatch([b"1"]) != [b"1"]


def test_a_column_is_told_entry_by_entry() -> None:
    batch = EventBatch([b"1", b"2"], {"a": "x", "b": ["1", None]})
    assert (batch.column("a"), batch.column("b"), batch.column("c")) == (["x", "x"], ["1", None], [None, None])


def test_columns_are_shared_and_dropped_where_they_can_be() -> None:
    assert shared(["a", "a"]) == "a"
    assert shared(["a", None]) == ["a", None]
    assert shared([None, None]) == [None, None]
    assert shared([]) == []
    assert drop_empty({"a": [None], "b": ["x"], "c": "y", "d": []}) == {"b": ["x"], "c": "y"}


def test_sizes_are_told() -> None:
    batch = EventBatch([b"12", b"", b"345"], {"b": "x", "a": "y"})
    assert (len(batch), batch.body_bytes()) == (3, 5)
    assert repr(batch) == "EventBatch(3 events, headers=['a', 'b'])"


class TestABatchOfLines:
    """Lines with their line feeds are a batch like any other."""

    LINES: ClassVar[list[bytes]] = [b"one\n", b"\n", b"three\r\n", b"4\n"]
    BODIES: ClassVar[list[bytes]] = [b"one", b"", b"three\r", b"4"]

    def test_it_equals_the_batch_of_its_bodies(self) -> None:
        batch = EventBatch.from_lines(self.LINES, {"k": "v"})
        assert batch == EventBatch(self.BODIES, {"k": "v"})
        assert len(batch) == 4
        assert batch.body_bytes() == sum(map(len, self.BODIES))

    def test_a_known_size_is_taken_over(self) -> None:
        assert EventBatch.from_lines(self.LINES, size_bytes=sum(map(len, self.LINES))).body_bytes() == 10

    def test_slices_strides_filters_and_headers_keep_the_lines(self) -> None:
        batch = EventBatch.from_lines(self.LINES)
        assert batch.slice(1, 3).lines == self.LINES[1:3]
        assert batch.stride(1, 2).lines == self.LINES[1::2]
        assert batch.filter([1, 0, 0, 1]).lines == [self.LINES[0], self.LINES[3]]
        assert batch.take([1, 3]).lines == [self.LINES[1], self.LINES[3]]
        assert batch.without([2]).lines == [*self.LINES[:2], self.LINES[3]]
        assert batch.with_header("a", "b").without_headers(["a"]).lines == self.LINES
        assert batch.slice(1, 3).bodies == self.BODIES[1:3]

    def test_new_bodies_have_no_lines(self) -> None:
        batch = EventBatch.from_lines(self.LINES).with_bodies([b"x"] * 4)
        assert batch.lines is None
        assert batch.bodies == [b"x"] * 4

    def test_joined_with_other_batches_nothing_is_lost(self) -> None:
        lines, plain = EventBatch.from_lines(self.LINES, {"a": "1"}), EventBatch([b"p"], {"b": "2"})
        joined = EventBatch.concat([lines, plain, lines])
        assert joined.bodies == [*self.BODIES, b"p", *self.BODIES]
        assert joined.column("a") == ["1"] * 4 + [None] + ["1"] * 4
        assert EventBatch.concat([lines, lines]).lines == self.LINES * 2


PLAIN_BODIES = st.lists(st.sampled_from([b"", b"a", b"b\r", "ключ".encode()]), max_size=8)


def text_of(batch: EventBatch) -> bytes | None:
    return None if batch.text is None else batch.text.text


class TestABatchOfText:
    """Lines that stayed one text are a batch like any other."""

    @staticmethod
    def both(bodies: list[bytes], as_columns: bool) -> tuple[EventBatch, EventBatch]:
        headers: dict[str, Column] = {"n": [str(number) for number in range(len(bodies))]} if as_columns else {"k": "v"}
        text = LineText(b"".join([body + b"\n" for body in bodies]))
        return EventBatch.from_text(text, headers), EventBatch(bodies, headers)

    @given(PLAIN_BODIES, st.booleans(), st.integers(0, 9), st.integers(0, 9), st.data())
    def test_it_equals_the_batch_of_its_bodies(
        self, bodies: list[bytes], as_columns: bool, start: int, stop: int, data: st.DataObject
    ) -> None:
        text, plain = self.both(bodies, as_columns)
        mask = data.draw(st.lists(st.booleans(), min_size=len(bodies), max_size=len(bodies)))
        for derive in (
            lambda batch: batch,
            lambda batch: batch.slice(start, stop),
            lambda batch: batch.stride(start, 2),
            lambda batch: batch.filter(mask),
            lambda batch: batch.without([index for index, keep in enumerate(mask) if not keep]),
            lambda batch: batch.with_header("a", "b").without_headers(["k"]),
            lambda batch: EventBatch.concat([batch, batch.slice(start, stop)]),
            lambda batch: EventBatch.concat([batch, plain]),
            lambda batch: EventBatch.concat([batch, EventBatch.from_lines([b"x\n"])]),
        ):
            derived, expected = derive(text), derive(plain)
            assert len(derived) == len(expected)
            assert derived.body_bytes() == expected.body_bytes()
            assert derived.lines in (None, [body + b"\n" for body in expected.bodies])
            assert derived == expected

    def test_slices_headers_and_joins_keep_it_one_text(self) -> None:
        text = EventBatch.from_text(LineText(b"one\n\nthree\n"))
        assert text_of(text.slice(1, 3)) == b"\nthree\n"
        assert text.with_header("a", "b").without_headers(["a"]).text is text.text
        assert text_of(EventBatch.concat([text, text.slice(0, 1)])) == b"one\n\nthree\none\n"


def test_a_joined_batch_knows_its_size_where_all_parts_do() -> None:
    known, other = EventBatch([b"ab", b"c"], body_bytes=3), EventBatch([b"def"])
    assert EventBatch.concat([known, other]).body_bytes() == 6
    assert other.body_bytes() == 3
    assert EventBatch.concat([known, other, known]).body_bytes() == 9
