"""`flumepy check`: everything that is wrong with configurations, found without running them."""

import os
import sys
from pathlib import Path

import click

from flumepy.agent.check import check_file
from flumepy.agent.environment import read_environment
from flumepy.agent.java_options import split_options, system_properties
from flumepy.cli.exit_codes import FAILED, OK, UNREADABLE, USAGE
from flumepy.config.plugins import add_plugins_path
from flumepy.config.ssl_defaults import with_ssl_defaults
from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import Severity


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--name", "-n", "names", multiple=True, metavar="NAME", help="Judge only this agent; may be repeated.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="json: one object per file and line.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--conf", "-c", type=click.Path(path_type=Path), metavar="DIR", help="As for agent: flume-env.sh is read."
)
@click.option("--plugins-path", default="", metavar="DIRS", help="As for agent.")
@click.option("-D", "definitions", multiple=True, metavar="NAME=VALUE", help="System property, as for agent.")
def check(
    files: tuple[str, ...],
    names: tuple[str, ...],
    form: str,
    strict: bool,
    conf: Path | None,
    plugins_path: str,
    definitions: tuple[str, ...],
) -> None:
    """Judge configurations. Ends with 0: clean, 1: errors, 2: a file cannot be read."""
    try:
        from_environment, _ = split_options(read_environment(conf, os.environ))
    except ConfigurationError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(USAGE)
    properties, _ = system_properties([*from_environment, *definitions])
    properties = with_ssl_defaults(properties, os.environ)
    add_plugins_path(plugins_path)
    severities = (Severity.ERROR, Severity.WARNING) if strict else (Severity.ERROR,)
    status = OK
    for file in files:
        report = check_file(file, properties, os.environ, names=names, conf_directory=conf)
        click.echo(report.json() if form == "json" else report.text())
        status = max(status, UNREADABLE if report.unreadable else FAILED if report.has(*severities) else OK)
    sys.exit(status)
