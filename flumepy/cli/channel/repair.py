"""`flumepy channel repair`: damaged bytes set aside, the rest made whole."""

import sys
from pathlib import Path
from typing import Any

import click

from flumepy.cli.channel.options import FOLDERS, channel_options, one_line_errors, open_channel, progress
from flumepy.cli.exit_codes import FAILED, OK
from flumepy.log_tools.repair import repair as repair_channel
from flumepy.log_tools.walk import Hole


@click.command()
@FOLDERS
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--aside", type=click.Path(path_type=Path), metavar="FOLDER",
              help="For the damaged bytes; default `damaged` beside the segment.")  # fmt: skip
@click.option(
    "--undecodable", is_flag=True, help="Also frames whose checksum is right but whose events cannot be read."
)
@click.option("--give-up-missing", is_flag=True, help="Count segments that are missing as lost, for good.")
@channel_options
@one_line_errors
def repair(
    folders: tuple[Path, ...],
    dry_run: bool,
    aside: Path | None,
    undecodable: bool,
    give_up_missing: bool,
    **named: Any,
) -> None:
    """Set damaged bytes aside into files and fill their place, so that the next start is quiet.

    No sound event is touched. Ends with 1 where something is missing and was not given up.
    """
    channel, codec = open_channel(folders, **named)

    def said(hole: Hole, path: Path | None) -> None:
        click.echo(f"{hole.sentence()}{f'; set aside as {path}' if path else ''}")

    with progress("Reading", channel.size_bytes()) as advance:
        done = repair_channel(
            channel,
            aside=aside,
            codec=codec if undecodable else None,
            gives_up=give_up_missing,
            dry_run=dry_run,
            said=said,
            advance=advance,
        )
    for line in done.lines(dry_run=dry_run):
        click.echo(line)
    sys.exit(FAILED if done.left else OK)
