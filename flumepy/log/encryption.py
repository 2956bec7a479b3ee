"""Encryption of a frame's payload: AES-GCM under a key of the key ring, each sealed payload saying which.

Layout of a sealed payload (integers little-endian):

    size     field
    1        length of the alias in bytes
    ...      alias, UTF-8, lower case
    16       salt
    8        counter
    ...      ciphertext, as long as what was sealed
    16       tag

    session key = HKDF-SHA256(key of the alias, salt, info "flumepy.log session key"), as long as that key
    nonce       = 4 zero bytes, counter
    additional data = kind u8, flags u8, count u32 of the frame

A nonce never comes twice under one session key: each opening of a log draws a salt of its own, the counter only grows, also
where a torn frame is written again at the same place, a forked process draws a new salt, and so does the counter when it
reaches 2^32. A session needs no state on the disk. What is not covered: the order of frames and their being there; who can
write the files can leave frames out or put in ones that are not encrypted, as with Flume's own encryption.
"""

import importlib
import os
import secrets
import struct
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from flumepy.core.errors import ConfigurationError, InputError, MissingPackageError
from flumepy.log.disk import Buffer

SALT_BYTES = 16
TAG_BYTES = 16
KEY_BYTES = (16, 24, 32)
INFO = b"flumepy.log session key"
FRAMES_PER_SESSION = 1 << 32
SESSIONS_KEPT = 64
#: the most that the library encrypts at once
LIMIT_BYTES = (1 << 31) - 1 - TAG_BYTES
_COUNTER = struct.Struct("<Q")
_NONCE = struct.Struct("<4xQ")


class SealedFrameError(ConfigurationError):
    """A stored frame does not open with the keys that there are; it stays as it is."""


class KeyRing:
    """AES keys by alias, whatever its case, as in a JCEKS store: `active` seals, every one opens."""

    def __init__(self, active: str, keys: Mapping[str, bytes]) -> None:
        """Take the keys, 16, 24 or 32 bytes each. Raises ConfigurationError."""
        self.active = active.lower()
        self._keys = {alias.lower(): bytes(key) for alias, key in keys.items()}
        for alias, key in self._keys.items():
            if len(key) not in KEY_BYTES:
                raise ConfigurationError(f"the key {alias} has {8 * len(key)} bits; AES takes 128, 192 or 256")
            if not 0 < len(alias.encode()) <= 255:
                raise ConfigurationError(f"the alias {alias!r} of a key must have 1 to 255 bytes")
        if self.active not in self._keys:
            raise ConfigurationError(
                f"the active key {active} is not among the keys ({', '.join(self._keys)})", key="encryption.activeKey"
            )

    def __repr__(self) -> str:
        return f"KeyRing(active={self.active!r}, aliases={sorted(self._keys)})"

    def key(self, alias: str) -> bytes | None:
        """Return the key of an alias in lower case."""
        return self._keys.get(alias)


class _Session(NamedTuple):
    """A salt and what was made from it, for one process."""

    process: int
    head: bytes  # alias and salt as they stand in front of a sealed payload
    cipher: Any


class Encryption:
    """Seals with the active key of a ring, and opens with any; without a ring it only says what is missing."""

    def __init__(self, keys: KeyRing | None) -> None:
        """Begin. Raises MissingPackageError where there are keys."""
        self._keys = keys
        self._lock = threading.Lock()  # guards the session and its counter
        self._session: _Session | None = None
        self._counter = 0
        self._opener = lru_cache(SESSIONS_KEPT)(_session_cipher)
        if keys is not None:
            self._session = self._new_session(keys)

    def seal(self, parts: Sequence[Buffer], additional: bytes) -> list[Buffer]:
        """Return the parts of a sealed payload. Raises InputError for one of 2 GiB or more."""
        size = sum(map(len, parts))
        if size > LIMIT_BYTES:
            raise InputError(f"{size} bytes in one transaction cannot be encrypted; send smaller batches")
        session, counter = self._next()
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        return [session.head + _COUNTER.pack(counter), session.cipher.encrypt(_NONCE.pack(counter), data, additional)]

    def _next(self) -> tuple[_Session, int]:
        """Return a session and a counter that it has not seen."""
        assert self._keys is not None
        with self._lock:
            session, counter = self._session, self._counter
            if session is None or counter >= FRAMES_PER_SESSION or session.process != os.getpid():
                session, counter = self._session, _ = self._new_session(self._keys), 0
            self._counter = counter + 1
        return session, counter

    def _new_session(self, keys: KeyRing) -> _Session:
        salt = secrets.token_bytes(SALT_BYTES)
        alias = keys.active.encode()
        key = keys.key(keys.active)
        assert key is not None
        return _Session(os.getpid(), bytes([len(alias)]) + alias + salt, _session_cipher(key, salt))

    def open(self, payload: bytes, additional: bytes) -> bytes:
        """Return what was sealed. Raises InputError, SealedFrameError, MissingPackageError."""
        alias_end = 1 + payload[0] if payload else 1
        start = alias_end + SALT_BYTES + _COUNTER.size
        if len(payload) < start + TAG_BYTES:
            raise InputError("an encrypted payload is cut off; verify and repair the directories of the log")
        alias = payload[1:alias_end].decode("utf-8", "backslashreplace")
        cipher = self._opener(self._key(alias), payload[alias_end : alias_end + SALT_BYTES])
        nonce = _NONCE.pack(*_COUNTER.unpack_from(payload, start - _COUNTER.size))
        try:
            return bytes(cipher.decrypt(nonce, memoryview(payload)[start:], additional))
        except _package("cryptography.exceptions").InvalidTag as error:
            raise SealedFrameError(
                f"a stored frame does not open with the key {alias}: another key had this alias when the frame was"
                f" written, or the frame was changed since. Give the key store the key that {alias} was; nothing was"
                " deleted",
                key="encryption.keyProvider.keyStoreFile",
            ) from error

    def _key(self, alias: str) -> bytes:
        if self._keys is None:
            raise SealedFrameError(
                f"a stored frame is encrypted with the key {alias}, and the channel has no keys: set"
                " encryption.keyProvider, its key store and its keys. Nothing was deleted",
                key="encryption.keyProvider",
            )
        key = self._keys.key(alias)
        if key is None:
            raise SealedFrameError(
                f"a stored frame is encrypted with the key {alias}, which is not among encryption.keyProvider.keys: name"
                " it there until all that it encrypted has been delivered. Nothing was deleted",
                key="encryption.keyProvider.keys",
            )
        return key


def _session_cipher(key: bytes, salt: bytes) -> Any:
    hkdf = _package("cryptography.hazmat.primitives.kdf.hkdf")
    sha256 = _package("cryptography.hazmat.primitives.hashes").SHA256()
    session_key = hkdf.HKDF(algorithm=sha256, length=len(key), salt=salt, info=INFO).derive(key)
    return _package("cryptography.hazmat.primitives.ciphers.aead").AESGCM(session_key)


def _package(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            "encryption needs the package cryptography; pip install 'flumepy[encryption]'",
            hint="pip install 'flumepy[encryption]'",
        ) from error
