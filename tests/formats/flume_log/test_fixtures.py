"""Directories that the real Flume 1.11 wrote: the events and the order that its own replay gave."""

import json
import tarfile
from pathlib import Path

import pytest

from flumepy.core.batch import Event
from flumepy.core.errors import ConfigurationError
from flumepy.formats.flume_log import JavaDirectories, KeyStoreKeys, Replay

FIXTURES = Path(__file__).parents[2] / "fixtures" / "flume-file-channel"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))


def unpack(name: str, folder: Path) -> Path:
    with tarfile.open(FIXTURES / f"{name}.tar.gz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # from Python 3.11.4 on
        archive.extractall(folder)
    return folder


def events(replay: Replay) -> list[Event]:
    return [event for batch in replay.batches(2, 1000) for event in batch.events()]


def expected(name: str) -> list[Event]:
    return [Event(event["body"].encode(), event["headers"]) for event in EXPECTED[name]]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_events_and_their_order_are_those_of_flume(name: str, tmp_path: Path) -> None:
    folder = unpack(name, tmp_path) / name
    replay = JavaDirectories(folder / "cp", [folder / "d1", folder / "d2"]).replay()
    assert events(replay) == expected(name)
    assert (replay.origin, replay.problems, replay.live_count) == ("checkpoint", [], len(EXPECTED[name]))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_full_replay_gives_the_same_events(name: str, tmp_path: Path) -> None:
    folder = unpack(name, tmp_path) / name
    (folder / "cp/checkpoint.meta").unlink()
    replay = JavaDirectories(folder / "cp", [folder / "d2", folder / "d1"]).replay()
    assert events(replay) == expected(name)
    assert replay.origin == "full replay"
    assert "checkpoint.meta is missing" in replay.problems[0]


def test_the_counts_are_those_of_the_line_that_flume_logs(tmp_path: Path) -> None:
    folder = unpack("s2_crash_nockpt", tmp_path) / "s2_crash_nockpt"
    counts = JavaDirectories(folder / "cp", [folder / "d1", folder / "d2"]).replay().counts
    assert (counts.read, counts.puts, counts.takes, counts.rollbacks, counts.commits, counts.skipped) == (
        7,
        3,
        2,
        0,
        2,
        0,
    )


def encrypted(folder: Path, keys: KeyStoreKeys | None) -> JavaDirectories:
    data = folder / "encdata"
    return JavaDirectories(data / "cp", [data / "d1", data / "d2"], keys=keys)


@pytest.mark.parametrize("kept", [True, False], ids=["checkpoint", "full-replay"])
def test_an_encrypted_directory_is_read_with_its_key_store(tmp_path: Path, kept: bool) -> None:
    folder = unpack("encrypted-aes", tmp_path)
    password = (folder / "enc/pw").read_text(encoding="utf-8").strip()
    keys = KeyStoreKeys(folder / "enc/ks.jceks", password, {"Key-0": password})
    assert (list(keys), len(keys)) == (["key-0"], 1)
    if not kept:
        (folder / "encdata/cp/checkpoint").unlink()
    found = events(encrypted(folder, keys).replay())
    assert found == [Event(b"enc2", {"k": "enc2"}), Event(b"enc3", {"k": "enc3"})]


def test_an_encrypted_directory_without_keys_says_which_key_it_needs(tmp_path: Path) -> None:
    folder = unpack("encrypted-aes", tmp_path)
    with pytest.raises(ConfigurationError, match=r"log-1 is encrypted with the key key-0: set encryption\.keyProvider"):
        encrypted(folder, None).replay()
    password = (folder / "enc/pw").read_text(encoding="utf-8").strip()
    for aliases in ({}, {"other": password}):
        with pytest.raises(
            ConfigurationError, match=r"the key key-0, which is not among encryption\.keyProvider\.keys"
        ):
            encrypted(folder, KeyStoreKeys(folder / "enc/ks.jceks", password, aliases)).replay()


def test_a_wrong_password_of_a_key_is_said(tmp_path: Path) -> None:
    folder = unpack("encrypted-aes", tmp_path)
    password = (folder / "enc/pw").read_text(encoding="utf-8").strip()
    with pytest.raises(ConfigurationError, match="the password is wrong"):
        KeyStoreKeys(folder / "enc/ks.jceks", "wrong", {"key-0": password})
    with pytest.raises(ConfigurationError, match="another password than the store"):
        encrypted(folder, KeyStoreKeys(folder / "enc/ks.jceks", password, {"key-0": "wrong"})).replay()
