"""The commands by name; each is imported when it is called, so that starting an agent pays for nothing else."""

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import click

#: command -> module and attribute
COMMANDS = {
    "agent": "flumepy.cli.agent:agent",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is looked up."""

    def __init__(self, *args: Any, lazy: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of the table."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        path = self._lazy.get(cmd_name)
        if path is None:
            return None
        module, _, name = path.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.command(cls=LazyGroup, lazy=COMMANDS)
def flumepy() -> None:
    """Runs Apache Flume configurations unchanged."""


def main() -> int:
    """Run `flumepy`."""
    result = flumepy.main(sys.argv[1:], prog_name="flumepy", standalone_mode=True)
    return int(result or 0)


def main_flume_ng() -> int:
    """Run `flume-ng`."""
    return main()
