"""`flumepy agent`: run one agent of a configuration."""

import logging
import os
import sys

import click

from flumepy.agent.service import Service, ServiceSettings
from flumepy.config.loader import ConfigurationLoader, SourceSettings, open_sources


@click.command()
@click.option("--name", "-n", required=True)
@click.option("--conf-file", "-f", "files", multiple=True)
@click.option("--conf", "-c")
@click.option("--no-reload-conf", is_flag=True)
@click.option("-D", "definitions", multiple=True)
def agent(
    name: str, files: tuple[str, ...], conf: str | None, no_reload_conf: bool, definitions: tuple[str, ...]
) -> None:
    """Run an agent."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s (%(threadName)s) [%(levelname)s - %(name)s] %(message)s"
    )
    properties = {key: value for key, _, value in (text.partition("=") for text in definitions)}
    loader = ConfigurationLoader(open_sources(SourceSettings(files), name), properties, os.environ)
    service = Service(ServiceSettings(name, properties, reload=not no_reload_conf), loader)
    status = service.run()
    service.end_by_signal()
    sys.exit(status)
