"""flume-env.sh of the conf directory: bash sources it, what it exports is ours too, its option variables are read.

Source: bin/flume-ng. As there, JAVA_OPTS counts only if the file sets it, FLUME_JAVA_OPTS also from outside. What the file
prints goes to stderr.
"""

import subprocess
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from flumepy.core.errors import ConfigurationError

TIMEOUT_S = 60
_SCRIPT = """
JAVA_OPTS= FLUME_CLASSPATH=
. "$1" 1>&2
printf '%s\\0' "$JAVA_OPTS" "$FLUME_JAVA_OPTS"
exec env -0
"""
#: bash's own
_NOT_OURS = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "JAVA_OPTS", "BASH_ENV"})


def read_environment(conf_directory: Path | None, environ: MutableMapping[str, str]) -> list[str]:
    """Take over what flume-env.sh exports and return the JVM options, in their order. Raises ConfigurationError."""
    script = conf_directory / "flume-env.sh" if conf_directory is not None else None
    if script is None or not script.is_file():
        return environ.get("FLUME_JAVA_OPTS", "").split()
    java_options, flume_java_options, exported = _source(script, environ)
    environ.update({name: value for name, value in exported.items() if name not in _NOT_OURS})
    return [*java_options.split(), *flume_java_options.split()]


def _source(script: Path, environ: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
    try:
        run = subprocess.run(  # noqa: S603 - the operator's own file
            ["bash", "-c", _SCRIPT, "flume-env", str(script.absolute())],  # noqa: S607 - the user's bash
            env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise ConfigurationError(f"{script} cannot be read: there is no bash here") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigurationError(f"{script} did not end within {TIMEOUT_S} s") from error
    texts = run.stdout.decode(errors="surrogateescape").split("\0")
    if run.returncode != 0 or len(texts) < 3:
        raise ConfigurationError(f"{script} ended with status {run.returncode} before it was done")
    return texts[0], texts[1], dict(text.split("=", 1) for text in texts[2:] if "=" in text)
