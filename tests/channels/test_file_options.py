"""Options of the file channel: what Flume accepts is accepted, what it refuses is refused with its reason."""

import re
from pathlib import Path

import pytest

from flumepy.channels.file import FileChannel
from flumepy.config.build import build
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import Problem, Severity

ENCRYPTION = {
    "encryption.keyProvider": "JCEKSFILE",
    "encryption.activeKey": "k",
    "encryption.cipherProvider": "AESCTRNOPADDING",
}
STORE = "encryption.keyProvider.keyStoreFile"
PASSWORD = "encryption.keyProvider.keyStorePasswordFile"


def make(settings: dict[str, str], user_home: str = "/home/f") -> tuple[FileChannel, list[Problem]]:
    """Build through the catalog; return the channel and what was reported."""
    reported: list[Problem] = []
    context = Context(
        "c1", "a1.channels.c1", builder=build, system_properties={"user.home": user_home}, report=reported.append
    )
    channel = build("channel", "file", settings, context)
    assert isinstance(channel, FileChannel)
    return channel, reported


@pytest.mark.parametrize(
    ("settings", "capacity", "transaction_capacity"),
    [
        ({}, 1_000_000, 10_000),
        ({"capacity": "0", "transactionCapacity": "50", "checkpointInterval": "-1"}, 1_000_000, 50),
    ],
)
def test_what_flume_accepts_is_built(settings: dict[str, str], capacity: int, transaction_capacity: int) -> None:
    channel, _ = make(settings)
    assert (channel.limits.capacity, channel.transaction_capacity) == (capacity, transaction_capacity)
    assert channel.checkpoint_interval_s == 30


@pytest.mark.parametrize(
    ("settings", "key", "reason"),
    [
        ({"capacity": "many"}, "capacity", "For input string"),
        (
            {"capacity": "5"},
            "capacity",
            r"^File Channel transaction capacity cannot be greater than the capacity of the channel:"
            r" transactionCapacity is 10000 \(its default\), capacity is 5$",
        ),
        (
            {"transactionCapacity": "1000001"},
            "transactionCapacity",
            r": transactionCapacity is 1000001, capacity is 1000000 \(its default\)$",
        ),
        ({"useDualCheckpoints": "true"}, "backupCheckpointDir", "the backup directory is not set"),
        (
            {"useDualCheckpoints": "true", "checkpointDir": "/c", "backupCheckpointDir": "/c"},
            "backupCheckpointDir",
            "configured to be the same",
        ),
        ({"encryption.activeKey": "k"}, "encryption.activeKey", "is present while key provider name is not"),
        ({"encryption.cipherProvider": "x"}, "encryption.cipherProvider", "is present while key provider"),
        ({"encryption.keyProvider": "JCEKSFILE"}, "encryption.activeKey", "activeKey is missing"),
        ({**ENCRYPTION, "encryption.cipherProvider": ""}, "encryption.cipherProvider", "is missing"),
        (
            {**ENCRYPTION, "encryption.keyProvider": "com.x.Keys"},
            "encryption.keyProvider",
            "com.x.Keys not found",
        ),
        (ENCRYPTION, STORE, "KeyStore file not specified"),
        ({**ENCRYPTION, STORE: "/nowhere"}, PASSWORD, "KeyStore password file not specified"),
        (
            {**ENCRYPTION, STORE: "/a", PASSWORD: "/b"},
            "encryption.keyProvider.keys",
            "was not specified or empty",
        ),
        (
            {**ENCRYPTION, STORE: "/nowhere", PASSWORD: "/b", "encryption.keyProvider.keys": "k"},
            STORE,
            "/nowhere cannot be read",
        ),
        ({"compression": "gzip"}, "compression", "gzip"),
    ],
)
def test_what_flume_refuses_is_refused_with_its_reason(settings: dict[str, str], key: str | None, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make(settings)
    assert caught.value.key == key
    assert re.search(reason, str(caught.value))


def test_folders_limits_and_promise() -> None:
    channel, reported = make({"dataDirs": " /a, ,/b ", "maxFileSize": "2146435071", "minimumRequiredSpace": "1"})
    settings = channel.store_settings()
    assert settings.checkpoint_dir == Path("/home/f/.flume/file-channel/checkpoint")
    assert settings.data_dirs == (Path("/a"), Path("/b"))
    assert (settings.segment_bytes, settings.minimum_free_bytes) == (32 << 20, 1 << 20)
    assert (channel.durability, channel.is_reusable, reported) == ("power-safe", False, [])


def test_small_values_are_raised_to_what_makes_sense() -> None:
    channel, _ = make({"maxFileSize": "1000", "checkpointInterval": "5", "minimumRequiredSpace": "2000000"})
    settings = channel.store_settings()
    assert (settings.segment_bytes, settings.minimum_free_bytes) == (1 << 20, 2_000_000)
    assert channel.checkpoint_interval_s == 1


def test_without_a_sync_at_each_commit_the_promise_is_smaller() -> None:
    channel, _ = make({"fsyncPerTransaction": "false", "fsyncInterval": "7"})
    assert (channel.durability, channel.sync_interval_s) == ("crash-safe", 7)
    assert channel.store_settings().skips_bad


def test_what_has_no_effect_here_says_so() -> None:
    _, reported = make({"use-fast-replay": "true", "use-log-replay-v1": "true", "compressBackupCheckpoint": "true"})
    assert {problem.key for problem in reported} == {
        "use-fast-replay", "use-log-replay-v1", "compressBackupCheckpoint"
    }  # fmt: skip
    assert {problem.severity for problem in reported} == {Severity.NOTE}


def test_encryption_is_accepted_when_its_files_can_be_read(tmp_path: Path) -> None:
    store, password = tmp_path / "s", tmp_path / "p"
    store.write_bytes(b"")
    password.write_text("secret")
    settings = {**ENCRYPTION, STORE: str(store), PASSWORD: str(password), "encryption.keyProvider.keys": "k1 k2"}
    settings["encryption.keyProvider.keys.k2.passwordFile"] = str(tmp_path / "gone")
    _, reported = make(settings)
    assert [problem.key for problem in reported] == ["encryption.keyProvider.keys.k2.passwordFile"]


@pytest.mark.parametrize("second", ["same", "./same/", "link"])
def test_a_folder_that_is_named_twice_is_used_once_and_said(tmp_path: Path, second: str) -> None:
    (tmp_path / "same").mkdir()
    (tmp_path / "link").symlink_to("same")
    folders = f"{tmp_path}/same, {tmp_path}/other,{tmp_path}/{second}"
    channel, reported = make({"dataDirs": folders, "checkpointDir": str(tmp_path / "cp")})
    assert channel.data_dirs == [tmp_path / "same", tmp_path / "other"]
    assert [(problem.severity, problem.key) for problem in reported] == [(Severity.WARNING, "dataDirs")]
    assert re.match(
        rf"names {tmp_path}/(same twice|link, which is the same folder as .*/same); it is used once",
        reported[0].message,
    )
    channel.start()
    channel.stop()


def test_a_backup_behind_a_link_to_the_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("cp")
    folders = {"checkpointDir": str(tmp_path / "cp"), "backupCheckpointDir": str(tmp_path / "link")}
    with pytest.raises(ConfigurationError, match="configured to be the same"):
        make({**folders, "useDualCheckpoints": "true"})
