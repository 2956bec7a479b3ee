"""A stored batch comes back as it was; damage is an InputError, never anything else."""

import mmap
import struct
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import Column, EventBatch
from flumepy.core.errors import InputError
from flumepy.core.line_text import LEAST_PIECE_BYTES, LineText
from flumepy.formats.event_columns import LINES, TEXT, VERSION, decode_batch, encode_batch
from flumepy.formats.joined_columns import common_part, join_blobs

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
HEAD = struct.Struct("<BBHI")


@st.composite
def batches(draw: st.DrawFn, *, max_events: int = 12) -> EventBatch:
    count = draw(st.integers(0, max_events))
    bodies = draw(st.lists(st.binary(max_size=40), min_size=count, max_size=count))
    columns: st.SearchStrategy[Column] = st.one_of(TEXTS, st.lists(st.none() | TEXTS, min_size=count, max_size=count))
    headers = draw(st.dictionaries(TEXTS, columns, max_size=4))
    match draw(st.sampled_from([0, LINES, TEXT])):
        case 0:
            return EventBatch(bodies, headers)
        case 1:
            return EventBatch.from_lines([body + b"\n" for body in bodies], headers)
    text = b"".join(body.replace(b"\n", b"\r") + b"\n" for body in bodies)
    return EventBatch.from_text(LineText(text), headers)


def stored(batch: EventBatch) -> bytes:
    return b"".join(encode_batch(batch))


@given(batches())
def test_a_batch_comes_back_with_its_columns(batch: EventBatch) -> None:
    again = decode_batch(len(batch), stored(batch))
    assert again.headers == batch.headers, "a shared header stays shared, a column a column"
    assert (again.bodies, again.lines) == (batch.bodies, batch.lines)
    assert (again.text is None) == (batch.text is None)
    assert again.body_bytes() == sum(map(len, batch.bodies))


@given(batches())
def test_any_kind_of_buffer_can_be_decoded(batch: EventBatch) -> None:
    data = stored(batch)
    inside = memoryview(b"before" + data + b"after")[6 : 6 + len(data)]
    assert decode_batch(len(batch), inside) == decode_batch(len(batch), bytearray(data)) == batch


def test_lines_keep_their_line_feeds_and_are_not_cut() -> None:
    batch = EventBatch.from_lines([b"one\n", b"\n", b"t\nwo\n"], {"host": "web1"})
    again = decode_batch(3, stored(batch))
    assert again.lines == [b"one\n", b"\n", b"t\nwo\n"]
    assert again.bodies == [b"one", b"", b"t\nwo"]


def test_a_text_is_neither_cut_to_be_stored_nor_when_it_comes_back() -> None:
    batch = EventBatch.from_text(LineText(b"one\n\ntwo\n"), {"host": "web1"})
    again = decode_batch(3, stored(batch))
    assert again.text is not None
    assert (again.text.text, len(again), again.headers) == (b"one\n\ntwo\n", 3, {"host": "web1"})
    assert (batch._lines, batch._bodies, again._lines, again._bodies) == (None,) * 4


def test_a_text_of_several_pieces_is_stored_as_one() -> None:
    line = b"x" * LEAST_PIECE_BYTES + b"\n"
    batch = EventBatch.concat([EventBatch.from_text(LineText(line * count)) for count in (3, 2)]).slice(1, 4)
    assert len(encode_batch(batch)) == 3  # the head, and a view of each piece
    assert stored(batch) == stored(EventBatch.from_text(LineText(line * 3)))


@pytest.mark.parametrize(
    ("count", "text"), [(0, b"\n"), (0, b"x"), (1, b""), (1, b"x"), (1, b"x\ny"), (1, b"x\n\n"), (2, b"x\n")]
)
def test_a_text_that_has_not_so_many_lines_is_refused(count: int, text: bytes) -> None:
    with pytest.raises(InputError, match=f"a stored text of {len(text)} bytes does not hold {count} lines"):
        decode_batch(count, HEAD.pack(VERSION, TEXT, 0, 1) + b"\x80" + text)


def test_flags_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(InputError, match=f"version {VERSION} with flags 0x3"):
        decode_batch(0, HEAD.pack(VERSION, LINES | TEXT, 0, 1) + b"\x80")


def test_the_layout_is_the_one_of_the_module_text() -> None:
    headers = msgspec.msgpack.encode({"host": "web1", "n": ["1", None]})
    expected = HEAD.pack(VERSION, 0, 0, len(headers)) + headers + b"\x92\xc4\x02ab\xc4\x03cde"
    assert stored(EventBatch([b"ab", b"cde"], {"host": "web1", "n": ["1", None]})) == expected
    expected = HEAD.pack(VERSION, TEXT, 0, len(headers)) + headers + b"ab\ncde\n"
    assert stored(EventBatch.from_text(LineText(b"ab\ncde\n"), {"host": "web1", "n": ["1", None]})) == expected


def test_a_body_of_4_gib_is_refused() -> None:
    with mmap.mmap(-1, 1 << 32) as untouched, memoryview(untouched) as body, pytest.raises(InputError, match="4 GiB"):
        encode_batch(EventBatch([cast(bytes, body)]))


def test_a_line_without_its_line_feed_is_refused() -> None:
    for entries in ([b"one\n", b""], [b"one\n", b"two"]):
        data = HEAD.pack(VERSION, LINES, 0, 1) + b"\x80" + msgspec.msgpack.encode(entries)
        with pytest.raises(InputError, match="lacks a line feed"):
            decode_batch(2, data)


@pytest.mark.parametrize("counts", [(1, 2), (15, 16), (1, 65_535, 65_536)])
def test_joined_blobs_are_one_batch(counts: tuple[int, ...]) -> None:
    batches = [EventBatch([b"%d" % number for number in range(count)], {"host": "web1"}) for count in counts]
    data, places = b"", []
    for batch in batches:
        places.append((len(data), len(data) + len(stored(batch)), len(batch)))
        data += stored(batch)
    joined = join_blobs(data, common_part(data, *places[0][:2]), places)
    assert decode_batch(sum(counts), joined) == EventBatch.concat(batches)


def test_a_lone_surrogate_in_a_header_becomes_a_question_mark() -> None:
    batch = EventBatch([b"1", b"2"], {"file\udcff": "a\udcfe", "n": [None, "\ud800"], "ok": "ä"})
    assert decode_batch(2, stored(batch)).headers == {"file?": "a?", "n": [None, "?"], "ok": "ä"}


@given(batches(), st.data())
def test_a_cut_or_grown_blob_is_refused(batch: EventBatch, data: st.DataObject) -> None:
    whole = stored(batch)
    stop = data.draw(st.integers(0, len(whole) - 1))
    for damaged in (whole[:stop], whole + data.draw(st.binary(min_size=1, max_size=9))):
        with pytest.raises(InputError):
            decode_batch(len(batch), damaged)


@given(batches(), st.integers(-3, 1 << 40))
def test_a_wrong_count_is_refused_or_gives_so_many_events(batch: EventBatch, count: int) -> None:
    try:
        assert len(decode_batch(count, stored(batch))) == count
    except InputError:
        assert count != len(batch)


@given(batches(), st.data())
def test_flipped_bits_are_refused_or_give_as_many_whole_events(batch: EventBatch, data: st.DataObject) -> None:
    damaged = bytearray(stored(batch))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    decode_or_refuse(len(batch), bytes(damaged))


@given(st.integers(0, 9), st.binary(max_size=80), st.sampled_from([0, LINES, TEXT]))
def test_noise_is_refused_or_gives_whole_events(count: int, noise: bytes, flags: int) -> None:
    decode_or_refuse(count, noise)
    decode_or_refuse(count, HEAD.pack(VERSION, flags, 0, min(len(noise), 8)) + noise)
    decode_or_refuse(count, HEAD.pack(VERSION, flags, 0, 1) + b"\x80" + noise)


def decode_or_refuse(count: int, data: bytes) -> None:
    try:
        batch = decode_batch(count, data)
    except InputError:
        return
    assert len(batch) == len(batch.bodies) == len(batch.header_maps()) == count
    assert batch.body_bytes() == sum(map(len, batch.bodies))


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (b"\x81\xa1a\xdd\xff\xff\xff\xff", "cannot be read"),  # an array of 4 G entries
        (b"\x81\xa1a\xa2\xff\xff", "cannot be read"),  # no UTF-8
        (b"\x81\xa1a\x01", "cannot be read"),  # a number
        (b"\x81\xa1a\xa1b\x00", "cannot be read"),  # more behind the map
        (b"\x91" * 5000, "cannot be read"),  # nesting
        (b"\x81\xa1a\x91\xa1b", "1 values for 2 events"),
    ],
)
def test_damaged_headers_are_named(headers: bytes, said: str) -> None:
    data = HEAD.pack(VERSION, 0, 0, len(headers)) + headers + b"\x92\xc4\x00\xc4\x00"
    with pytest.raises(InputError, match=said):
        decode_batch(2, data)


def test_another_version_is_named() -> None:
    with pytest.raises(InputError, match=f"version 9 .* reads {VERSION}"):
        decode_batch(0, HEAD.pack(9, 0, 0, 1) + b"\x80")
