"""FCINTEGRITYTOOL's part: what is damaged is counted, copied and voided, so that the channel can be read again."""

from pathlib import Path

import pytest

from flumepy.core.batch import Event
from flumepy.core.errors import InputError
from flumepy.formats.flume_log import (
    CorruptLogError,
    IntegrityCounts,
    JavaDirectories,
    KeyStoreKeys,
    verify_java_file,
    void_record,
)
from tests.formats.flume_log.test_fixtures import unpack
from tests.formats.flume_log.writer import JavaChannel


def made(root: Path) -> tuple[JavaChannel, Path]:
    channel = JavaChannel(root)
    channel.put(b"one", b"two", b"three")
    channel.take(1)
    channel.save()
    return channel, channel.files[0].path


def damage(path: Path, body: bytes) -> None:
    path.write_bytes(path.read_bytes().replace(body, body.upper()))


def live(channel: JavaChannel) -> list[bytes]:
    replay = JavaDirectories(channel.checkpoint_dir, channel.data_dirs).replay()
    return [body for batch in replay.batches(10, 10_000) for body in batch.bodies]


def test_a_sound_file_is_counted_as_flume_counts_it(tmp_path: Path) -> None:
    _, path = made(tmp_path)
    # Three puts, a take, two commits, and one for the end of the file.
    assert verify_java_file(path) == IntegrityCounts(records=7, puts=3, valid_puts=3)


def test_the_summary_has_the_lines_of_flume(tmp_path: Path) -> None:
    _, path = made(tmp_path)
    damage(path, b"two")
    assert (verify_java_file(path) + IntegrityCounts(records=1)).summary() == [
        "---------- Summary --------------------",
        "Number of Events in the Channel = 8",
        "Number of Put Events Processed = 2",
        "Number of Valid Put Events = 2",
        "Number of Invalid Put Events = 0",
        "Number of Put Events that threw Exception during validation = 0",
        "Number of Corrupt Events = 1",
        "---------------------------------------",
    ]


def test_a_scan_changes_nothing(tmp_path: Path) -> None:
    _, path = made(tmp_path)
    damage(path, b"two")
    before = path.read_bytes()
    verify_java_file(path)
    assert path.read_bytes() == before
    assert not path.with_name("log-1.bak").exists()


def test_a_repair_voids_the_record_after_a_copy_and_the_channel_opens_again(tmp_path: Path) -> None:
    channel, path = made(tmp_path)
    damage(path, b"two")
    before = path.read_bytes()
    with pytest.raises(CorruptLogError, match="FCINTEGRITYTOOL"):
        live(channel)
    assert verify_java_file(path, repair=True).corrupt == 1
    assert path.with_name("log-1.bak").read_bytes() == before
    changed = [(old, new) for old, new in zip(before, path.read_bytes(), strict=True) if old != new]
    assert changed == [(0x7F, 0x00)]
    assert live(channel) == [b"three"]
    assert verify_java_file(path, repair=True) == IntegrityCounts(records=6, puts=2, valid_puts=2)


def test_what_a_validator_refuses_is_voided(tmp_path: Path) -> None:
    channel, path = made(tmp_path)

    def validator(event: Event) -> bool:
        if event.body == b"two":
            raise InputError("I do not like it")
        return event.body != b"three"

    counts = verify_java_file(path, validator=validator, repair=True)
    assert counts == IntegrityCounts(records=7, puts=3, valid_puts=1, invalid_puts=1, validator_errors=1)
    assert live(channel) == []


def test_a_record_whose_length_is_damaged_is_counted_but_not_voided(tmp_path: Path) -> None:
    channel, path = made(tmp_path)
    offset = next(offset for (_, offset), body in channel.events.items() if body == b"two")
    data = bytearray(path.read_bytes())
    data[offset + 4] ^= 1
    path.write_bytes(data)
    assert verify_java_file(path, repair=True) == IntegrityCounts(records=3, puts=1, valid_puts=1, corrupt=1)
    assert path.read_bytes() == data


def test_only_a_record_is_voided(tmp_path: Path) -> None:
    _, path = made(tmp_path)
    with pytest.raises(InputError, match="has no record at byte 4; nothing was changed"):
        void_record(path, 4)
    void_record(path, 0)
    void_record(path, 0)
    assert path.read_bytes()[0] == 0
    with pytest.raises(InputError, match="log-9 cannot be changed"):
        void_record(path.with_name("log-9"), 0)


def test_an_encrypted_file_is_verified_with_its_key(tmp_path: Path) -> None:
    folder = unpack("encrypted-aes", tmp_path)
    password = (folder / "enc/pw").read_text(encoding="utf-8").strip()
    keys = KeyStoreKeys(folder / "enc/ks.jceks", password, {"key-0": password})
    counts = [verify_java_file(folder / f"encdata/d{number}/log-{number}", keys=keys) for number in (1, 2)]
    assert sum(counts, IntegrityCounts()).puts == 3
    assert sum(counts, IntegrityCounts()).corrupt == 0


def test_an_empty_file_has_its_end_only(tmp_path: Path) -> None:
    (tmp_path / "log-3").touch()
    assert verify_java_file(tmp_path / "log-3") == IntegrityCounts(records=1)
