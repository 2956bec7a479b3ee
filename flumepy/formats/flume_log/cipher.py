"""AESCTRNOPADDING of the file channel: AES in counter mode, begun anew with the file's own counter for every record.

So all records of a file share one keystream: it is made once and combined with each, which costs a tenth of a cipher each.
Source: AESCTRNoPaddingProvider.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flumepy.core.errors import ConfigurationError, MissingPackageError
from flumepy.formats.flume_log.messages import Encryption

NAMES = ("AESCTRNOPADDING", "org.apache.flume.channel.file.encryption.AESCTRNoPaddingProvider")
#: keystream kept; a longer record makes its own
KEPT_BYTES = 1024 * 1024
COUNTER_BYTES = 16


class Cipher:
    """Decrypts the records of one file."""

    def __init__(self, encryption: Encryption, keys: Mapping[str, bytes] | None, path: Path) -> None:
        """Find the key of a file. Raises ConfigurationError, MissingPackageError."""
        where = f"{path} is encrypted with the key {encryption.key_alias}"
        if keys is None:
            raise ConfigurationError(
                f"{where}: set encryption.keyProvider and its key store", key="encryption.keyProvider"
            )
        if encryption.provider.removesuffix("$Builder") not in NAMES and encryption.provider.upper() != NAMES[0]:
            raise ConfigurationError(f"{path} is encrypted with {encryption.provider}, only {NAMES[0]} is read")
        # A JCEKS store keeps its aliases in lower case, and finds them in any.
        key = keys.get(encryption.key_alias) or keys.get(encryption.key_alias.lower())
        if key is None:
            raise ConfigurationError(
                f"{where}, which is not among encryption.keyProvider.keys", key="encryption.keyProvider.keys"
            )
        if len(key) not in (16, 24, 32) or len(encryption.parameters) != COUNTER_BYTES:
            raise ConfigurationError(f"{where}, but that is no AES key, or the file's counter is damaged")
        self._cipher = _cipher(key, encryption.parameters)
        self._keystream = b""

    def decrypt(self, data: bytes) -> bytes:
        """Return the plain bytes of the beginning of a record."""
        size = len(data)
        if size > len(self._keystream):
            if size > KEPT_BYTES:
                return bytes(self._cipher.encryptor().update(data))
            self._keystream = self._cipher.encryptor().update(bytes(min(KEPT_BYTES, 2 * size + 4096)))
        mixed = int.from_bytes(data, "little") ^ int.from_bytes(self._keystream[:size], "little")
        return mixed.to_bytes(size, "little")


def _cipher(key: bytes, counter: bytes) -> Any:
    try:
        ciphers = importlib.import_module("cryptography.hazmat.primitives.ciphers")
    except ImportError as error:
        raise MissingPackageError(
            "an encrypted file channel needs the package cryptography", hint="pip install 'flumepy[encryption]'"
        ) from error
    return ciphers.Cipher(ciphers.algorithms.AES(key), ciphers.modes.CTR(counter))
