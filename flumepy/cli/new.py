"""`flumepy new`: a commented configuration to begin with."""

from pathlib import Path

import click

from flumepy.config.scaffold import scaffold
from flumepy.core.errors import ConfigurationError


@click.command()
@click.option("--source", "sources", multiple=True, required=True, metavar="TYPE", help="May be repeated.")
@click.option("--channel", "channels", multiple=True, default=("memory",), metavar="TYPE", help="Default memory.")
@click.option("--sink", "sinks", multiple=True, required=True, metavar="TYPE", help="May be repeated.")
@click.option("--name", "-n", default="a1", show_default=True, metavar="NAME", help="The agent's name.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="A new file; default stdout.")
def new(
    sources: tuple[str, ...], channels: tuple[str, ...], sinks: tuple[str, ...], name: str, output: Path | None
) -> None:
    """Write a configuration: flumepy new --source netcat --channel memory --sink logger."""
    try:
        text = scaffold(name, sources, channels, sinks)
    except ConfigurationError as error:
        raise click.UsageError(f"{error} ({error.hint})" if error.hint else str(error)) from error
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {output}. Check it: flumepy check {output}", err=True)
