"""TLS properties: precedence, lists, what a listener must have."""

from pathlib import Path

import pytest

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import require_options
from flumepy.core.ssl_options import ClientSslOptions, ServerSslOptions, SslSettings, client_ssl, server_ssl


@pytest.fixture
def keystore(tmp_path: Path) -> str:
    path = tmp_path / "store.jks"
    path.write_bytes(b"\xfe\xed\xfe\xed")
    return str(path)


def server(settings: dict[str, str], **properties: str) -> SslSettings | None:
    context = Context("r1", system_properties={key.replace("__", "."): text for key, text in properties.items()})
    return server_ssl(context, require_options(ServerSslOptions, settings))


def test_global_settings_alone_do_not_switch_tls_on(keystore: str) -> None:
    assert server({}, javax__net__ssl__keyStore=keystore, javax__net__ssl__keyStorePassword="secret") is None


def test_global_settings_fill_what_the_component_leaves_out(keystore: str) -> None:
    settings = server(
        {"ssl": "true", "keystore-password": "own"},
        javax__net__ssl__keyStore=keystore,
        javax__net__ssl__keyStorePassword="global",
        javax__net__ssl__keyStoreType="PKCS12",
    )
    assert settings is not None
    assert settings.store is not None
    assert (str(settings.store.path), settings.store.password, settings.store.type) == (keystore, "own", "PKCS12")


def test_component_lists_are_blank_separated_and_global_ones_comma_separated(keystore: str) -> None:
    settings = server(
        {"ssl": "true", "keystore": keystore, "keystore-password": "p", "exclude-protocols": "TLSv1 TLSv1.1"},
        flume__ssl__include__cipherSuites="A,B",
    )
    assert settings is not None
    assert settings.protocols.exclude == ("TLSv1", "TLSv1.1", "SSLv3")
    assert settings.cipher_suites.allows("B")
    assert not settings.cipher_suites.allows("C")


def test_sslv3_stays_excluded_even_when_it_is_included(keystore: str) -> None:
    settings = server({"ssl": "true", "keystore": keystore, "keystore-password": "p", "include-protocols": "SSLv3"})
    assert settings is not None
    assert not settings.protocols.allows("SSLv3")
    assert not settings.protocols.allows("TLSv1.2")


@pytest.mark.parametrize("missing", ["keystore", "keystore-password"])
def test_a_listener_with_ssl_needs_store_and_password(missing: str, keystore: str) -> None:
    settings = {"ssl": "true", "keystore": keystore, "keystore-password": "p"}
    del settings[missing]
    with pytest.raises(ConfigurationError, match=f"^{missing} must be specified when SSL is enabled$"):
        server(settings)


def test_an_unreadable_key_store_is_refused_at_once(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.jks")
    with pytest.raises(ConfigurationError, match=r"Source r1 configured with invalid keystore: .*No such file"):
        server({"ssl": "true", "keystore": gone, "keystore-password": "p"})


def test_passwords_are_never_shown(keystore: str) -> None:
    settings = {"ssl": "true", "keystore": keystore, "keystore-password": "hunter2"}
    assert "hunter2" not in repr(require_options(ServerSslOptions, settings))
    assert "hunter2" not in repr(server(settings))


def test_a_client_without_a_trust_store_means_the_systems_authorities() -> None:
    settings = client_ssl(Context("k1"), require_options(ClientSslOptions, {"ssl": "true"}))
    assert settings is not None
    assert settings.store is None


def test_a_client_takes_the_global_trust_store_without_opening_it() -> None:
    context = Context("k1", system_properties={"javax.net.ssl.trustStore": "/nowhere/trust.jks"})
    settings = client_ssl(context, require_options(ClientSslOptions, {"ssl": "true"}))
    assert settings is not None
    assert settings.store is not None
    assert (str(settings.store.path), settings.store.type) == ("/nowhere/trust.jks", "JKS")
    assert client_ssl(context, require_options(ClientSslOptions, {})) is None
