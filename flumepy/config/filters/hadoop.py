"""Values from Hadoop credential stores. Source: org.apache.flume.configfilter.HadoopCredentialStoreConfigFilter.

Hadoop's Configuration.getPassword asks the providers of `credential.provider.path` in order. Of its providers the two that
keep a JCEKS file on this machine are read, `jceks://file/PATH` and `localjceks://file/PATH`. The password is that of Hadoop
(JavaKeyStoreProvider, ProviderUtils.locatePassword): HADOOP_CREDSTORE_PASSWORD, else the password file, else `none`.
"""

import os
from functools import cached_property
from pathlib import Path

from flumepy.config.filters.base import ConfigFilter
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError, translate
from flumepy.core.options import Options, opt
from flumepy.formats.jceks import KeyStore

DEFAULT_PASSWORD = "none"  # noqa: S105 - Hadoop's public default
PASSWORD_VARIABLE = "HADOOP_CREDSTORE_PASSWORD"  # noqa: S105
_SCHEMES = ("jceks://file/", "localjceks://file/")


class HadoopOptions(Options):
    """Options of the hadoop filter; Hadoop reads them with the prefix `hadoop.security.`."""

    provider_path: str = opt(
        "credential.provider.path",
        doc="Key stores to ask, comma separated: jceks://file/PATH or localjceks://file/PATH.",
    )
    password_file: str | None = opt(
        "credstore.java-keystore-provider.password-file", None,
        doc="File with the stores' password, absolute or in the conf directory; HADOOP_CREDSTORE_PASSWORD wins.",
    )  # fmt: skip


class HadoopConfigFilter(ConfigFilter[HadoopOptions]):
    """Takes `${name['KEY']}` from the first Hadoop credential store that has the alias KEY."""

    Options = HadoopOptions

    def __init__(self, context: Context, options: HadoopOptions) -> None:
        super().__init__(context, options)
        self.paths: list[Path] = []
        for url in filter(None, (part.strip() for part in options.provider_path.split(","))):
            scheme = next((scheme for scheme in _SCHEMES if url.startswith(scheme)), None)
            if scheme is None:
                raise ConfigurationError(
                    f"the credential provider {url} is not supported",
                    key="credential.provider.path", hint=f"supported: {', '.join(_SCHEMES)}PATH",
                )  # fmt: skip
            self.paths.append(Path("/", url.removeprefix(scheme)))

    def value(self, key: str) -> str | None:
        """Return the first store's value. Raises ConfigurationError or InputError for one that cannot be read."""
        for store in self._stores:
            secret = store.secret(key)
            if secret is not None:
                return secret.decode("utf-8", "replace")
        return None

    @cached_property
    def _stores(self) -> list[KeyStore]:
        stores = []
        for path in self.paths:
            # Hadoop takes a file that is not there for an empty store.
            if path.exists():
                with translate({OSError: ConfigurationError}, str(path)):
                    data = path.read_bytes()
                stores.append(KeyStore(data, self._password(), str(path)))
            else:
                self.log.warning("The credential store %s of config filter %s does not exist.", path, self.name)
        return stores

    def _password(self) -> str:
        if PASSWORD_VARIABLE in os.environ:
            return os.environ[PASSWORD_VARIABLE]
        if self.options.password_file is None:
            return DEFAULT_PASSWORD
        directory = self.context.system_properties.get("flumepy.conf.directory", ".")
        path = Path(directory, self.options.password_file)
        with translate({OSError: ConfigurationError}, "the password file"):
            return path.read_text(encoding="utf-8").strip()
