"""A log in which a repair has put GAP frames: it opens quietly, and nobody waits for the lost events."""

import logging
from pathlib import Path

import pytest

from flumepy.core.batch import EventBatch
from flumepy.event_log.frames import gap_frames, put_frame
from tests.event_log.tools import drain, new_log, open_queue


def test_a_gap_counts_as_taken_and_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    log = new_log(tmp_path)()
    log.open()
    for frame in [put_frame(EventBatch([b"a", b"b"])), *gap_frames(200, 3), put_frame(EventBatch([b"c"]))]:
        log.append(frame).wait()
    log.close()
    lost: list[int] = []
    with caplog.at_level(logging.WARNING):
        queue = open_queue(tmp_path, lost=lost.append)
        assert queue.available == 3
        assert drain(queue) == [b"a", b"b", b"c"]
        assert queue.available == 0
        queue.log.close()
    assert lost == []
    assert caplog.messages == []


def test_a_gap_at_the_start_is_the_watermark(tmp_path: Path) -> None:
    log = new_log(tmp_path)()
    log.open()
    for frame in [*gap_frames(44, 9), put_frame(EventBatch([b"c"]))]:
        log.append(frame).wait()
    log.close()
    queue = open_queue(tmp_path)
    assert drain(queue) == [b"c"]
    queue.log.close()
