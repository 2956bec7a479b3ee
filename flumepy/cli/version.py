"""`version`: as `flume-ng`, scripts find Flume's first line."""

import platform

import click

from flumepy import __version__
from flumepy.core.compiled import is_compiled

FLUME_VERSION = "1.11.0"


@click.command()
@click.pass_context
def version(ctx: click.Context) -> None:
    """Show the versions of flumepy, of the Flume whose configurations it runs, and of Python."""
    if ctx.find_root().info_name == "flume-ng":
        click.echo(f"Flume {FLUME_VERSION}")
    click.echo(f"flumepy {__version__}")
    click.echo(f"Runs configurations of Flume {FLUME_VERSION}")
    compiled = ", hot paths compiled" if is_compiled() else ""
    click.echo(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}{compiled}")
