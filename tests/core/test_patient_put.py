"""A batch is never given up: it waits, is halved where it must be, and ends only with a stop."""

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.component import Source
from flumepy.core.errors import BatchTooLargeError, ChannelError, StoppedError
from flumepy.core.options import NoOptions
from flumepy.core.patient_put import PatientPut
from flumepy.core.threads import start_thread
from flumepy.testing.fakes import ListChannel, build, connect, wait_until


class Idle(Source[NoOptions]):
    """A source that does nothing by itself."""

    Options = NoOptions


def patient(channel: ListChannel, max_wait_ms: int = 1) -> PatientPut:
    source = build(Idle, name="r1")
    connect(source, channel).start()
    return PatientPut(source, max_wait_ms)


def test_a_refused_batch_is_tried_until_it_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    channel = ListChannel()
    channel.failures = [ChannelError("no"), ChannelError("no")]
    put = patient(channel)
    put.put(EventBatch([b"a"]))
    assert channel.bodies == [b"a"]
    assert put.failures == 2
    assert caplog.text.count("trying until it does") == 1


def test_a_batch_that_is_too_large_is_halved_in_order() -> None:
    channel = ListChannel()
    channel.failures = [BatchTooLargeError("5"), BatchTooLargeError("2")]
    patient(channel).put(EventBatch([b"a", b"b", b"c", b"d", b"e"]))
    assert channel.bodies == [b"a", b"b", b"c", b"d", b"e"]
    assert list(map(len, channel.put_batches)) == [1, 1, 3]


def test_a_stop_ends_the_wait() -> None:
    channel = ListChannel()
    channel.failures = [ChannelError("no")] * 1000
    put = patient(channel, max_wait_ms=600_000)
    ended: list[StoppedError] = []

    def run() -> None:
        try:
            put.put(EventBatch([b"a"]))
        except StoppedError as error:
            ended.append(error)

    thread = start_thread("source-r1", run)
    wait_until(lambda: put.failures)
    put._source.outlet.interrupt()
    put.interrupt()
    thread.join(10)
    assert ended
