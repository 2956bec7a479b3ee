"""`flumepy describe`: components and their properties, from their own declarations."""

import json

import click

from flumepy.config import describe as description
from flumepy.config.catalog import rows
from flumepy.config.plugins import add_plugins_path
from flumepy.core.problems import did_you_mean


@click.command()
@click.argument("words", nargs=-1, metavar="[KIND] [TYPE]")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--plugins-path", default="", metavar="DIRS", help="As for agent.")
def describe(words: tuple[str, ...], form: str, plugins_path: str) -> None:
    """Show a component's properties, or a list of all components. KIND: source, channel, sink, interceptor ..."""
    add_plugins_path(plugins_path)
    found = description.descriptions(words)
    if not found:
        known = {name for row in rows() for name in (row.kind, *row.aliases, *row.classes)}
        hint = did_you_mean(words[-1], known) or "flumepy describe lists all"
        raise click.UsageError(f"There is no component {' '.join(words)!r} ({hint}).")
    if form == "json":
        click.echo(json.dumps(description.as_json(found), indent=2, ensure_ascii=False))
    elif form == "markdown":
        click.echo(description.as_markdown(found))
    elif words and words != (found[0].row.kind,):
        click.echo(description.as_text(found))
    else:
        click.echo(description.as_list(found))
