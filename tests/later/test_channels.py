"""Channels that cannot run yet: what Flume accepts is accepted, what it refuses is refused with its reason."""

import re

import pytest

from flumepy.core.channel import Channel
from flumepy.core.errors import ConfigurationError, UnsupportedError
from tests.later.cases import Settings, make

BROKERS = {"kafka.bootstrap.servers": "b:9092"}


@pytest.mark.parametrize(
    ("type_name", "settings", "transaction_capacity"),
    [
        ("org.apache.flume.channel.kafka.KafkaChannel", BROKERS, None),
        ("kafka", {"brokerList": "b:9092", "topic": "t", "readSmallestOffset": "false"}, None),
        ("recoverablememory", {"wal.dataDir": "/d"}, None),
    ],
)
def test_what_flume_accepts_is_built_and_refuses_to_start_by_name(
    type_name: str, settings: Settings, transaction_capacity: int | None
) -> None:
    channel = make("channel", type_name, settings).component
    assert isinstance(channel, Channel)
    assert channel.transaction_capacity == transaction_capacity
    with pytest.raises(UnsupportedError, match=rf"^a1\.channels\.x1: the {channel.type_name} channel is known"):  # type: ignore[attr-defined]
        channel.start()
    channel.stop()
    channel.stop()


@pytest.mark.parametrize(
    ("type_name", "settings", "key", "reason"),
    [
        ("kafka", {"kafka.topic": "t"}, "kafka.bootstrap.servers", "Bootstrap Servers must be specified"),
        ("kafka", {**BROKERS, "kafka.pollTimeout": "soon"}, "kafka.pollTimeout", "For input string"),
    ],
)
def test_what_flume_refuses_is_refused_with_its_reason(
    type_name: str, settings: Settings, key: str | None, reason: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make("channel", type_name, settings)
    assert caught.value.key == key
    assert re.search(reason, str(caught.value))


def test_where_a_group_without_offsets_begins() -> None:
    def begins(**settings: str) -> str:
        built = make("channel", "kafka", {**BROKERS, **{key.replace("_", "."): text for key, text in settings.items()}})
        return str(built.component.auto_offset_reset)  # type: ignore[attr-defined]

    assert begins() == "earliest"
    assert begins(readSmallestOffset="true") == "earliest"
    assert begins(readSmallestOffset="false") == "latest"
    assert begins(readSmallestOffset="false", kafka_consumer_auto_offset_reset="none") == "none"
