"""What stands behind the prefixes of `${prefix:argument}`. Source: org.apache.commons.text.lookup, constant by constant.

A look-up is a function from the argument to a text, or to None where there is none. It raises ConfigurationError where
Java throws IllegalArgumentException (an argument of the wrong form, a file that cannot be read).
"""

import base64
import getpass
import locale
import os
import platform
import socket
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path

from flumepy.core.errors import ConfigurationError, FlumeError, UnsupportedError, translate
from flumepy.formats.java_date import SimpleDateFormat
from flumepy.formats.properties import load_properties

Lookup = Callable[[str], str | None]

URL_TIMEOUT_S = 60
LIMIT_BYTES = 16 << 20
#: look-ups of commons-text that cannot be had without a JVM, or that run foreign code
REFUSED = {
    "CONST": "reads constants of Java classes",
    "RESOURCE_BUNDLE": "reads Java resource bundles",
    "SCRIPT": "runs scripts in a JVM",
    "XML": "evaluates Java's XPath",
}


_ERRORS: Mapping[type[BaseException], type[FlumeError]] = {
    OSError: ConfigurationError,
    ValueError: ConfigurationError,
    LookupError: ConfigurationError,
}


def system_property(system_properties: Mapping[str, str]) -> Lookup:
    """Look -D values up, then those of the properties every JVM sets that mean something here."""
    defaults: dict[str, Callable[[], str]] = {
        "user.home": lambda: str(Path.home()),
        "user.name": _user_name,
        "user.dir": os.getcwd,
        "java.io.tmpdir": tempfile.gettempdir,
        "os.name": platform.system,
        "os.arch": platform.machine,
        "os.version": platform.release,
        "file.separator": lambda: os.sep,
        "path.separator": lambda: os.pathsep,
        "line.separator": lambda: os.linesep,
        "file.encoding": sys.getdefaultencoding,
    }

    def look_up(name: str) -> str | None:
        if name in system_properties:
            return system_properties[name]
        return defaults[name]() if name in defaults else None

    return look_up


def platform_facts(name: str) -> str | None:
    """Look facts of the platform up under the names of JavaPlatformStringLookup; there is no JVM, so Python's."""
    facts: dict[str, Callable[[], str]] = {
        "version": lambda: f"Python version {platform.python_version()}",
        "runtime": lambda: f"{platform.python_implementation()} {sys.version.split()[0]}",
        "vm": lambda: f"{platform.python_implementation()} ({', '.join(platform.python_build())})",
        "os": lambda: f"{platform.system()} {platform.release()}, architecture: {platform.machine()}",
        "hardware": lambda: f"processors: {os.cpu_count()}, architecture: {platform.machine()}",
        "locale": lambda: (
            f"default locale: {locale.getlocale()[0] or 'C'}, platform encoding: {sys.getdefaultencoding()}"
        ),
    }
    fact = facts.get("hardware" if name == "hw" else name)
    if fact is None:
        raise ConfigurationError(f"java: has no {name!r}, only {', '.join(facts)}")
    return fact()


def now(pattern: str) -> str | None:
    """Format the time of reading with a pattern of java.text.SimpleDateFormat."""
    return SimpleDateFormat(pattern).format(time.time_ns() // 1_000_000)


def decode_base64(text: str) -> str | None:
    """Decode base 64 to ISO-8859-1 text."""
    with translate(_ERRORS, "base64Decoder"):
        return base64.b64decode(text, validate=True).decode("iso-8859-1")


def encode_base64(text: str) -> str | None:
    """Encode ISO-8859-1 text as base 64."""
    return base64.b64encode(text.encode("iso-8859-1", "replace")).decode("ascii")


def decode_url(text: str) -> str | None:
    """Undo form encoding in UTF-8."""
    return urllib.parse.unquote_plus(text)


def encode_url(text: str) -> str | None:
    """Encode as a form value in UTF-8."""
    return urllib.parse.quote_plus(text, safe="*").replace("~", "%7E")


def file_text(argument: str) -> str | None:
    """Return the content of a file; argument `CHARSET:PATH`."""
    charset, colon, path = argument.partition(":")
    if not colon or not path:
        raise ConfigurationError(f"file:{argument} must have the form file:CHARSET:PATH")
    with translate(
        {OSError: ConfigurationError, ValueError: ConfigurationError, LookupError: ConfigurationError}, "file"
    ):
        return _read(Path(path)).decode(charset)


def property_of_file(argument: str) -> str | None:
    """Return a value of a properties file; argument `PATH::KEY`."""
    path, colons, key = argument.partition("::")
    if not colons or not key:
        raise ConfigurationError(f"properties:{argument} must have the form properties:PATH::KEY")
    with translate(_ERRORS, "properties"):
        data = _read(Path(path))
    return next((entry.value for entry in reversed(load_properties(data, path)) if entry.key == key), None)


def url_text(argument: str) -> str | None:
    """Return what a file, http or https URL holds; argument `CHARSET:URL`."""
    charset, colon, url = argument.partition(":")
    if not colon or url.partition(":")[0].lower() not in ("file", "http", "https"):
        raise ConfigurationError(f"url:{argument} must have the form url:CHARSET:URL with a file, http or https URL")
    # urllib.request costs 40 ms to import, and hardly any configuration needs it.
    import urllib.request  # noqa: PLC0415

    with translate(_ERRORS, url), urllib.request.urlopen(url, timeout=URL_TIMEOUT_S) as reply:  # noqa: S310
        data: bytes = reply.read(LIMIT_BYTES)
        return data.decode(charset)


def dns(argument: str) -> str | None:
    """Resolve a host; argument `HOST`, `address|HOST`, `name|HOST` or `canonical-name|HOST`. None when unknown."""
    form, bar, host = argument.partition("|")
    host = (host if bar else form).strip()
    try:
        address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
        if bar and form.strip() in ("name", "canonical-name"):
            name, _ = socket.getnameinfo((str(address), 0), 0)
            return socket.getfqdn(name) if form.strip() == "canonical-name" else name
    except (OSError, UnicodeError):
        return None
    return str(address)


def local_host(argument: str) -> str | None:
    """Return `name`, `canonical-name` or `address` of this host."""
    if argument == "name":
        return socket.gethostname()
    if argument == "canonical-name":
        return socket.getfqdn()
    if argument == "address":
        return dns(socket.gethostname())
    raise ConfigurationError(f"localhost: has no {argument!r}, only name, canonical-name, address")


def by_constant(constant: str, system_properties: Mapping[str, str], environ: Mapping[str, str]) -> Lookup:
    """Return the look-up behind a constant of DefaultStringLookup. Raises UnsupportedError, ConfigurationError."""
    lookups: dict[str, Lookup] = {
        "BASE64_DECODER": decode_base64,
        "BASE64_ENCODER": encode_base64,
        "DATE": now,
        "DNS": dns,
        "ENVIRONMENT": environ.get,
        "FILE": file_text,
        "JAVA": platform_facts,
        "LOCAL_HOST": local_host,
        "PROPERTIES": property_of_file,
        "SYSTEM_PROPERTIES": system_property(system_properties),
        "URL": url_text,
        "URL_DECODER": decode_url,
        "URL_ENCODER": encode_url,
    }
    if constant in REFUSED:
        raise UnsupportedError(f"the look-up {constant} {REFUSED[constant]}, which flumepy does not do")
    if constant not in lookups:
        raise ConfigurationError(f"there is no look-up {constant}", hint=f"known: {', '.join(lookups)}")
    return lookups[constant]


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LIMIT_BYTES)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"
