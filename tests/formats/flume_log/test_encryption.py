"""Encrypted files: each payload by itself, from the same counter; damage is found here too."""

import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from flumepy.core.errors import ConfigurationError
from flumepy.formats.flume_log import CorruptLogError, JavaDirectories, Replay
from tests.formats.flume_log.writer import JavaChannel, delimited, sf32, sf64, text

KEY = bytes(range(16))
COUNTER = b"twelve bytes\x00\x00\x00\x01"
PROVIDER = "AESCTRNOPADDING"


def encrypt(channel: JavaChannel, *, provider: str = PROVIDER, counter: bytes = COUNTER) -> Path:
    """Encrypt the first file of a channel that was saved."""
    path = channel.files[0].path
    data = bytearray(path.read_bytes())
    at = 0
    while data[at] == 0x7F:
        (length,) = struct.unpack_from(">i", data, at + 1)
        encryptor = Cipher(AES(KEY), CTR(COUNTER)).encryptor()
        data[at + 5 : at + 5 + length] = encryptor.update(bytes(data[at + 5 : at + 5 + length]))
        at += 5 + length
    path.write_bytes(data)
    encryption = text(1, provider.encode()) + text(2, b"main") + text(3, counter)
    meta = sf32(1, 3) + sf32(2, 1) + sf64(3, 0) + sf64(4, 0) + text(5, encryption)
    path.with_name("log-1.meta").write_bytes(delimited(meta))
    return path


def read(channel: JavaChannel, key: bytes = KEY, *, tolerant: bool = False) -> Replay:
    return JavaDirectories(channel.checkpoint_dir, channel.data_dirs, keys={"main": key}, tolerant=tolerant).replay()


def bodies(replay: Replay) -> list[bytes]:
    return [body for batch in replay.batches(2, 10_000_000) for body in batch.bodies]


def made(root: Path) -> JavaChannel:
    channel = JavaChannel(root)
    channel.put(b"one", b"two" * 2_000_000, b"three", headers={"k": "v"})
    channel.take(1)
    channel.put(b"four")
    channel.save()
    return channel


def test_events_of_any_size_are_decrypted(tmp_path: Path) -> None:
    channel = made(tmp_path)
    encrypt(channel, provider="org.apache.flume.channel.file.encryption.AESCTRNoPaddingProvider")
    assert bodies(read(channel)) == [b"two" * 2_000_000, b"three", b"four"]


def test_damage_is_found_and_what_follows_is_kept(tmp_path: Path) -> None:
    channel = made(tmp_path)
    path = encrypt(channel)
    offset = next(offset for (_, offset), body in channel.events.items() if body == b"three")
    data = bytearray(path.read_bytes())
    data[offset + 45] ^= 0x20
    path.write_bytes(data)
    with pytest.raises(CorruptLogError, match=f"damaged at byte {offset}"):
        read(channel)
    assert bodies(read(channel, tolerant=True)) == [b"two" * 2_000_000, b"four"]


def test_a_wrong_key_is_damage_not_rubbish(tmp_path: Path) -> None:
    channel = made(tmp_path)
    encrypt(channel)
    with pytest.raises(CorruptLogError, match="log-1 is damaged at byte 0: it has no header"):
        read(channel, bytes(16))


def test_an_unknown_provider_or_a_bad_key_is_named(tmp_path: Path) -> None:
    channel = made(tmp_path)
    encrypt(channel, provider="com.acme.Rot13")
    with pytest.raises(
        ConfigurationError, match=r"log-1 is encrypted with com\.acme\.Rot13, only AESCTRNOPADDING is read"
    ):
        read(channel)
    encrypt(channel)
    with pytest.raises(ConfigurationError, match="key main, but that is no AES key"):
        read(channel, b"short")
