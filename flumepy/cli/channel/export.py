"""`flumepy channel export`: the events of a channel in a file."""

import sys
from pathlib import Path
from typing import Any

import click

from flumepy.cli.channel.options import FOLDERS, channel_options, one_line_errors, open_channel, progress, say_in_use
from flumepy.cli.exit_codes import FAILED, OK
from flumepy.log_tools.event_files import FORMATS
from flumepy.log_tools.export import export as export_channel
from flumepy.log_tools.walk import Hole


@click.command()
@FOLDERS
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="- is stdout. Devices and pipes are written into.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), default="jsonl", show_default=True,
              help="jsonl and avro hold headers and bodies, lines the bodies only.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="Also events that are taken and still in the files.")
@click.option("--force", is_flag=True, help="Overwrite FILE, or the file that it links to.")
@click.option(
    "--aside", type=click.Path(path_type=Path), metavar="FOLDER", help="Copy damaged bytes to files in there."
)
@channel_options
@one_line_errors
def export(
    folders: tuple[Path, ...],
    output: Path,
    form: str,
    everything: bool,
    force: bool,
    aside: Path | None,
    **named: Any,
) -> None:
    """Write the queued events in their order; nothing is removed. Ends with 1 where damaged events were left out."""
    channel, codec = open_channel(folders, **named)
    say_in_use(channel)

    def met(hole: Hole, path: Path | None) -> None:
        click.echo(f"Left out: {hole.sentence()}{f'; copied to {path}' if path else ''}", err=True)

    def met_java(line: str) -> None:
        click.echo(f"Left out: {line}", err=True)

    with progress("Exporting", channel.size_bytes() * (1 if everything else 2)) as advance:
        done = export_channel(
            channel, codec, output, form, everything=everything, force=force, aside=aside,
            met=met, met_java=met_java, advance=advance,
        )  # fmt: skip
    for line in done.lines(output):
        click.echo(line, err=True)
    sys.exit(FAILED if done.damages else OK)
