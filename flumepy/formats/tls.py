"""TLS settings and Java key stores -> ssl.SSLContext, with Java's names of protocols and cipher suites.

As in Java 11 and later TLSv1.2 and TLSv1.3 are what can be enabled, and the filters choose among them. Python cannot choose
among the three TLS 1.3 suites: a filter that allows only some of them turns TLS 1.3 off. Keys never touch a disk: OpenSSL
wants files and gets one in memory. Source: SslContextAwareAbstractSource, Java's SSLContext defaults.
"""

import base64
import logging
import os
import re
import ssl
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from flumepy.core.errors import ConfigurationError
from flumepy.core.ssl_options import NameFilter, SslSettings, Store
from flumepy.formats.key_store import PrivateKey, needs_cryptography, read_key_store

log = logging.getLogger("flumepy.tls")

PROTOCOLS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
OLD_PROTOCOLS = ("SSLv2Hello", "SSLv3", "TLSv1", "TLSv1.1")
TLS13_SUITES = ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256")
# What Java enables, as far as OpenSSL has it: with authentication and encryption, down to SHA-1 and RSA key exchange.
_CIPHERS = "ECDHE+AES:ECDHE+CHACHA20:DHE+AES:DHE+CHACHA20:RSA+AES:!aNULL:!eNULL:!PSK:!SRP:!AESCCM:!aDSS:@SECLEVEL=1"
_JAVA_SUITE = re.compile(r"(TLS|SSL)_[A-Za-z0-9_]+")
_OPENSSL_SUITE = re.compile(r"(?:(ECDHE-ECDSA|ECDHE-RSA|DHE-RSA)-)?(?:AES(128|256)(-GCM)?-(SHA\d*)|CHACHA20-POLY1305)")


def server_context(settings: SslSettings) -> ssl.SSLContext:
    """Return a context with the key of the store. Raises ConfigurationError with key and file, MissingPackageError."""
    store = settings.store
    if store is None:
        raise ConfigurationError("keystore must be specified when SSL is enabled", key="keystore")
    try:
        keys = read_key_store(store.path, store.password).keys
    except ConfigurationError as error:
        error.key = error.key or ("keystore-password" if "password" in str(error) else "keystore")
        raise
    if not keys:
        raise ConfigurationError(f"{store.path}: holds no private key", key="keystore")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _apply_filters(context, settings)
    try:
        _load_key(context, keys[0])
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError(f"{store.path}: {error}", key="keystore") from error
    _warn_if_expired(store.path, keys[0].chain[0])
    return context


def client_context(settings: SslSettings, *, check_hostname: bool = False) -> ssl.SSLContext:
    """Return a context that trusts the store's certificates, or the system's without a store. Raises ConfigurationError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check_hostname
    _apply_filters(context, settings)
    if settings.store is None:
        context.load_default_certs()
        return context
    # Java trusts whatever stands in the store, be it a root or not.
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=b"".join(_trusted(settings.store)))
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError(f"{settings.store.path}: {error}", key="truststore") from error
    return context


def _trusted(store: Store) -> list[bytes]:
    try:
        content = read_key_store(store.path, store.password, with_keys=False)
    except ConfigurationError as error:
        error.key = error.key or ("truststore-password" if "password" in str(error) else "truststore")
        raise
    found = content.trusted + [key.chain[0] for key in content.keys if key.chain]
    if not found:
        raise ConfigurationError(f"{store.path}: holds no certificate", key="truststore")
    return list(dict.fromkeys(found))


def _apply_filters(context: ssl.SSLContext, settings: SslSettings) -> None:
    versions = _allowed_versions(settings.protocols)
    suites = settings.cipher_suites
    for name in (*suites.include, *suites.exclude):
        if not _JAVA_SUITE.fullmatch(name):
            raise ConfigurationError(f"{name!r} is no cipher suite of Java", hint="such as TLS_AES_256_GCM_SHA384")
    context.set_ciphers(_CIPHERS)
    by_name = {cipher["name"]: java_suite(cipher["name"]) for cipher in context.get_ciphers()}
    allowed = [name for name, java in by_name.items() if java and name != java and suites.allows(java)]
    tls13 = [name for name in TLS13_SUITES if suites.allows(name)]
    if len(tls13) < len(TLS13_SUITES) and ssl.TLSVersion.TLSv1_3 in versions:
        versions.remove(ssl.TLSVersion.TLSv1_3)
        if tls13:
            log.warning(
                "TLS 1.3 is off: only %s of its suites are allowed, and they cannot be chosen.", ", ".join(tls13)
            )
    if not allowed and ssl.TLSVersion.TLSv1_2 in versions:
        versions.remove(ssl.TLSVersion.TLSv1_2)
    if not versions:
        raise ConfigurationError("no protocol and cipher suite is left by the include and exclude lists")
    if allowed:
        context.set_ciphers(":".join(allowed) + ":@SECLEVEL=1")
    context.minimum_version, context.maximum_version = min(versions), max(versions)


def _allowed_versions(protocols: NameFilter) -> list[ssl.TLSVersion]:
    for name in (*protocols.include, *protocols.exclude):
        if name not in PROTOCOLS and name not in OLD_PROTOCOLS:
            raise ConfigurationError(f"{name!r} is no protocol of Java", hint=f"known: {', '.join(PROTOCOLS)}")
    return [version for name, version in PROTOCOLS.items() if protocols.allows(name)]


def java_suite(name: str) -> str | None:
    """Return Java's name of one of OpenSSL's cipher suites, or None."""
    if name.startswith("TLS_"):
        return name
    found = _OPENSSL_SUITE.fullmatch(name)
    if found is None:
        return None
    exchange, bits, mode, digest = found.groups()
    cipher = f"AES_{bits}_{'GCM' if mode else 'CBC'}_{digest}" if bits else "CHACHA20_POLY1305_SHA256"
    return f"TLS_{(exchange or 'RSA').replace('-', '_')}_WITH_{cipher}"


def _load_key(context: ssl.SSLContext, key: PrivateKey) -> None:
    parts = [_pem("PRIVATE KEY", key.key), *(_pem("CERTIFICATE", certificate) for certificate in key.chain)]
    with closing(_memory_file()) as file:
        file.write(b"".join(parts))
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")


def _memory_file() -> BinaryIO:
    return os.fdopen(os.memfd_create("flumepy-key"), "wb")


def _pem(kind: str, der: bytes) -> bytes:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {kind}-----\n{text}-----END {kind}-----\n".encode()


def _warn_if_expired(path: Path, certificate: bytes) -> None:
    with needs_cryptography():
        from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415
    loaded = load_der_x509_certificate(certificate)
    if loaded.not_valid_after_utc < datetime.now(UTC):
        log.warning(
            "%s: the certificate expired on %s; clients will refuse it.", path, loaded.not_valid_after_utc.date()
        )
