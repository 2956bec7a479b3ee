"""The file channel with Flume's options for encryption: keys from a JCEKS store, rotation, missing keys.

keys.jceks beside scripts/drill: keytool, aliases `one` (128 bits) and `two` (256 bits), password changeit.
"""

import shutil
from pathlib import Path

import pytest

from flumepy.core.errors import ChannelError, StartError
from flumepy.testing.conformance.channel_tools import put, take
from flumepy.testing.conformance.component import running
from tests.channels.file_tools import SmallFileChannel, small_channel

STORE = Path(__file__).parents[2] / "scripts" / "drills" / "keys.jceks"
SECRET = b"nobody may read this line" * 4


def channel(folder: Path, active: str | None, keys: str = "one two", **more: str) -> SmallFileChannel:
    settings = dict(more)
    if active is not None:
        store, password = folder / "keys.jceks", folder / "password"
        shutil.copyfile(STORE, store)
        password.write_text(" changeit\n", encoding="utf-8")
        settings |= {
            "encryption.activeKey": active,
            "encryption.cipherProvider": "AESCTRNOPADDING",
            "encryption.keyProvider": "JCEKSFILE",
            "encryption.keyProvider.keyStoreFile": str(store),
            "encryption.keyProvider.keyStorePasswordFile": str(password),
            "encryption.keyProvider.keys": keys,
        }
    return small_channel(folder / "channel", **settings)


def is_readable(folder: Path) -> bool:
    return any(SECRET in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("compression", ["none", "zstd", "lz4"])
def test_events_cannot_be_read_from_the_files_and_come_back_after_a_restart(tmp_path: Path, compression: str) -> None:
    with running(channel(tmp_path, "one", compression=compression)) as first:
        put(first, SECRET)
    assert not is_readable(tmp_path)
    with running(channel(tmp_path, "one")) as second:
        assert take(second, 10) == [SECRET]


def test_without_encryption_they_can_be_read(tmp_path: Path) -> None:
    with running(channel(tmp_path, None)) as first:
        put(first, SECRET)
    assert is_readable(tmp_path)


def test_a_key_is_rotated_by_naming_another_one_as_active(tmp_path: Path) -> None:
    for alias in (None, "one", "TWO"):
        with running(channel(tmp_path, alias)) as one:
            put(one, SECRET)
    with running(channel(tmp_path, "two")) as last:
        assert take(last, 10) == [SECRET] * 3


def test_the_active_key_need_not_be_among_the_others(tmp_path: Path) -> None:
    with running(channel(tmp_path, "two", keys="one")) as first:
        put(first, SECRET)
        assert take(first, 10) == [SECRET]


def test_a_key_that_the_store_lacks_keeps_the_channel_from_starting_and_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"keys\.jceks has no key three"), running(channel(tmp_path, "three")):
        pass


@pytest.mark.parametrize(("active", "message"), [(None, "the channel has no keys"), ("one", "not among")])
def test_a_key_that_was_taken_away_is_named_and_nothing_is_lost(
    tmp_path: Path, active: str | None, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running(channel(tmp_path, "two")) as first:
        put(first, SECRET)
    caplog.set_level("INFO")
    refused = pytest.raises((StartError, ChannelError), match=rf"with the key two.*{message}")
    with refused, running(channel(tmp_path, active, keys="one")) as second:
        take(second, 10)
    assert "Queue Size after replay" not in caplog.text
    with running(channel(tmp_path, "two")) as third:
        assert "Queue Size after replay: 1 " in caplog.text
        assert take(third, 10) == [SECRET]
