"""How a payload is coded: every combination comes back, damage and wrong keys are noticed and named."""

import itertools
import mmap
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import lz4.frame
import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import ConfigurationError, InputError, MissingPackageError
from flumepy.log.codec import ENCRYPTED, Codec
from flumepy.log.compression import COMPRESSIONS, compressor
from flumepy.log.encryption import KeyRing, SealedFrameError

KIND, COUNT = 1, 3
LINES = b"".join(b"2024-05-01 12:00:%02d request %d done\n" % (number % 60, number) for number in range(200))
KEYS = {"old": bytes(range(16)), "Current": bytes(range(24)), "next": bytes(range(32))}
RING = KeyRing("current", KEYS)


def sealed(codec: Codec, *parts: bytes) -> tuple[int, bytes]:
    flags, coded = codec.seal(KIND, COUNT, parts)
    return flags, b"".join(coded)


def opened(codec: Codec, flags: int, payload: bytes) -> bytes:
    return codec.open(KIND, COUNT, flags, payload)


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("keys", [None, RING], ids=["plain", "encrypted"])
@given(parts=st.lists(st.binary(max_size=400) | st.builds(bytes.__mul__, st.binary(max_size=8), st.integers(0, 200))))
def test_whatever_was_sealed_is_opened_by_any_later_codec(
    compression: str, keys: KeyRing | None, parts: list[bytes]
) -> None:
    codec = Codec(compression, keys)
    flags, payload = sealed(codec, *parts)
    assert opened(codec, flags, payload) == b"".join(parts)
    assert opened(Codec(keys=keys), flags, payload) == b"".join(parts)


@pytest.mark.parametrize(("compression", "keys"), [("zstd", None), ("lz4", None), ("none", RING), ("zstd", RING)])
def test_a_codec_that_compresses_or_encrypts_says_that_it_seals(compression: str, keys: KeyRing | None) -> None:
    assert Codec(compression, keys).seals


def test_a_codec_without_either_seals_nothing_and_may_be_left_out() -> None:
    codec = Codec()
    assert not codec.seals
    assert codec.seal(1, 2, [LINES]) == (0, [LINES])


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_lines_become_smaller_from_any_kind_of_buffer(compression: str, kind: Callable[[bytes], bytes]) -> None:
    flags, payload = sealed(Codec(compression), kind(LINES[:100]), kind(LINES[100:]))
    assert flags == COMPRESSIONS.index(compression)
    assert len(payload) < len(LINES) / 2
    assert opened(Codec(), flags, payload) == LINES


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_what_compression_does_not_make_smaller_stays_as_it_is(compression: str) -> None:
    random = bytes(itertools.accumulate(range(1, 1000), lambda state, _: (state * 167 + 13) % 256))
    noise = AESGCM(bytes(16)).encrypt(bytes(12), random, None)
    assert sealed(Codec(compression), noise) == (0, noise)
    assert sealed(Codec(compression), b"a" * 50) == (0, b"a" * 50)
    assert sealed(Codec(compression)) == (0, b"")


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_large_payloads_come_back(compression: str) -> None:
    large = LINES * 4000  # 26 MB
    codec = Codec(compression, RING)
    flags, payload = sealed(codec, large, b"end")
    assert opened(codec, flags, payload) == large + b"end"


@pytest.mark.parametrize(("compression", "command"), [("zstd", "zstd"), ("lz4", "lz4")])
def test_the_tool_of_that_name_reads_it_and_what_it_writes_is_read(
    compression: str, command: str, tmp_path: Path
) -> None:
    tool = shutil.which(command)
    if tool is None:
        pytest.skip(f"no {command} on this machine")
    flags, payload = sealed(Codec(compression), LINES)
    assert subprocess.run([tool, "-dc"], input=payload, capture_output=True, check=True).stdout == LINES
    source = tmp_path / "lines"
    source.write_bytes(LINES)
    with_size = ["--content-size"] if command == "lz4" else []
    theirs = subprocess.run([tool, "-c", *with_size, source], capture_output=True, check=True).stdout
    assert opened(Codec(), flags, theirs) == LINES


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_nothing_is_expanded_beyond_the_limit(compression: str) -> None:
    flags, payload = sealed(Codec(compression), LINES)
    assert opened(Codec(limit=len(LINES)), flags, payload) == LINES
    with pytest.raises(InputError, match=rf"would expand to {len(LINES)} bytes, more than .* Verify and repair"):
        opened(Codec(limit=len(LINES) - 1), flags, payload)


def test_what_is_larger_than_the_limit_is_stored_as_it_is_so_that_it_can_be_read_again() -> None:
    assert sealed(Codec("zstd", limit=len(LINES) - 1), LINES) == (0, LINES)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("change", ["cut", "extended", "no size", "empty", "other"])
def test_compressed_data_that_is_damaged_is_refused(number: int, change: str) -> None:
    good = compressor(number).compress(LINES)
    without_size = [
        zstandard.ZstdCompressor(write_content_size=False).compress(LINES),
        lz4.frame.compress(LINES, store_size=False),
    ]
    data = {
        "cut": good[:-1],
        "extended": good + b"x",
        "no size": without_size[number - 1],
        "empty": b"",
        "other": LINES,
    }[change]
    with pytest.raises(InputError, match="cannot be expanded as"):
        opened(Codec(), number, data)


@given(position=st.integers(0, 10_000), noise=st.binary(min_size=1, max_size=4), number=st.sampled_from([1, 2]))
def test_no_damage_to_compressed_data_raises_anything_else_or_expands_without_bound(
    position: int, noise: bytes, number: int
) -> None:
    data = bytearray(compressor(number).compress(LINES))
    position %= len(data)
    data[position : position + len(noise)] = noise
    with suppress(InputError):
        assert len(opened(Codec(limit=1 << 20), number, bytes(data))) <= 1 << 20


@pytest.mark.parametrize("flags", [3, 15, 0x20, 0x80, 0xFF])
def test_flags_of_a_later_version_are_named(flags: int) -> None:
    with pytest.raises(InputError, match="that this flumepy does not know"):
        opened(Codec(), flags, LINES)


def test_an_unknown_compression_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="compression 'gzip' is not known; there are none, zstd, lz4"):
        Codec("gzip")


@pytest.mark.parametrize(("compression", "module"), [("zstd", "zstandard"), ("lz4", "lz4.frame")])
def test_a_missing_package_says_what_to_install(compression: str, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    flags, payload = sealed(Codec(compression), LINES)
    reader = Codec()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingPackageError, match=r"pip install 'flumepy\[compression\]'"):
        Codec(compression)
    with pytest.raises(MissingPackageError, match=r"pip install 'flumepy\[compression\]'"):
        opened(reader, flags, payload)


def test_without_cryptography_encryption_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("hashes", "kdf.hkdf", "ciphers.aead"):
        monkeypatch.setitem(sys.modules, f"cryptography.hazmat.primitives.{module}", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'flumepy\[encryption\]'"):
        Codec(keys=RING)
    assert sealed(Codec(), LINES) == (0, LINES)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_the_layout_is_the_documented_one(compression: str) -> None:
    flags, payload = sealed(Codec(compression, RING), LINES)
    assert flags == ENCRYPTED | COMPRESSIONS.index(compression)
    assert payload[:8] == b"\x07current"
    salt, (counter,) = payload[8:24], struct.unpack("<Q", payload[24:32])
    session_key = HKDF(SHA256(), 24, salt, b"flumepy.log session key").derive(KEYS["Current"])
    additional = bytes([KIND, flags]) + struct.pack("<I", COUNT)
    content = AESGCM(session_key).decrypt(bytes(4) + struct.pack("<Q", counter), payload[32:], additional)
    assert opened(Codec(), flags & ~ENCRYPTED, content) == LINES


def test_a_payload_that_another_implementation_sealed_is_opened() -> None:
    salt, counter = bytes(range(100, 116)), (1 << 40) + 5
    session_key = HKDF(SHA256(), 16, salt, b"flumepy.log session key").derive(KEYS["old"])
    additional = struct.pack("<BBI", 2, ENCRYPTED, 0)
    content = AESGCM(session_key).encrypt(struct.pack("<4xQ", counter), b"taken", additional)
    payload = b"\x03old" + salt + struct.pack("<Q", counter) + content
    assert Codec(keys=RING).open(2, 0, ENCRYPTED, payload) == b"taken"


def test_tampering_with_any_byte_of_payload_or_head_is_noticed() -> None:
    codec = Codec("zstd", RING)
    flags, payload = sealed(codec, LINES[:300])
    assert flags == ENCRYPTED | 1
    for position in range(len(payload)):
        for bit in (0x01, 0x20, 0x80):
            damaged = bytearray(payload)
            damaged[position] ^= bit
            with pytest.raises((InputError, SealedFrameError)):
                opened(codec, flags, bytes(damaged))
    for length in range(len(payload)):
        with pytest.raises((InputError, SealedFrameError)):
            opened(codec, flags, payload[:length])
    for kind, count, other in ((KIND + 1, COUNT, flags), (KIND, COUNT + 1, flags), (KIND, COUNT, ENCRYPTED)):
        with pytest.raises(SealedFrameError):
            codec.open(kind, count, other, payload)


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() -> None:
    before = [sealed(Codec("lz4", KeyRing(alias, KEYS)), LINES) for alias in KEYS]
    rotated = Codec("lz4", KeyRing("next", KEYS))
    assert [opened(rotated, *stored) for stored in before] == [LINES] * 3
    assert sealed(rotated, LINES)[1].startswith(b"\x04next")


def test_settings_may_be_switched_off_and_what_was_written_before_stays_readable() -> None:
    stored = sealed(Codec(), LINES)
    assert opened(Codec("zstd", RING), *stored) == LINES


def test_a_key_that_left_the_ring_is_named() -> None:
    stored = sealed(Codec(keys=RING), LINES)
    with pytest.raises(SealedFrameError, match=r"with the key current, which is not among .*keys: name it") as caught:
        opened(Codec(keys=KeyRing("old", {"old": KEYS["old"]})), *stored)
    assert caught.value.key == "encryption.keyProvider.keys"
    with pytest.raises(SealedFrameError, match=r"with the key current, and the channel has no keys: set"):
        opened(Codec(), *stored)


def test_another_key_under_the_same_alias_is_named() -> None:
    stored = sealed(Codec(keys=RING), LINES)
    with pytest.raises(SealedFrameError, match=r"does not open with the key current: another key had this alias"):
        opened(Codec(keys=KeyRing("current", {"current": bytes(24)})), *stored)


@pytest.mark.parametrize(
    ("active", "keys", "message"),
    [
        ("k", {}, "active key k is not among"),
        ("k", {"k": bytes(15)}, "the key k has 120 bits"),
        ("k", {"k": bytes(16), "é" * 128: bytes(16)}, "1 to 255 bytes"),
    ],
)
def test_a_ring_that_cannot_work_is_refused(active: str, keys: dict[str, bytes], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        KeyRing(active, keys)


def test_a_ring_does_not_show_its_keys() -> None:
    assert repr(RING) == "KeyRing(active='current', aliases=['current', 'next', 'old'])"


def test_two_gigabytes_cannot_be_encrypted_and_the_error_says_what_to_do() -> None:
    message = "2147483648 bytes in one transaction cannot be encrypted; send smaller"
    with mmap.mmap(-1, 1 << 31) as untouched, memoryview(untouched) as view, pytest.raises(InputError, match=message):
        Codec(keys=RING).seal(KIND, COUNT, [view])
