"""Key stores made by Java's keytool, opened for real TLS connections."""

import ssl
import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import require_options
from flumepy.core.ssl_options import (
    ClientSslOptions,
    NameFilter,
    ServerSslOptions,
    SslSettings,
    Store,
    client_ssl,
    server_ssl,
)
from flumepy.formats.key_store import read_key_store
from flumepy.formats.tls import TLS13_SUITES, client_context, java_suite, server_context
from flumepy.testing.fakes import ListChannel
from tests.sources.http_client import Client, post, running

STORES = Path(__file__).parent / "stores"
ALL = NameFilter((), ())
SUITE = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"


def settings(
    name: str, password: str | None = "secret", protocols: NameFilter = ALL, suites: NameFilter = ALL
) -> SslSettings:
    return SslSettings(Store(STORES / name, password, "JKS"), protocols, suites)


def names(*include: str, exclude: tuple[str, ...] = ()) -> NameFilter:
    return NameFilter(include, exclude)


@pytest.mark.parametrize("store", ["server.jks", "server.jceks", "server.p12"])
@pytest.mark.parametrize("trust", ["trust.jks", "trust.jceks", "trust.p12"])
def test_a_client_that_trusts_the_certificate_posts_over_tls(store: str, trust: str) -> None:
    channel = ListChannel()
    options = {"ssl": "true", "keystore": str(STORES / store), "keystore-password": "secret"}
    client_side = client_context(settings(trust, "changeit"), check_hostname=True)
    with running(channel, options) as source:
        for _ in range(2):
            with Client(source, client_side) as client:
                assert client.ask(post('[{"body":"' + "x" * 100_000 + '"}]'))[0] == 200
                assert client.ask(post("{"))[0] == 400
                assert client.ask(post('[{"body":"y"}]', "Connection: close"))[0] == 200
                assert client.is_at_end()
    assert [len(body) for body in channel.bodies] == [100_000, 1] * 2


def test_plain_text_garbage_and_strangers_do_not_hurt_a_tls_source() -> None:
    options = {"ssl": "true", "keystore": str(STORES / "server.jks"), "keystore-password": "secret"}
    with running(ListChannel(), options) as source:
        with Client(source) as plain:
            plain.send(post("[]"))
            assert plain.socket.recv(100)[:4] != b"HTTP"
        with pytest.raises(ssl.SSLError, match=r"(?i)certificate"):
            Client(source, ssl.create_default_context())
        with Client(source) as silent:
            assert silent.socket.fileno() > 0
        with Client(source, client_context(settings("trust.jks", "changeit"))) as client:
            assert client.ask(post("[]"))[0] == 200


def test_the_global_store_serves_where_the_source_names_none() -> None:
    properties = {
        "javax.net.ssl.keyStore": str(STORES / "server.p12"),
        "javax.net.ssl.keyStorePassword": "secret",
        "flume.ssl.include.protocols": "TLSv1.2",
    }
    context = Context("r1", system_properties=properties)
    found = server_ssl(context, require_options(ServerSslOptions, {"ssl": "true"}))
    assert found is not None
    made = server_context(found)
    assert (made.minimum_version, made.maximum_version) == (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)


def test_a_client_without_a_store_trusts_the_system() -> None:
    found = client_ssl(Context("k1"), require_options(ClientSslOptions, {"ssl": "true"}))
    assert found is not None
    assert client_context(found).verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("name", "password", "key", "words"),
    [
        ("server.jks", "wrong", "keystore-password", "password was incorrect"),
        ("server.jceks", "wrong", "keystore-password", "password was incorrect"),
        ("server.p12", "wrong", "keystore-password", "password was incorrect"),
        ("other-key-password.jks", "secret", "keystore-password", "its password is not that of the store"),
        ("missing.jks", "secret", "keystore", "No such file"),
        ("trust.jks", "changeit", "keystore", "holds no private key"),
        ("secret.jceks", "secret", "keystore", "secret key"),
        ("../test_tls.py", "secret", "keystore-password", "no JKS or PKCS12 store"),
    ],
)
def test_a_store_that_cannot_be_used_names_property_and_file(name: str, password: str, key: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        server_context(settings(name, password))
    assert caught.value.key == key
    assert Path(name).name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "password", "key"),
    [
        ("trust.jks", "wrong", "truststore-password"),
        ("none.jks", "x", "truststore"),
        ("trust.p12", "x", "truststore-password"),
    ],
)
def test_a_trust_store_that_cannot_be_used_names_property_and_file(name: str, password: str, key: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        client_context(settings(name, password))
    assert caught.value.key == key


def test_a_java_trust_store_opens_without_a_password() -> None:
    assert (
        read_key_store(STORES / "trust.jks", None).trusted == read_key_store(STORES / "trust.p12", "changeit").trusted
    )


def test_an_expired_certificate_is_served_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    server_context(settings("expired.jks"))
    assert "expired on 2000-01-11" in caplog.text


@pytest.mark.parametrize(
    ("protocols", "suites", "lowest", "highest"),
    [
        (ALL, ALL, "TLSv1_2", "TLSv1_3"),
        (names("TLSv1.3"), ALL, "TLSv1_3", "TLSv1_3"),
        (names("TLSv1", "TLSv1.2"), ALL, "TLSv1_2", "TLSv1_2"),
        (names(exclude=("TLSv1.3",)), ALL, "TLSv1_2", "TLSv1_2"),
        (ALL, names(SUITE), "TLSv1_2", "TLSv1_2"),
        (ALL, names(*TLS13_SUITES), "TLSv1_3", "TLSv1_3"),
        (ALL, names(exclude=TLS13_SUITES[:1]), "TLSv1_2", "TLSv1_2"),
    ],
)
def test_the_lists_choose_protocols(protocols: NameFilter, suites: NameFilter, lowest: str, highest: str) -> None:
    made = server_context(settings("server.jks", protocols=protocols, suites=suites))
    assert (made.minimum_version.name, made.maximum_version.name) == (lowest, highest)


def test_the_lists_choose_cipher_suites() -> None:
    def offered(suites: NameFilter) -> set[str | None]:
        made = server_context(settings("server.jks", suites=suites))
        return {java_suite(cipher["name"]) for cipher in made.get_ciphers()} - set(TLS13_SUITES)

    everything = offered(ALL)
    assert {SUITE, "TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"} <= everything
    assert None not in everything
    assert offered(names(SUITE)) == {SUITE}
    assert offered(names(exclude=(SUITE, "SSL_RSA_WITH_RC4_128_MD5"))) == everything - {SUITE}


@pytest.mark.parametrize(
    ("protocols", "suites", "words"),
    [
        (names("TLSv9"), ALL, "'TLSv9' is no protocol"),
        (names(exclude=("tls1.2",)), ALL, "'tls1.2' is no protocol"),
        (ALL, names("ECDHE-RSA-AES256-GCM-SHA384"), "is no cipher suite of Java"),
        (names("TLSv1"), ALL, "no protocol and cipher suite is left"),
        (names(exclude=("TLSv1.2", "TLSv1.3")), ALL, "no protocol and cipher suite is left"),
        (ALL, names("TLS_KRB5_WITH_DES_CBC_SHA"), "no protocol and cipher suite is left"),
    ],
)
def test_lists_that_cannot_work_are_refused_by_name(protocols: NameFilter, suites: NameFilter, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        server_context(settings("server.jks", protocols=protocols, suites=suites))


@examples(deadline=None)
@example(6, 128, False, "server.p12")  # a length that only BER has
@given(
    st.integers(0, 2100),
    st.integers(0, 255),
    st.booleans(),
    st.sampled_from(["server.jks", "server.jceks", "server.p12"]),
)
def test_a_damaged_store_is_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int, cut: bool, name: str
) -> None:
    data = bytearray((STORES / name).read_bytes())
    at %= len(data)
    data[at:] = b"" if cut else bytes([byte]) + data[at + 1 :]
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data)
    try:
        store = read_key_store(path, "secret")
    except ConfigurationError:
        return
    assert store == read_key_store(STORES / name, "secret") or name == "server.p12"


@examples(deadline=None)
@given(st.binary(max_size=60))
def test_a_store_of_garbage_is_refused(tmp_path_factory: pytest.TempPathFactory, garbage: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "garbage"
    for magic in (0xFEEDFEED, 0xCECECECE):
        path.write_bytes(struct.pack(">III", magic, 2, 1) + garbage)
        for password in ("secret", None):
            with pytest.raises(ConfigurationError):
                read_key_store(path, password)
