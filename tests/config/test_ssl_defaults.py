"""flumepy.config.ssl_defaults: system property before environment (SSLUtil)."""

from flumepy.config.ssl_defaults import VARIABLES, with_ssl_defaults


def test_the_environment_fills_what_no_system_property_sets() -> None:
    environ = {"FLUME_SSL_KEYSTORE_PATH": "/env", "FLUME_SSL_KEYSTORE_TYPE": "PKCS12", "OTHER": "x"}
    filled = with_ssl_defaults({"javax.net.ssl.keyStore": "/prop", "mine": "1"}, environ)
    assert filled == {"javax.net.ssl.keyStore": "/prop", "javax.net.ssl.keyStoreType": "PKCS12", "mine": "1"}


def test_every_variable_has_its_property() -> None:
    assert len(VARIABLES) == 10
    assert set(with_ssl_defaults({}, dict.fromkeys(VARIABLES, "v"))) == set(VARIABLES.values())
