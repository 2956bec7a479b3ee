"""What Flume checks of a principal and a keytab while configuring. Source: FlumeAuthenticationUtil, KerberosAuthenticator.

The log-in itself needs a key server and is left to the component that does it.
"""

import os
from pathlib import Path

from flumepy.core.errors import ConfigurationError


def check_kerberos(principal: str | None, keytab: str | None, *, principal_key: str, keytab_key: str) -> None:
    """Raise ConfigurationError when only one of the two is set or the keytab is not a readable file."""
    if principal is None and keytab is None:
        return
    if principal is None:
        raise ConfigurationError("Principal can not be null when keytab is provided", key=principal_key)
    if keytab is None:
        raise ConfigurationError("Keytab can not be null when Principal is provided", key=keytab_key)
    if not (Path(keytab).is_file() and os.access(keytab, os.R_OK)):
        raise ConfigurationError(f"Keytab is not a readable file: {keytab}", key=keytab_key)
