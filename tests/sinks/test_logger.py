"""The logger sink. The three long lines were written by Flume 1.11."""

import logging

import pytest

from flumepy.core.batch import EventBatch
from flumepy.core.component import Status
from flumepy.sinks.logger import LoggerSink
from flumepy.testing.conformance import SinkConformance
from flumepy.testing.fakes import ListChannel, attach, build

LOGGER = "org.apache.flume.sink.LoggerSink"


def sink_on(channel: ListChannel, **settings: str) -> LoggerSink:
    sink = build(LoggerSink, settings)
    attach(sink, channel)
    sink.start()
    return sink


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


class TestLaw(SinkConformance):
    @pytest.fixture(autouse=True)
    def _log(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        self.caplog = caplog

    def make(self) -> LoggerSink:
        return build(LoggerSink)

    def delivered(self) -> list[bytes]:
        return [line.removesuffix(" }")[-16:].rpartition("  ")[2].encode() for line in lines(self.caplog)]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b"hello", "Event: { headers:{} body: 68 65 6C 6C 6F                                  hello }"),
        (
            b"0123456789" * 4,
            "Event: { headers:{} body: 30 31 32 33 34 35 36 37 38 39 30 31 32 33 34 35 0123456789012345 }",
        ),
        (b"hello\r", "Event: { headers:{} body: 68 65 6C 6C 6F 0D                               hello. }"),
        (b"", "Event: { headers:{} body: }"),
    ],
)
def test_a_line_is_flumes(body: bytes, line: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    channel = ListChannel()
    channel.add(body)
    assert sink_on(channel).process() is Status.READY
    assert lines(caplog) == [line]


def test_headers_are_printed_as_a_java_map(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    channel = ListChannel()
    channel.add(b"x", headers={"datacenter": "Zürich", "a": "b"})
    sink_on(channel).process()
    assert lines(caplog)[0].startswith("Event: { headers:{a=b, datacenter=Zürich} body: 78 ")


def test_max_bytes_to_log_is_honoured(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    channel = ListChannel()
    channel.add(b"0123456789" * 4)
    sink_on(channel, maxBytesToLog="20").process()
    assert lines(caplog) == [
        "Event: { headers:{} body: 30 31 32 33 34 35 36 37 38 39 30 31 32 33 34 35 0123456789012345\n"
        "00000010 36 37 38 39                                     6789 }"
    ]


@pytest.mark.parametrize("bad", ["many", "-1"])
def test_a_bad_max_bytes_to_log_means_sixteen(bad: str) -> None:
    assert build(LoggerSink, {"maxBytesToLog": bad}).options.max_bytes_to_log == 16


def test_many_events_are_logged_in_order_in_one_transaction(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    channel = ListChannel()
    channel.add(*[b"%d" % number for number in range(60)])
    channel.add(*[b"%d" % number for number in range(60, 130)])
    sink = sink_on(channel)
    assert [sink.process(), channel.size, sink.process(), sink.process()] == [
        Status.READY, 30, Status.READY, Status.IDLE,
    ]  # fmt: skip
    assert [line.split()[-2] for line in lines(caplog)] == [str(number) for number in range(130)]


def test_a_transaction_is_no_larger_than_the_channel_allows() -> None:
    assert sink_on(ListChannel(transaction_capacity=10)).batch_size == 10


def test_where_nobody_listens_events_are_taken_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, LOGGER)
    channel = ListChannel()
    channel.queue.append(EventBatch([b"x"]))
    assert sink_on(channel).process() is Status.READY
    assert (channel.size, lines(caplog)) == (0, [])
