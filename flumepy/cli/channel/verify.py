"""`flumepy channel verify`: whether everything in a channel is sound."""

import sys
from pathlib import Path
from typing import Any

import click

from flumepy.cli.channel.options import FOLDERS, channel_options, one_line_errors, open_channel, progress, say_in_use
from flumepy.cli.exit_codes import FAILED, OK, UNREADABLE
from flumepy.log_tools.verify import verify as verify_channel


@click.command()
@FOLDERS
@channel_options
@one_line_errors
def verify(folders: tuple[Path, ...], **named: Any) -> None:
    """Check every checksum and decode every event.

    Ends with 0: clean, 1: damage, 2: it cannot be read, or some events cannot, since their key or a package is missing.
    """
    channel, codec = open_channel(folders, **named)
    say_in_use(channel)
    with progress("Verifying", channel.size_bytes()) as advance:
        found = verify_channel(channel, codec, click.echo, advance)
    for line in found.lines():
        click.echo(line)
    if found.damages:
        sys.exit(FAILED)
    sys.exit(UNREADABLE if found.sealed else OK)
