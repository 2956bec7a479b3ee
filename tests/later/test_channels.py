"""Channels that cannot run yet: what Flume accepts is accepted, what it refuses is refused with its reason."""

import re
from pathlib import Path

import pytest

from flumepy.core.channel import Channel
from flumepy.core.errors import ConfigurationError, UnsupportedError
from tests.later.cases import Settings, make

BROKERS = {"kafka.bootstrap.servers": "b:9092"}
ENCRYPTION = {
    "encryption.keyProvider": "JCEKSFILE",
    "encryption.activeKey": "k",
    "encryption.cipherProvider": "AESCTRNOPADDING",
}
STORE = "encryption.keyProvider.keyStoreFile"
PASSWORD = "encryption.keyProvider.keyStorePasswordFile"


@pytest.mark.parametrize(
    ("type_name", "settings", "transaction_capacity"),
    [
        ("file", {}, 10_000),
        ("FILE", {"capacity": "0", "transactionCapacity": "50", "checkpointInterval": "-1"}, 50),
        ("org.apache.flume.channel.kafka.KafkaChannel", BROKERS, None),
        ("kafka", {"brokerList": "b:9092", "topic": "t", "readSmallestOffset": "false"}, None),
        ("spillablememory", {"memoryCapacity": "x", "byteCapacity": "lots"}, 10_000),
        ("spillablememory", {"transactionCapacity": "7", "checkpointDir": "/c"}, 7),
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
        ("file", {"capacity": "many"}, "capacity", "For input string"),
        ("file", {"capacity": "5"}, None, "transaction capacity cannot be greater than the capacity"),
        ("file", {"useDualCheckpoints": "true"}, "backupCheckpointDir", "the backup directory is not set"),
        (
            "file",
            {"useDualCheckpoints": "true", "checkpointDir": "/c", "backupCheckpointDir": "/c"},
            "backupCheckpointDir",
            "configured to be the same",
        ),
        ("file", {"encryption.activeKey": "k"}, "encryption.activeKey", "is present while key provider name is not"),
        ("file", {"encryption.cipherProvider": "x"}, "encryption.cipherProvider", "is present while key provider"),
        ("file", {"encryption.keyProvider": "JCEKSFILE"}, "encryption.activeKey", "activeKey is missing"),
        ("file", {**ENCRYPTION, "encryption.cipherProvider": ""}, "encryption.cipherProvider", "is missing"),
        (
            "file",
            {**ENCRYPTION, "encryption.keyProvider": "com.x.Keys"},
            "encryption.keyProvider",
            "com.x.Keys not found",
        ),
        ("file", ENCRYPTION, STORE, "KeyStore file not specified"),
        ("file", {**ENCRYPTION, STORE: "/nowhere"}, PASSWORD, "KeyStore password file not specified"),
        (
            "file",
            {**ENCRYPTION, STORE: "/a", PASSWORD: "/b"},
            "encryption.keyProvider.keys",
            "was not specified or empty",
        ),
        (
            "file",
            {**ENCRYPTION, STORE: "/nowhere", PASSWORD: "/b", "encryption.keyProvider.keys": "k"},
            STORE,
            "/nowhere cannot be read",
        ),
        ("kafka", {"kafka.topic": "t"}, "kafka.bootstrap.servers", "Bootstrap Servers must be specified"),
        ("kafka", {**BROKERS, "kafka.pollTimeout": "soon"}, "kafka.pollTimeout", "For input string"),
        ("spillablememory", {"overflowCapacity": "10"}, None, "transaction capacity cannot be greater"),
        ("spillablememory", {"checkpointInterval": "x"}, "checkpointInterval", "For input string"),
    ],
)
def test_what_flume_refuses_is_refused_with_its_reason(
    type_name: str, settings: Settings, key: str | None, reason: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make("channel", type_name, settings)
    assert caught.value.key == key
    assert re.search(reason, str(caught.value))


def test_file_folders_limits_and_promise() -> None:
    settings = {"dataDirs": " /a, ,/b ", "maxFileSize": "2146435071", "minimumRequiredSpace": "1"}
    channel = make("channel", "file", settings, user_home="/home/f").component
    assert channel.checkpoint_dir == Path("/home/f/.flume/file-channel/checkpoint")  # type: ignore[attr-defined]
    assert channel.data_dirs == [Path("/a"), Path("/b")]  # type: ignore[attr-defined]
    assert channel.max_file_bytes == 1_623_195_647  # type: ignore[attr-defined]
    assert channel.minimum_required_space_bytes == 1_048_576  # type: ignore[attr-defined]
    assert isinstance(channel, Channel)
    assert (channel.durability, channel.is_reusable) == ("power-safe", False)


def test_encryption_is_accepted_when_its_files_can_be_read(tmp_path: Path) -> None:
    store, password = tmp_path / "s", tmp_path / "p"
    store.write_bytes(b"")
    password.write_text("secret")
    settings = {**ENCRYPTION, STORE: str(store), PASSWORD: str(password), "encryption.keyProvider.keys": "k1 k2"}
    settings["encryption.keyProvider.keys.k2.passwordFile"] = str(tmp_path / "gone")
    built = make("channel", "file", settings)
    assert [problem.key for problem in built.problems] == ["encryption.keyProvider.keys.k2.passwordFile"]


def test_where_a_group_without_offsets_begins() -> None:
    def begins(**settings: str) -> str:
        built = make("channel", "kafka", {**BROKERS, **{key.replace("_", "."): text for key, text in settings.items()}})
        return str(built.component.auto_offset_reset)  # type: ignore[attr-defined]

    assert begins() == "earliest"
    assert begins(readSmallestOffset="true") == "earliest"
    assert begins(readSmallestOffset="false") == "latest"
    assert begins(readSmallestOffset="false", kafka_consumer_auto_offset_reset="none") == "none"


def test_a_spillable_channel_gives_its_file_channel_what_it_does_not_know_itself() -> None:
    built = make(
        "channel", "spillablememory", {"dataDirs": "/d", "capacity": "9", "keep-alive": "9", "chekpointDir": "/c"}
    )
    file = built.component.file  # type: ignore[attr-defined]
    assert (file.options.data_dirs, file.options.capacity, file.options.keep_alive_s) == ("/d", 100_000_000, 0)
    assert {problem.key: problem.hint for problem in built.problems} == {
        "capacity": None, "keep-alive": None, "chekpointDir": "did you mean 'checkpointDir'?",
    }  # fmt: skip


def test_a_spillable_channel_with_no_room_at_all_gets_the_default_overflow() -> None:
    built = make("channel", "spillablememory", {"memoryCapacity": "0", "overflowCapacity": "0"})
    assert built.messages("overflowCapacity")
    assert built.component.file.options.capacity == 100_000_000  # type: ignore[attr-defined]
