"""`flumepy adopt`: what a Java agent left in the file channels of a configuration, taken over."""

import sys
from pathlib import Path

import click

from flumepy.agent.adopt import adopt as adopt_channels
from flumepy.cli.channel.options import one_line_errors, properties_of
from flumepy.cli.exit_codes import FAILED, OK


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--name", "-n", required=True, metavar="NAME", help="The agent in it.")
@click.option("--dry-run", is_flag=True, help="Only say what is there; change nothing.")
@click.option("--conf", "-c", type=click.Path(path_type=Path), metavar="DIR", help="As for agent.")
@click.option("-D", "definitions", multiple=True, metavar="NAME=VALUE", help="System property, as for agent.")
@one_line_errors
def adopt(file: str, name: str, dry_run: bool, conf: Path | None, definitions: tuple[str, ...]) -> None:
    """Take over the events that a Java agent left in the file channels of an agent; its files are moved aside.

    A start of the agent does the same. Ends with 0: done, 1: a channel is not taken over, 2: FILE cannot be read.
    """
    status, count = OK, 0
    for adoption in adopt_channels(file, name, properties_of(conf, definitions), conf_directory=conf, dry_run=dry_run):
        count += 1
        for line in adoption.report():
            click.echo(line)
        status = FAILED if adoption.failure is not None else status
    if not count:
        click.echo(f"Agent {name} has no file channel.")
    sys.exit(status)
