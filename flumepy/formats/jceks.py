"""Secret keys in a JCEKS key store, the file behind Hadoop's credential provider.

Layout, big-endian: magic CECECECE, version u32, count u32, entries, SHA-1 over (password in UTF-16BE, "Mighty Aphrodite",
all that precedes). Entry: tag u32, alias (u16 length, UTF-8, lower case), date u64; tag 3 is a secret key: a serialized
SealedObject whose content is PBEWithMD5AndTripleDES over another serialized object, the key. Tags 1 (private key) and 2
(certificate) are skipped. Source: com.sun.crypto.provider.JceKeyStore, KeyProtector, PBES1Core.
"""

import hashlib
import hmac
import importlib
import struct
from typing import Any

from flumepy.core.errors import ConfigurationError, InputError, MissingPackageError
from flumepy.formats.java_object import read_object

MAGIC = 0xCECECECE
ALGORITHM = "PBEWithMD5AndTripleDES"
_WHITENER = b"Mighty Aphrodite"
_ITERATION_LIMIT = 5_000_000
_PRIVATE_KEY, _CERTIFICATE, _SECRET_KEY = 1, 2, 3


class KeyStore:
    """The secret keys of one file. Opening checks the password; each key costs some 0.3 s when it is asked for."""

    def __init__(self, data: bytes, password: str, origin: str = "key store") -> None:
        """Read a file, `origin` in errors. Raises InputError for a bad one, ConfigurationError for a wrong password."""
        content, digest = data[:-20], data[-20:]
        if len(data) < 32 or struct.unpack_from(">I", data)[0] != MAGIC:
            raise InputError(f"{origin} is not a JCEKS key store")
        made = hashlib.sha1(password.encode("utf-16-be") + _WHITENER + content, usedforsecurity=False).digest()
        if not hmac.compare_digest(made, digest):
            raise ConfigurationError(f"{origin}: the password is wrong, or the file is damaged")
        self._password = password
        try:
            self._sealed = _entries(content)
        except (struct.error, UnicodeDecodeError) as error:
            raise InputError(f"{origin} is malformed: {error}") from error

    def aliases(self) -> list[str]:
        """Return the names of the secret keys, in lower case."""
        return list(self._sealed)

    def secret(self, alias: str, password: str | None = None) -> bytes | None:
        """Return a key's bytes, or None when there is none. `password`: its own, where that is not the store's.

        Raises InputError, ConfigurationError, MissingPackageError.
        """
        sealed = self._sealed.get(alias.lower())
        return None if sealed is None else _unseal(sealed, self._password if password is None else password)


def _entries(content: bytes) -> dict[str, Any]:
    version, count = struct.unpack_from(">II", content, 4)
    position = 12
    sealed: dict[str, Any] = {}
    for _ in range(count):
        (tag,) = struct.unpack_from(">I", content, position)
        alias, position = _text(content, position + 4)
        position += 8
        if tag == _SECRET_KEY:
            sealed[alias], position = read_object(content, position)
        elif tag == _CERTIFICATE:
            position = _behind_certificate(content, position, version)
        elif tag == _PRIVATE_KEY:
            position = _behind_private_key(content, position, version)
        else:
            raise InputError(f"the key store has an entry of the unknown kind {tag}")
    return sealed


def _unseal(sealed: Any, password: str) -> bytes:
    try:
        algorithm, parameters, secret = sealed["sealAlg"], sealed["encodedParams"], sealed["encryptedContent"]
    except (KeyError, TypeError) as error:
        raise InputError("an entry of the key store is not a sealed object") from error
    if algorithm != ALGORITHM:
        raise InputError(f"an entry of the key store is sealed with {algorithm}, only {ALGORITHM} is read")
    # DER: SEQUENCE (OCTET STRING of 8, INTEGER)
    if len(parameters) < 15 or parameters[0] != 0x30 or parameters[2:4] != b"\x04\x08" or parameters[12] != 2:
        raise InputError("an entry of the key store has unknown parameters")
    iterations = int.from_bytes(parameters[14:], "big")
    if not 0 < iterations <= _ITERATION_LIMIT:
        raise InputError(f"an entry of the key store asks for {iterations} iterations")
    key, _ = read_object(_decrypt(secret, password, parameters[4:12], iterations), 0)
    for name in ("key", "encoded"):  # SecretKeySpec, KeyRep
        if isinstance(key, dict) and isinstance(key.get(name), bytes):
            return bytes(key[name])
    raise InputError("an entry of the key store holds no key")


def _decrypt(secret: bytes, password: str, salt: bytes, iterations: int) -> bytes:
    try:
        ciphers = importlib.import_module("cryptography.hazmat.primitives.ciphers")
        triple_des = importlib.import_module("cryptography.hazmat.decrepit.ciphers.algorithms").TripleDES
    except ImportError as error:
        raise MissingPackageError(
            "a JCEKS key store needs the package cryptography", hint="pip install 'flumepy[tls]'"
        ) from error
    derived = _derive(password, salt, iterations)
    cipher = ciphers.Cipher(triple_des(derived[:24]), ciphers.modes.CBC(derived[24:]))
    if len(secret) % 8 or not secret:
        raise InputError("an entry of the key store is cut off")
    decryptor = cipher.decryptor()
    plain: bytes = decryptor.update(secret) + decryptor.finalize()
    if not 1 <= plain[-1] <= 8:
        raise ConfigurationError("an entry of the key store has another password than the store")
    return plain[: -plain[-1]]


def _derive(password: str, salt: bytes, iterations: int) -> bytes:
    """Return 24 bytes of key and 8 of initialization vector: MD5 chains over each half of the salt."""
    halves = [salt[:4], salt[4:]]
    if halves[0] == halves[1]:
        # Else both chains would give the same bytes.
        halves[0] = halves[0][::-1]
    # PBEKey keeps the low seven bits of each character.
    secret = bytes(ord(character) & 0x7F for character in password)
    derived = b""
    for half in halves:
        for _ in range(iterations):
            half = hashlib.md5(half + secret, usedforsecurity=False).digest()  # noqa: PLW2901
        derived += half
    return derived


def _text(content: bytes, position: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">H", content, position)
    end = position + 2 + length
    return content[position + 2 : end].decode("utf-8"), end


def _behind_block(content: bytes, position: int) -> int:
    (length,) = struct.unpack_from(">I", content, position)
    return int(position + 4 + length)


def _behind_certificate(content: bytes, position: int, version: int) -> int:
    if version == 2:
        _, position = _text(content, position)
    return _behind_block(content, position)


def _behind_private_key(content: bytes, position: int, version: int) -> int:
    position = _behind_block(content, position)
    (chain,) = struct.unpack_from(">I", content, position)
    position += 4
    for _ in range(chain):
        position = _behind_certificate(content, position, version)
    return position
