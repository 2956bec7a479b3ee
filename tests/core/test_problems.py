"""Hints: which known word is nearest to a wrong one."""

import pytest

from flumepy.core.problems import did_you_mean

HDFS = ["hdfs.path", "hdfs.rollInterval", "hdfs.batchSize", "hdfs.codeC", "serializer", "serializer.", "channel"]
OTHER = ["batch-size", "reset-connection-interval", "flumeBatchSize", "kafka.topics", "kafka.bootstrap.servers"]


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("rollInterval", "hdfs.rollInterval"),
        ("batchSize", "hdfs.batchSize"),
        ("hdfs.serializer", "serializer"),
        ("sink.rollInterval", "hdfs.rollInterval"),
        ("HDFS.PATH", "hdfs.path"),
        ("hdfs.codec", "hdfs.codeC"),
        ("hdfs.rollIntreval", "hdfs.rollInterval"),
        ("rolInterval", "hdfs.rollInterval"),
    ],
)
def test_a_prefix_left_out_or_put_on_is_nearer_than_a_typing_error(word: str, known: str) -> None:
    assert did_you_mean(word, HDFS) == f"did you mean {known!r}?"


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("batch_size", "batch-size"),
        ("batchSize", "batch-size"),
        ("connection-reset-interval", "reset-connection-interval"),
        ("kafka.flumeBatchSize", "flumeBatchSize"),
        ("kafka.topic", "kafka.topics"),
        ("bootstrap.servers", "kafka.bootstrap.servers"),
    ],
)
def test_another_way_to_join_words_is_seen_through(word: str, known: str) -> None:
    assert did_you_mean(word, OTHER) == f"did you mean {known!r}?"


def test_nothing_near_gives_no_hint_and_no_prefix_is_ever_proposed() -> None:
    assert did_you_mean("compression", HDFS) is None
    assert did_you_mean("serialiser", ["serializer."]) is None


def test_bind_and_host_are_the_same_thing() -> None:
    assert did_you_mean("bind", ["host", "port"]) == "did you mean 'host'?"
    assert did_you_mean("host", ["hostname", "port"]) == "did you mean 'hostname'?"
