"""The keys of an encrypted file channel, as Flume's properties name them: a JCEKS store, and password files.

A password is the content of its file, trimmed as Java trims; a key whose own password file is missing has the store's.
Source: JCEFileKeyProvider and its Builder.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from flumepy.core.errors import ConfigurationError, InputError, MissingPackageError
from flumepy.formats.flume_log.keys import KeyStoreKeys
from flumepy.formats.java_text import decode_utf8

AES_KEY_BYTES = (16, 24, 32)
_PROVIDER = "encryption.keyProvider"
_BLANKS = "".join(map(chr, range(33)))  # String.trim


def load_keys(
    key_store_file: str | Path, password_file: str | Path, aliases: Iterable[str], key_password_files: Mapping[str, str]
) -> dict[str, bytes]:
    """Return the AES keys by alias, in lower case as the store has them; opening one takes some 0.3 s.

    aliases: those of encryption.keyProvider.keys, and encryption.activeKey, which Flume does not want among them.
    key_password_files: `<alias>.passwordFile` by alias. Raises ConfigurationError that names file, alias and property,
    MissingPackageError.
    """
    files = {alias: _key_password_file(alias, key_password_files, Path(password_file)) for alias in aliases}
    password = _password(Path(password_file), f"{_PROVIDER}.keyStorePasswordFile")
    passwords = {alias: _password(path, _key_property(alias)) for alias, path in files.items()}
    store = _open(Path(key_store_file), password, passwords)
    return {alias.lower(): _key(store, alias, key_store_file, path) for alias, path in files.items()}


def _open(path: Path, password: str, passwords: Mapping[str, str]) -> KeyStoreKeys:
    try:
        return KeyStoreKeys(path, password, passwords)
    except (ConfigurationError, InputError) as error:
        raise ConfigurationError(str(error), key=f"{_PROVIDER}.keyStoreFile") from error


def _password(path: Path, key: str) -> str:
    try:
        return decode_utf8(path.read_bytes()).strip(_BLANKS)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror})", key=key) from error


def _key_password_file(alias: str, files: Mapping[str, str], default: Path) -> Path:
    path = Path(files.get(alias, "").strip(_BLANKS))
    return path if path.is_file() else default


def _key_property(alias: str) -> str:
    return f"{_PROVIDER}.keys.{alias}.passwordFile"


def _key(store: KeyStoreKeys, alias: str, store_file: str | Path, password_file: Path) -> bytes:
    try:
        key = store[alias]
    except KeyError:
        raise ConfigurationError(
            f"{store_file} has no key {alias}; keytool -list -storetype jceks shows what it has",
            key=f"{_PROVIDER}.keys",
        ) from None
    except MissingPackageError:
        raise
    except (ConfigurationError, InputError) as error:  # a wrong password may make anything of an entry
        raise ConfigurationError(
            f"{store_file}: the key {alias} does not open with the password in {password_file} ({error})",
            key=_key_property(alias),
        ) from error
    if len(key) not in AES_KEY_BYTES:
        raise ConfigurationError(
            f"{store_file}: the key {alias} has {8 * len(key)} bits; AES takes 128, 192 or 256", key=f"{_PROVIDER}.keys"
        )
    return key
