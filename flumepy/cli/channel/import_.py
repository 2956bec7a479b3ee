"""`flumepy channel import`: events of files, into a channel that no agent uses."""

import sys
from pathlib import Path
from typing import Any

import click

from flumepy.cli.channel.options import channel_options, one_line_errors, open_channel, progress
from flumepy.cli.exit_codes import UNREADABLE
from flumepy.core.errors import FlumeError
from flumepy.log_tools.event_files import FORMATS
from flumepy.log_tools.import_events import Imported, import_files


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR... FILE...")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Default: Avro where FILE begins so, else jsonl.")
@click.option("--skip", type=click.IntRange(min=0), default=0, metavar="N", help="Leave out the first N events.")
@click.option("--anew", is_flag=True, help="Forget an import that was interrupted; begin with the first event.")
@channel_options
@one_line_errors
def import_(paths: tuple[Path, ...], form: str | None, skip: int, anew: bool, **named: Any) -> None:
    """Append the events of files that export wrote. Synced at the end; after a kill the same command goes on."""
    folders = tuple(path for path in paths if path.is_dir())
    files = [path for path in paths if not path.is_dir()]
    if not files:
        raise click.UsageError("Name the files with the events.")
    channel, codec = open_channel(folders, may_be_empty=True, **named)
    done = Imported()
    try:
        with progress("Importing", sum(path.stat().st_size for path in files if path.exists())) as advance:
            import_files(channel, files, codec, form=form, skip=skip, anew=anew, done=done, advance=advance)
    except FlumeError as error:
        click.echo(f"Error: {error}", err=True)
        for line in done.lines(is_whole=False):
            click.echo(line, err=True)
        sys.exit(UNREADABLE)
    for line in done.lines(is_whole=True):
        click.echo(line)
