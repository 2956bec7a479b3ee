"""The commands by name; each is imported when it is called, so that starting an agent pays for nothing else."""

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from flumepy.cli.exit_codes import FAILED

#: command -> module and attribute, one line of help
COMMANDS = {
    "agent": ("flumepy.cli.agent:agent", "Run an agent of a configuration."),
    "check": ("flumepy.cli.check:check", "Say everything that is wrong with configurations, running nothing."),
    "describe": ("flumepy.cli.describe:describe", "Show components and their properties."),
    "new": ("flumepy.cli.new:new", "Write a commented configuration for chosen components."),
    "node": ("flumepy.cli.node:node", "The old name of agent."),
    "avro-client": ("flumepy.cli.avro_client:avro_client", "Send lines to an Avro source. Not yet."),
    "channel": (
        "flumepy.cli.channel.group:channel",
        "List, verify, export, repair or fill a file channel's directories.",
    ),
    "adopt": ("flumepy.cli.adopt:adopt", "Take over what a Java agent left in file channels."),
    "tool": ("flumepy.cli.tool:tool", "Check a file channel's files (FCINTEGRITYTOOL)."),
    "completion": ("flumepy.cli.completion:completion", "Print the completion script of a shell."),
    "help": ("flumepy.cli.help:help_command", "Show this, or the help of a command."),
    "version": ("flumepy.cli.version:version", "Show versions."),
}
#: pydantic looks through every installed package for plugins of its own unless told not to, which takes a while
NO_PYDANTIC_PLUGINS = ("PYDANTIC_DISABLE_PLUGINS", "__all__")


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called; its list needs none."""

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of the table."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        path, _ = self._lazy.get(cmd_name, ("", ""))
        if not path:
            return None
        module, _, name = path.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._lazy.items()])


class FlumeNgGroup(LazyGroup):
    """Answers an unknown or missing command as bin/flume-ng does: an error, the usage, status 1."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command."""
        name = args[0] if args else ""
        command = self.get_command(ctx, name)
        if command is None:
            click.echo(f"Error: Unknown or unspecified command '{name}'\n", err=True)
            click.echo(self.get_help(ctx))
            ctx.exit(FAILED)
        return name, command, args[1:]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an empty line as an unknown command; `help` options stay options."""
        if not args:
            self.resolve_command(ctx, args)
        return super().parse_args(ctx, args)


HELP = {"help_option_names": ["--help", "-h"]}


@click.command(cls=LazyGroup, lazy=COMMANDS, context_settings=HELP)
def flumepy() -> None:
    """Runs Apache Flume configurations unchanged, without a JVM."""


@click.command(cls=FlumeNgGroup, lazy=COMMANDS, context_settings=HELP)
def flume_ng() -> None:
    """Runs Apache Flume configurations unchanged, without a JVM (flumepy under Flume's name)."""


def run(group: click.Group, name: str) -> None:
    """Run one of the two programs and end the process."""
    os.environ.setdefault(*NO_PYDANTIC_PLUGINS)
    group.main(sys.argv[1:], prog_name=name)


def main() -> None:
    """Run `flumepy`."""
    run(flumepy, "flumepy")


def main_flume_ng() -> None:
    """Run `flume-ng`."""
    run(flume_ng, "flume-ng")
