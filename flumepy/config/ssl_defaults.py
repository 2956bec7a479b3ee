"""The agent's TLS defaults: environment variables stand in for system properties that are not set.

Source: org.apache.flume.util.SSLUtil.initGlobalSSLParameters. A component's own value comes first, then the system property,
then the variable. The lists are comma separated here, blank separated in components.
"""

from collections.abc import Mapping

VARIABLES = {
    "FLUME_SSL_KEYSTORE_PATH": "javax.net.ssl.keyStore",
    "FLUME_SSL_KEYSTORE_PASSWORD": "javax.net.ssl.keyStorePassword",
    "FLUME_SSL_KEYSTORE_TYPE": "javax.net.ssl.keyStoreType",
    "FLUME_SSL_TRUSTSTORE_PATH": "javax.net.ssl.trustStore",
    "FLUME_SSL_TRUSTSTORE_PASSWORD": "javax.net.ssl.trustStorePassword",
    "FLUME_SSL_TRUSTSTORE_TYPE": "javax.net.ssl.trustStoreType",
    "FLUME_SSL_INCLUDE_PROTOCOLS": "flume.ssl.include.protocols",
    "FLUME_SSL_EXCLUDE_PROTOCOLS": "flume.ssl.exclude.protocols",
    "FLUME_SSL_INCLUDE_CIPHERSUITES": "flume.ssl.include.cipherSuites",
    "FLUME_SSL_EXCLUDE_CIPHERSUITES": "flume.ssl.exclude.cipherSuites",
}


def with_ssl_defaults(system_properties: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the system properties with those filled in that only the environment sets."""
    filled = {name: environ[variable] for variable, name in VARIABLES.items() if variable in environ}
    return {**filled, **system_properties}
