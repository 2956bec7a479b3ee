"""The keys of an encrypted file channel, out of a JCEKS key store, each opened when a file asks for it.

Source: JCEFileKeyProvider.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from flumepy.core.errors import ConfigurationError, translate
from flumepy.formats.jceks import KeyStore


class KeyStoreKeys(Mapping[str, bytes]):
    """AES keys by alias, whatever its case."""

    def __init__(self, path: Path, password: str, passwords: Mapping[str, str]) -> None:
        """Open a store. `passwords`: that of each key, by its alias. Raises ConfigurationError, InputError."""
        with translate({OSError: ConfigurationError}, f"{path} cannot be read"):
            data = path.read_bytes()
        self._store = KeyStore(data, password, str(path))
        self._passwords = {alias.lower(): text for alias, text in passwords.items()}
        self._keys: dict[str, bytes] = {}

    def __getitem__(self, alias: str) -> bytes:
        """Return a key. Raises KeyError, ConfigurationError, InputError, MissingPackageError."""
        alias = alias.lower()
        if alias not in self._keys:
            secret = self._store.secret(alias, self._passwords[alias])
            if secret is None:
                raise KeyError(alias)
            self._keys[alias] = secret
        return self._keys[alias]

    def __iter__(self) -> Iterator[str]:
        return iter(self._passwords)

    def __len__(self) -> int:
        return len(self._passwords)
