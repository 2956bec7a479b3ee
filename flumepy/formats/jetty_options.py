"""Jetty's own settings below an HTTP server's properties: those that mean something here, and a note for the others.

A key is the name of a Java setter without `set`, its first letter in lower case. Flume sets whatever Jetty knows and ignores
the rest. Source: HTTPSource.start, FlumeBeanConfigurator; defaults of Jetty 9.4.41.
"""

from collections.abc import Mapping
from logging import Logger
from typing import TypeVar

from flumepy.core.errors import ConfigurationError
from flumepy.core.options import Options, opt, option_fields, require_options

ModelT = TypeVar("ModelT", bound=Options)


class ServerConnectorOptions(Options):
    """Properties below ServerConnector."""

    idle_timeout_ms: int = opt(
        "idleTimeout", 30_000, long=True, unit="ms", doc="A connection without traffic is closed; 0 means never."
    )
    accept_queue_size: int = opt("acceptQueueSize", 0, doc="Backlog of the listener; 0 means the default of 128.")


class HttpConfigurationOptions(Options):
    """Properties below HttpConfiguration."""

    request_header_size: int = opt(
        "requestHeaderSize", 8192, ge=1, unit="bytes", doc="Most bytes of a request's line and headers."
    )
    send_server_version: bool = opt("sendServerVersion", True, doc="Send a Server header.")
    send_date_header: bool = opt("sendDateHeader", True, doc="Send a Date header with each success.")


class SslContextFactoryOptions(Options):
    """Properties below SslContextFactory; each overrides the property of the source that means the same."""

    keystore: str | None = opt("keyStorePath", None, doc="Overrides keystore.")
    keystore_password: str | None = opt("keyStorePassword", None, secret=True, doc="Overrides keystore-password.")
    keystore_type: str | None = opt("keyStoreType", None, doc="Overrides keystore-type.")
    include_protocols: str | None = opt("includeProtocols", None, doc="Comma-separated; overrides include-protocols.")
    exclude_protocols: str | None = opt("excludeProtocols", None, doc="Comma-separated; overrides exclude-protocols.")
    include_cipher_suites: str | None = opt("includeCipherSuites", None, doc="Comma-separated; overrides the other.")
    exclude_cipher_suites: str | None = opt("excludeCipherSuites", None, doc="Comma-separated; overrides the other.")
    need_client_auth: bool = opt("needClientAuth", False, doc="Not supported: true is refused.")

    def overrides(self) -> dict[str, object]:
        """Return what is set, by the names of ServerSslOptions."""
        set_here = {name: value for name, value in self if value is not None and name != "need_client_auth"}
        return {
            name: tuple(part.strip() for part in value.split(",")) if name.endswith(("protocols", "suites")) else value
            for name, value in set_here.items()
        }


def read_jetty_options(model: type[ModelT], prefix: str, settings: Mapping[str, str], log: Logger) -> ModelT:
    """Read what the model knows; name what has no effect in the log. Raises ConfigurationError that names the full key."""
    known = {option.key for option in option_fields(model)}
    for key in sorted(settings.keys() - known):
        log.info("%s%s is accepted and has no effect: it tunes Jetty, which is not used here.", prefix, key)
    try:
        return require_options(model, {key: text for key, text in settings.items() if key in known})
    except ConfigurationError as error:
        raise ConfigurationError(str(error), key=f"{prefix}{error.key}", hint=error.hint) from error
