"""Java key stores (JKS, JCEKS, PKCS12) -> private key and certificates in DER.

A store is what its first bytes say it is, whatever type was declared, as with Java's keystore.type.compat. JKS and JCEKS,
big-endian: magic:u32 version:u32 count:u32, then entries: tag:u32 alias:utf time:u64 and for tag 1 (private key)
key:u32+bytes, chain:u32 x certificate, for tag 2 one certificate (type:utf, length:u32, bytes); at last SHA-1 over password,
"Mighty Aphrodite" and all before. Sources: JavaKeyStore and KeyProtector of sun.security.provider, JceKeyStore and
KeyProtector of com.sun.crypto.provider.
"""

import hashlib
import hmac
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flumepy.core.errors import ConfigurationError, InputError, MissingPackageError

JKS_MAGIC = 0xFEEDFEED
JCEKS_MAGIC = 0xCECECECE
KEY_TAG, CERTIFICATE_TAG = 1, 2
DIGEST_BYTES = 20
MAX_STORE_BYTES = 64 * 1024 * 1024
MAX_ITERATIONS = 5_000_000
_WHITENER = b"Mighty Aphrodite"
_JKS_OID = bytes.fromhex("2b060104012a02110101")
_JCEKS_OID = bytes.fromhex("2b060104012a021301")


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key (PKCS#8) and its chain, its own certificate first."""

    alias: str
    key: bytes = field(repr=False)
    chain: list[bytes]


@dataclass(slots=True)
class KeyStore:
    """What a store holds, in the order of the file."""

    keys: list[PrivateKey] = field(default_factory=list)
    trusted: list[bytes] = field(default_factory=list)


def read_key_store(path: Path, password: str | None, *, with_keys: bool = True) -> KeyStore:
    """Read a store. Without a password nothing is verified and keys stay closed.

    Raises ConfigurationError that names the file, MissingPackageError.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_STORE_BYTES)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        if data[:4] in (struct.pack(">I", JKS_MAGIC), struct.pack(">I", JCEKS_MAGIC)):
            return _read_java(data, password, with_keys)
        return _read_pkcs12(data, password)
    except InputError as error:
        raise ConfigurationError(f"{path}: {error}") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes. Raises InputError at the end."""
        if count < 0 or self.position + count > len(self._data):
            raise InputError("the key store ends too early; it is damaged")
        self.position += count
        return self._data[self.position - count : self.position]

    def number(self) -> int:
        """Return a big-endian u32."""
        return int.from_bytes(self.take(4), "big")

    def block(self) -> bytes:
        """Return bytes behind their u32 length."""
        return self.take(self.number())

    def text(self) -> str:
        """Return DataOutputStream.writeUTF."""
        return self.take(int.from_bytes(self.take(2), "big")).decode("utf-8", "surrogateescape")

    def certificate(self, version: int) -> bytes:
        """Return the bytes of a certificate; version 1 has no type before it."""
        if version > 1:
            self.text()
        return self.block()


def _read_java(data: bytes, password: str | None, with_keys: bool) -> KeyStore:
    reader = _Reader(data)
    is_jceks = reader.number() == JCEKS_MAGIC
    version = reader.number()
    if version not in (1, 2):
        raise InputError(f"version {version} of a key store is not known")
    if password is not None:
        secret = password.encode("utf-16-be")
        digest = hashlib.sha1(secret + _WHITENER + data[:-DIGEST_BYTES]).digest()  # noqa: S324  # Java's format
        if not hmac.compare_digest(digest, data[-DIGEST_BYTES:]):
            raise InputError("Keystore was tampered with, or password was incorrect")
    store = KeyStore()
    for _ in range(reader.number()):
        tag, alias, _ = reader.number(), reader.text(), reader.take(8)
        if tag == KEY_TAG:
            protected = reader.block()
            chain = [reader.certificate(version) for _ in range(reader.number())]
            if with_keys and password is not None:
                unlock = _jceks_key if is_jceks else _jks_key
                store.keys.append(PrivateKey(alias, unlock(protected, password), chain))
        elif tag == CERTIFICATE_TAG:
            store.trusted.append(reader.certificate(version))
        else:
            raise InputError(f"entry {alias!r} is a secret key; only private keys and certificates are read here")
    return store


def _der(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Split one DER element of this tag: its content, and what follows."""
    reader = _Reader(data)
    if reader.take(1)[0] != tag:
        raise InputError("a private key is damaged")
    length = reader.take(1)[0]
    if length > 0x7F:
        length = int.from_bytes(reader.take(length & 0x7F), "big")
    content = reader.take(length)
    return content, data[reader.position :]


def _protected(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return algorithm, parameters and content of an EncryptedPrivateKeyInfo."""
    algorithm, rest = _der(_der(data, 0x30)[0], 0x30)
    oid, parameters = _der(algorithm, 0x06)
    return oid, parameters, _der(rest, 0x04)[0]


def _jks_key(data: bytes, password: str) -> bytes:
    """Undo Sun's XOR with a chain of SHA-1."""
    oid, _, content = _protected(data)
    if oid != _JKS_OID:
        raise InputError("a private key is protected in a way that is not known")
    secret = password.encode("utf-16-be")
    block, encrypted, check = content[:DIGEST_BYTES], content[DIGEST_BYTES:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    stream = bytearray()
    while len(stream) < len(encrypted):
        block = hashlib.sha1(secret + block).digest()  # noqa: S324
        stream += block
    key = bytes(one ^ two for one, two in zip(encrypted, stream, strict=False))
    if not hmac.compare_digest(hashlib.sha1(secret + key).digest(), check):  # noqa: S324
        raise InputError("Cannot recover key: its password is not that of the store")
    return key


def _jceks_key(data: bytes, password: str) -> bytes:
    """Undo PBEWithMD5AndTripleDES, Sun's own derivation: two halves of the salt, hashed on their own."""
    oid, parameters, content = _protected(data)
    if oid != _JCEKS_OID:
        raise InputError("a private key is protected in a way that is not known")
    salt, rest = _der(_der(parameters, 0x30)[0], 0x04)
    iterations = int.from_bytes(_der(rest, 0x02)[0], "big")
    if len(salt) != 8 or not 0 < iterations <= MAX_ITERATIONS:
        raise InputError("a private key is damaged")
    first, second = salt[:4], salt[4:]
    if first == second:
        # Java means to reverse the first half and, by a slip, turns abcd into dabd.
        first = bytes((first[3], first[0], first[1], first[3]))
    derived = b""
    for half in (first, second):
        block = half
        for _ in range(iterations):
            block = hashlib.md5(block + password.encode("latin-1", "replace")).digest()  # noqa: S324
        derived += block
    return _triple_des(derived[:24], derived[24:], content)


def _triple_des(key: bytes, start: bytes, content: bytes) -> bytes:
    with needs_cryptography():
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers import Cipher, modes  # noqa: PLC0415
    if len(content) % 8 or not content:
        raise InputError("a private key is damaged")
    decryptor = Cipher(TripleDES(key), modes.CBC(start)).decryptor()
    plain = decryptor.update(content) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= 8 or plain[-padding:] != bytes([padding]) * padding:
        raise InputError("Cannot recover key: its password is not that of the store")
    return plain[:-padding]


def _read_pkcs12(data: bytes, password: str | None) -> KeyStore:
    with needs_cryptography():
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12  # noqa: PLC0415
    secret = None if password is None else password.encode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a store in BER, which it reads all the same
            store = pkcs12.load_pkcs12(data, secret)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InputError(f"keystore password was incorrect, or this is no JKS or PKCS12 store ({error})") from error

    def der(certificate: "pkcs12.PKCS12Certificate") -> bytes:
        return certificate.certificate.public_bytes(Encoding.DER)

    others = [der(certificate) for certificate in store.additional_certs]
    if store.key is None or store.cert is None:
        return KeyStore(trusted=others if store.cert is None else [der(store.cert), *others])
    key = store.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    alias = (store.cert.friendly_name or b"").decode(errors="replace")
    return KeyStore([PrivateKey(alias, key, [der(store.cert), *others])])


@contextmanager
def needs_cryptography() -> Iterator[None]:
    """Say what to install where the package is missing."""
    try:
        yield
    except ImportError as error:
        raise MissingPackageError("key stores need the package cryptography; pip install 'flumepy[tls]'") from error
