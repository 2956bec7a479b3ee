"""Rows of small frames: fewer runs, and the very events that single frames give."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.batch import Column, Event, EventBatch
from flumepy.core.line_text import LineText
from flumepy.event_log.frames import PUT
from flumepy.event_log.put import Put
from flumepy.event_log.queue import EventQueue
from flumepy.event_log.rows import ROW_BYTES, SMALL_FRAME_BYTES
from flumepy.log.codec import Codec
from flumepy.log.commit import Level
from flumepy.log.frame import Frame
from tests.event_log.tools import bodies, open_queue, put

LARGE_SEGMENT_BYTES = 1 << 20


def put_batch(queue: EventQueue, batch: EventBatch) -> None:
    one = Put(batch, queue.sealer, 1.0)
    one.lead()
    queue.puts.enqueue(one)
    queue.puts.store(one)


def events_of(batches: list[EventBatch]) -> list[Event]:
    return [event for batch in batches for event in batch.events()]


@st.composite
def small_batches(draw: st.DrawFn) -> EventBatch:
    lines = draw(st.lists(st.binary(max_size=6).map(lambda body: body.replace(b"\n", b"")), min_size=1, max_size=3))
    headers: dict[str, Column] = dict.fromkeys(draw(st.lists(st.sampled_from(["host", "file"]), unique=True)), "one")
    if draw(st.booleans()):
        headers["number"] = [str(number) for number in range(len(lines))]
    match draw(st.sampled_from(["bodies", "lines", "text"])):
        case "bodies":
            return EventBatch(lines, headers)
        case "lines":
            return EventBatch.from_lines([line + b"\n" for line in lines], headers)
        case _:
            return EventBatch.from_text(LineText(b"".join([line + b"\n" for line in lines])), headers)


@given(
    st.lists(small_batches(), min_size=1, max_size=30), st.sets(st.integers(0, 29)), st.sampled_from(["none", "zstd"])
)
def test_what_comes_back_is_what_was_put_without_what_was_taken(
    tmp_path_factory: pytest.TempPathFactory, batches: list[EventBatch], taken: set[int], compression: str
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    queue = open_queue(folder, codec=Codec(compression), segment_bytes=LARGE_SEGMENT_BYTES)
    for batch in batches:
        put_batch(queue, batch)
    runs = queue.take(1 << 30)
    expected: list[Event] = []
    for number, run in enumerate(runs):
        if number in taken:
            queue.commit([run])
        else:
            expected += run.remaining().events()
    queue.log.close()
    queue = open_queue(folder, codec=Codec(compression), hot_bytes=0, segment_bytes=LARGE_SEGMENT_BYTES)
    again = queue.take(1 << 30)
    assert events_of([run.remaining() for run in again]) == expected
    queue.log.close()


def test_single_events_come_back_in_runs_of_a_row_and_their_room_is_released_in_parts(tmp_path: Path) -> None:
    queue = open_queue(tmp_path, hot_bytes=0, segment_bytes=4096)
    numbers = [b"%04d" % number for number in range(500)]
    for number in numbers:
        put(queue, number)
    first = queue.take(300)
    assert bodies(first) == numbers[:300]
    assert len(first) < 30, "a row ends with its segment"
    segments = len(queue.log.segments())
    queue.commit(first)
    assert len(queue.log.segments()) < segments
    queue.log.close()
    queue = open_queue(tmp_path, segment_bytes=4096)
    assert bodies(queue.take(500)) == numbers[300:]
    queue.log.close()


def test_rows_have_a_limit_and_large_frames_stand_alone(tmp_path: Path) -> None:
    queue = open_queue(tmp_path, hot_bytes=0, segment_bytes=LARGE_SEGMENT_BYTES)
    for _ in range(100):
        put(queue, bytes(SMALL_FRAME_BYTES // 2))
    put(queue, bytes(SMALL_FRAME_BYTES))
    put(queue, b"small")
    runs = queue.take(1 << 30)
    assert max(run.size_bytes for run in runs) <= ROW_BYTES + SMALL_FRAME_BYTES
    assert [run.count for run in runs][-2:] == [1, 1]
    queue.log.close()


def test_one_bad_frame_of_a_row_loses_itself_alone(tmp_path: Path) -> None:
    queue = open_queue(tmp_path)
    for body in (b"1", b"2"):
        put(queue, body)
    blob = b"".join(bytes(part) for part in Put(EventBatch([b"3"]), None, 1.0, print).frame.parts)  # type: ignore[union-attr]
    queue.log.append(Frame(PUT, 1, [blob + b"too much"])).wait(Level.SYNCED)
    put(queue, b"4")
    queue.log.close()
    lost: list[int] = []
    queue = open_queue(tmp_path, skips_bad=True, lost=lost.append)
    assert bodies(queue.take(10)) == [b"1", b"2", b"4"]
    assert sum(lost) == 1
    queue.log.close()
