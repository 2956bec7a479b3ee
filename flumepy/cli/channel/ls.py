"""`flumepy channel ls`: the files of a channel."""

from pathlib import Path
from typing import Any

import click

from flumepy.cli.channel.options import FOLDERS, channel_options, one_line_errors, open_channel
from flumepy.log_tools.listing import listing


@click.command()
@FOLDERS
@channel_options
@one_line_errors
def ls(folders: tuple[Path, ...], **named: Any) -> None:
    """List segments with their positions and events, spares, checkpoint, Java's files, and who uses the directories."""
    channel, _ = open_channel(folders, **named)
    for line in listing(channel):
        click.echo(line)
