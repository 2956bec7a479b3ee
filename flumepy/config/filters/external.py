"""Values that a program prints. Source: org.apache.flume.configfilter.ExternalProcessConfigFilter.

The command is split at blanks, the key appended, no shell. Only the first line counts. Flume waits for the program
without limit and before it reads a byte, so that a large output blocks both for ever; here the output is read while the
program runs, and a program that does not end is killed.
"""

import codecs
import subprocess

from flumepy.config.filters.base import ConfigFilter
from flumepy.core.component import Context
from flumepy.core.errors import ConfigurationError
from flumepy.core.options import Options, opt

TIMEOUT_S = 60


class ExternalOptions(Options):
    """Options of the external filter."""

    command: str = opt("command", doc="Program and arguments, split at blanks; the key is added as the last argument.")
    charset: str = opt("charset", "UTF-8", doc="Character set of what the program prints.")


class ExternalConfigFilter(ConfigFilter[ExternalOptions]):
    """Takes `${name['KEY']}` from the first line that `command KEY` prints."""

    Options = ExternalOptions

    def __init__(self, context: Context, options: ExternalOptions) -> None:
        super().__init__(context, options)
        try:
            codecs.lookup(options.charset)
        except LookupError as error:
            raise ConfigurationError(f"{options.charset!r} is not a known character set", key="charset") from error

    def value(self, key: str) -> str | None:
        """Return the first line printed, or None when the program fails, prints nothing or takes over a minute."""
        command = [*self.options.command.split(), key]
        try:
            done = subprocess.run(  # noqa: S603
                command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            self.log.error("The command of config filter %s could not run for the key %s: %s.", self.name, key, error)
            return None
        if done.returncode:
            self.log.error(
                "The command of config filter %s ended with status %d for the key %s.", self.name, done.returncode, key
            )
            return None
        lines = done.stdout.decode(self.options.charset, "replace").splitlines()
        return lines[0] if lines else None
