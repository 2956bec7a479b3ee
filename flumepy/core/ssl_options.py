"""TLS properties that several components share: `ServerSslOptions` for sources that listen, `ClientSslOptions` for sinks.

Precedence: the component's property, then the -D value (which the agent fills from FLUME_SSL_* where it is unset). Only
`ssl = true` switches TLS on; global settings alone never do. Component lists are blank separated, global ones comma
separated. `SSLv3` is always excluded. Protocols and cipher suites have their Java names. Nothing here speaks TLS: the result
is what a component hands to its TLS library. Source: SslContextAwareAbstractSource, SSLUtil, NettyAvroRpcClient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import Options, opt

ALWAYS_EXCLUDED = "SSLv3"
DEFAULT_STORE_TYPE = "JKS"


class SslOptions(Options):
    """Properties of both ends."""

    ssl: bool = opt("ssl", False, doc="Speak TLS. Nothing else switches it on.")
    exclude_protocols: tuple[str, ...] = opt(
        "exclude-protocols",
        (),
        doc="Blank-separated protocols to refuse beside SSLv3; default flume.ssl.exclude.protocols.",
    )
    include_protocols: tuple[str, ...] = opt(
        "include-protocols", (), since="1.9",
        doc="Blank-separated protocols to allow; none means all. Default flume.ssl.include.protocols.",
    )  # fmt: skip
    exclude_cipher_suites: tuple[str, ...] = opt(
        "exclude-cipher-suites", (), since="1.9",
        doc="Blank-separated cipher suites to refuse; default flume.ssl.exclude.cipherSuites.",
    )  # fmt: skip
    include_cipher_suites: tuple[str, ...] = opt(
        "include-cipher-suites", (), since="1.9",
        doc="Blank-separated cipher suites to allow; none means all. Default flume.ssl.include.cipherSuites.",
    )  # fmt: skip


class ServerSslOptions(SslOptions):
    """Properties of a source that listens."""

    keystore: str | None = opt(
        "keystore", None, doc="Key store file; default javax.net.ssl.keyStore. Needed when ssl is true."
    )
    keystore_password: str | None = opt(
        "keystore-password", None, secret=True,
        doc="Password of the key store and its key; default javax.net.ssl.keyStorePassword. Needed when ssl is true.",
    )  # fmt: skip
    keystore_type: str | None = opt(
        "keystore-type", None, doc="JKS or PKCS12; default javax.net.ssl.keyStoreType, else JKS."
    )


class ClientSslOptions(SslOptions):
    """Properties of a sink that connects."""

    truststore: str | None = opt(
        "truststore", None, doc="Trust store file; default javax.net.ssl.trustStore, else the system's authorities."
    )
    truststore_password: str | None = opt(
        "truststore-password", None, secret=True,
        doc="Password of the trust store; default javax.net.ssl.trustStorePassword.",
    )  # fmt: skip
    truststore_type: str | None = opt(
        "truststore-type", None, doc="JKS or PKCS12; default javax.net.ssl.trustStoreType, else JKS."
    )


@dataclass(frozen=True, slots=True)
class NameFilter:
    """Which names (protocols or cipher suites) may be used."""

    include: tuple[str, ...]
    exclude: tuple[str, ...]

    def allows(self, name: str) -> bool:
        """Tell whether a name is included (an empty list includes all) and not excluded."""
        return (not self.include or name in self.include) and name not in self.exclude


@dataclass(frozen=True, slots=True)
class Store:
    """A Java key or trust store: file, password, type."""

    path: Path
    password: str | None
    type: str

    def __repr__(self) -> str:
        return f"Store({str(self.path)!r}, type={self.type!r})"


@dataclass(frozen=True, slots=True)
class SslSettings:
    """TLS settings with the global defaults filled in; `store` is None where the system's authorities are meant."""

    store: Store | None
    protocols: NameFilter
    cipher_suites: NameFilter


def server_ssl(context: Context, options: ServerSslOptions) -> SslSettings | None:
    """Return the settings of a server, or None without ssl. Raises ConfigurationError as Flume's configure does."""
    if not options.ssl:
        return None
    properties = context.system_properties
    keystore = options.keystore or properties.get("javax.net.ssl.keyStore")
    password = options.keystore_password or properties.get("javax.net.ssl.keyStorePassword")
    if not keystore:
        raise ConfigurationError("keystore must be specified when SSL is enabled", key="keystore")
    if not password:
        raise ConfigurationError("keystore-password must be specified when SSL is enabled", key="keystore-password")
    store_type = options.keystore_type or properties.get("javax.net.ssl.keyStoreType") or DEFAULT_STORE_TYPE
    require_readable(keystore, "keystore", f"Source {context.name} configured with invalid keystore: {keystore}")
    return _settings(options, properties, Store(Path(keystore), password, store_type))


def client_ssl(context: Context, options: ClientSslOptions) -> SslSettings | None:
    """Return the settings of a client, or None without ssl; the trust store is opened when a connection is made."""
    if not options.ssl:
        return None
    properties = context.system_properties
    truststore = options.truststore or properties.get("javax.net.ssl.trustStore")
    store = truststore and Store(
        Path(truststore),
        options.truststore_password or properties.get("javax.net.ssl.trustStorePassword"),
        options.truststore_type or properties.get("javax.net.ssl.trustStoreType") or DEFAULT_STORE_TYPE,
    )
    return _settings(options, properties, store or None)


def require_readable(path: str, key: str, message: str) -> None:
    """Raise ConfigurationError with the message and the system's reason unless the file can be opened for reading."""
    try:
        with Path(path).open("rb"):
            return
    except OSError as error:
        raise ConfigurationError(f"{message} ({error.strerror})", key=key) from error


def _settings(options: SslOptions, properties: Mapping[str, str], store: Store | None) -> SslSettings:
    def names(own: tuple[str, ...], key: str) -> tuple[str, ...]:
        return own or tuple(properties.get(f"flume.ssl.{key}", "").replace(",", " ").split())

    excluded = names(options.exclude_protocols, "exclude.protocols")
    return SslSettings(
        store,
        NameFilter(names(options.include_protocols, "include.protocols"), (*excluded, ALWAYS_EXCLUDED)),
        NameFilter(
            names(options.include_cipher_suites, "include.cipherSuites"),
            names(options.exclude_cipher_suites, "exclude.cipherSuites"),
        ),
    )
