"""`flume-ng tool FCINTEGRITYTOOL`: with the options and the summary of Flume's. Source: FlumeToolsMain."""

import sys
from pathlib import Path
from typing import Any

import click

from flumepy.cli.arguments import Normalizer, names_of
from flumepy.cli.channel.options import one_line_errors
from flumepy.cli.exit_codes import FAILED
from flumepy.core.problems import did_you_mean
from flumepy.log_tools.integrity import check_integrity, load_validator

TOOLS = ("FCINTEGRITYTOOL",)


class ToolCommand(click.Command):
    """Normalises its arguments before click reads them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Normalise and parse."""
        return super().parse_args(ctx, Normalizer(names_of(self, frozenset())).normalize(args))


@click.command(cls=ToolCommand, context_settings={"help_option_names": ["--help", "-h"]})
@click.argument("tool_name", required=False, metavar="TOOL")
@click.option(
    "--dataDirs", "-l", "data_dirs", metavar="DIRS", help="Comma-separated data directories; all of a channel."
)
@click.option("--eventValidator", "-e", "validator", metavar="NAME",
              help="package.module.Name in Python; called with the -D values, gives a function of an event.")  # fmt: skip
@click.option("-D", "definitions", multiple=True, metavar="NAME=VALUE", help="For the event validator.")
@one_line_errors
def tool(
    tool_name: str | None, data_dirs: str | None, validator: str | None, definitions: tuple[str, ...], **_: Any
) -> None:
    """Run a tool of Flume: FCINTEGRITYTOOL checks data directories and puts damaged events out of the way.

    Damaged records of Java's files are voided, after a copy to FILE.bak; damaged bytes of segments are moved to files below
    `damaged`. The summary counts as Flume's does. `flumepy channel` does more.
    """
    if tool_name is None:
        click.echo(
            "Expected name of tool and arguments for tool to be passed in on the command line. Please pass one of the"
            " following as arguments to this command:"
        )
        click.echo("\n".join(TOOLS))
        sys.exit(FAILED)
    if tool_name.upper() not in TOOLS:
        hint = did_you_mean(tool_name.upper(), TOOLS) or f"there is {', '.join(TOOLS)}"
        click.echo(f"Error: there is no tool {tool_name!r} ({hint})", err=True)
        sys.exit(FAILED)
    if data_dirs is None:
        click.echo("Error: dataDirs is required: -l DIR,DIR", err=True)
        sys.exit(FAILED)
    folders = [Path(text.strip()) for text in data_dirs.split(",") if text.strip()]
    for folder in folders:
        if not folder.is_dir():
            click.echo(f"Error: Data directory, {folder} does not exist.", err=True)
            sys.exit(FAILED)
    judge = None
    if validator is not None:
        judge = load_validator(validator, dict(text.partition("=")[::2] for text in definitions))
    for line in check_integrity(folders, judge, lambda line: click.echo(line, err=True)).summary():
        click.echo(line)
