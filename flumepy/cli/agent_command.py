"""A click command that is typed like Flume's agent: its spellings, and default options from flume.opts.

Source: Application.main, `/etc/flume/flume.opts`, else `flume.opts` in the conf directory: properties whose keys are option
names, long or short; a flag needs yes, true or 1; what the command line says counts.
"""

from pathlib import Path
from typing import Any

import click

from flumepy.cli.arguments import Normalizer, names_of
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import load_properties

SYSTEM_DEFAULTS = Path("/etc/flume/flume.opts")
FILE_NAME = "flume.opts"
TRUE = ("yes", "true", "1")
#: options of flumepy that Flume does not have
OWN = frozenset({"strict", "pid-file", "drain-timeout", "java-option", "conf", "classpath", "dryrun", "plugins-path"})


class AgentCommand(click.Command):
    """Normalises its arguments before click reads them; `ctx.obj` is what read them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Normalise, add defaults, parse."""
        normalizer = Normalizer(names_of(self, OWN))
        args = normalizer.normalize(args)
        ctx.default_map = self._defaults(args)
        ctx.obj = normalizer
        return super().parse_args(ctx, args)

    def _defaults(self, args: list[str]) -> dict[str, Any]:
        conf = next((Path(argument[7:]) for argument in args if argument.startswith("--conf=")), None)
        candidates = [SYSTEM_DEFAULTS, *([conf / FILE_NAME] if conf else [])]
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            return {}
        try:
            entries = load_properties(path.read_bytes(), str(path))
        except (OSError, ConfigurationError) as error:
            raise click.UsageError(f"{path} cannot be read: {error}") from error
        known = {name.lstrip("-"): option for option in self.params for name in option.opts}
        defaults: dict[str, Any] = {}
        for entry in entries:
            option = known.get(entry.key)
            if not isinstance(option, click.Option) or option.name is None:
                raise click.UsageError(f"{path}:{entry.line}: {entry.key} is no option of {self.name}")
            value: Any = entry.value.lower() in TRUE if option.is_flag else entry.value
            defaults[option.name] = [value] if option.multiple else value
        return defaults
