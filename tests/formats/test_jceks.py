"""flumepy.formats.jceks against stores that Java wrote.

hadoop_default.jceks and hadoop_secret.jceks: Hadoop 3.3.6, `hadoop credential create My.Key -value 'pässwörd 1' -provider
jceks://file/…` (then other_key-2 = two; the second: HADOOP_CREDSTORE_PASSWORD=secret, k = v). keytool_mixed.jceks:
keytool 17, a key pair, a certificate and an AES key, password changeit.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flumepy.core.errors import ConfigurationError, InputError
from flumepy.formats import jceks
from flumepy.formats.java_object import STREAM_HEADER, read_object
from flumepy.formats.jceks import KeyStore

HERE = Path(__file__).parent
DEFAULT = (HERE / "hadoop_default.jceks").read_bytes()


def test_keys_that_hadoop_stored_are_read_whatever_the_case_of_the_alias() -> None:
    store = KeyStore(DEFAULT, "none")
    assert store.aliases() == ["my.key", "other_key-2"]
    assert store.secret("My.KEY") == "pässwörd 1".encode()
    assert store.secret("nope") is None


def test_a_store_with_another_password_is_read_with_it_only() -> None:
    data = (HERE / "hadoop_secret.jceks").read_bytes()
    assert KeyStore(data, "secret").secret("k") == b"v"
    with pytest.raises(ConfigurationError, match="password is wrong"):
        KeyStore(data, "none")


def test_key_pairs_and_certificates_are_skipped() -> None:
    store = KeyStore((HERE / "keytool_mixed.jceks").read_bytes(), "changeit")
    assert store.aliases() == ["sec"]
    assert len(store.secret("sec") or b"") == 16


def test_a_salt_of_two_equal_halves_is_stirred_as_java_stirs_it() -> None:
    # Recorded from com.sun.crypto.provider.PBES1Core: password "none", salt 01020304 twice, 1000 rounds.
    sealed = bytes.fromhex("3e44818d3638f96074cff941a758b10f")
    assert jceks._decrypt(sealed, "none", bytes([1, 2, 3, 4, 1, 2, 3, 4]), 1000) == b"equal halves"


@pytest.mark.parametrize("data", [b"", b"\xce" * 4, b"\xfe\xed\xfe\xed" + bytes(60), bytes(100)])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not a JCEKS key store"):
        KeyStore(data, "none")


def test_a_flipped_byte_is_noticed() -> None:
    with pytest.raises(ConfigurationError, match="damaged"):
        KeyStore(DEFAULT[:50] + b"?" + DEFAULT[51:], "none")


@given(st.integers(4, len(DEFAULT) - 21), st.binary(min_size=1, max_size=8))
def test_a_forged_store_is_read_or_refused(position: int, noise: bytes) -> None:
    content = (DEFAULT[:position] + noise + DEFAULT[position + len(noise) :])[: len(DEFAULT) - 20]
    digest = hashlib.sha1("none".encode("utf-16-be") + b"Mighty Aphrodite" + content).digest()
    with suppress(InputError):
        assert isinstance(KeyStore(content + digest, "none").aliases(), list)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_no_bytes_after_the_header_raise_anything_else(noise: bytes, cut: int) -> None:
    stream = DEFAULT[0x20:cut] if cut > 0x24 else STREAM_HEADER
    with suppress(InputError):
        read_object(stream + noise, 0)
