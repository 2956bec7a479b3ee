"""`flumepy channel import`: events of files, into a channel that no agent uses."""

import sys
from pathlib import Path
from typing import Any

import click

from flumepy.cli.channel.options import channel_options, one_line_errors, open_channel, progress
from flumepy.cli.exit_codes import UNREADABLE
from flumepy.core.errors import FlumeError, InputError
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
    _refuse_missing_folders(paths, is_named=named["conf_file"] is not None)
    if not files:
        raise click.UsageError("Name the files with the events.")
    channel, codec = open_channel(folders, may_be_empty=True, **named)
    done = Imported()
    try:
        with progress("Importing", sum(path.stat().st_size for path in files if path.exists())) as advance:
            import_files(channel, files, codec, form=form, skip=skip, anew=anew, done=done, advance=advance)
    except FlumeError as error:
        click.echo(f"Error: {error}", err=True)
        for line in (*done.lines_of_failure(error, skip), *done.warnings(channel.capacity)):
            click.echo(line, err=True)
        sys.exit(UNREADABLE)
    for line in done.lines():
        click.echo(line)
    for line in done.warnings(channel.capacity):
        click.echo(line, err=True)


def _refuse_missing_folders(paths: tuple[Path, ...], *, is_named: bool) -> None:
    """Raise InputError for what must be a directory by its place and is not there: else it would be taken for a file."""
    last = max([place for place, path in enumerate(paths) if path.is_dir()], default=-1 if is_named else 0)
    for path in paths[: last + 1]:
        if not path.exists():
            raise InputError(f"{path} is no directory")
