"""`flumepy channel stats`: the figures of a channel."""

import json
import time
from pathlib import Path
from typing import Any

import click

from flumepy.cli.channel.options import FOLDERS, channel_options, one_line_errors, open_channel, progress
from flumepy.log_tools.statistics import statistics


@click.command()
@FOLDERS
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@channel_options
@one_line_errors
def stats(folders: tuple[Path, ...], form: str, **named: Any) -> None:
    """Count what is queued, taken and damaged, by reading the whole log."""
    channel, _ = open_channel(folders, **named)
    with progress("Reading", 2 * channel.size_bytes()) as advance:
        found = statistics(channel, advance)
    click.echo(json.dumps(found.as_json(), indent=2) if form == "json" else "\n".join(found.lines(time.time())))
