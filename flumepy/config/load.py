"""The whole way from sources to agents: read, merge, resolve `${}`, filter, validate, keep a backup."""

import logging
from collections.abc import Mapping
from pathlib import Path

from flumepy.config.model import Configuration
from flumepy.config.sources.backup import Backup
from flumepy.config.sources.base import ConfigurationSource
from flumepy.config.tokens import in_file_order, last_wins
from flumepy.config.validate import validate
from flumepy.core.errors import ConfigurationError
from flumepy.formats.properties import Entry

CONF_DIRECTORY = "flumepy.conf.directory"  #: system property under which config filters find the conf directory

log = logging.getLogger("flumepy.config")


def load(
    source: ConfigurationSource,
    system_properties: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    conf_directory: Path | None = None,
    backup: Backup | None = None,
) -> Configuration | None:
    """Return the configuration, or None when the source has not changed since the last load.

    Raises ConfigurationError when a source cannot be read, or when there is not one property and no backup either.
    """
    entries = source.read()
    if entries is None:
        return None
    if entries or not source.resolves_lookups:
        # An empty ZooKeeper node is an empty configuration; an empty file is a mistake.
        configuration, resolved = _configure(
            entries, system_properties, environ, conf_directory, resolves_lookups=source.resolves_lookups
        )
        if backup is not None and entries:
            _keep(backup, resolved)
        return configuration
    entries = backup.load() if backup is not None else []
    if not entries:
        raise ConfigurationError(f"{source.origin} holds no property, so there is no configuration")
    log.warning("%s holds no property; the backup %s is used.", source.origin, backup and backup.path)
    return _configure(entries, system_properties, environ, conf_directory, resolves_lookups=False)[0]


def configure(
    entries: list[Entry],
    system_properties: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    conf_directory: Path | None = None,
    resolves_lookups: bool = True,
) -> Configuration:
    """Return the configuration that these entries make; never raises for what they say."""
    return _configure(entries, system_properties, environ, conf_directory, resolves_lookups=resolves_lookups)[0]


def _configure(
    entries: list[Entry],
    system_properties: Mapping[str, str],
    environ: Mapping[str, str],
    conf_directory: Path | None,
    *,
    resolves_lookups: bool,
) -> tuple[Configuration, list[Entry]]:
    effective, found = last_wins(entries)
    if resolves_lookups and _has_references(effective, system_properties):
        # The look-ups cost 20 ms to import, and most configurations hold no reference.
        from flumepy.config.lookups import Resolver  # noqa: PLC0415

        resolver = Resolver(system_properties, environ, conf_directory)
        effective, unresolved = resolver.resolve(effective)
        # A plain `NC_PORT = 44444` that a reference uses has done its work; any other is diagnosed.
        effective = [entry for entry in effective if "." in entry.key or entry.key not in resolver.used]
        found += unresolved
    if conf_directory is not None:
        system_properties = {CONF_DIRECTORY: str(conf_directory), **system_properties}
    validated = validate(effective, system_properties)
    problems = in_file_order([*found, *validated.problems], entries)
    return Configuration(validated.agents, validated.invalid, problems), effective


def _has_references(entries: list[Entry], system_properties: Mapping[str, str]) -> bool:
    if "lookups" in system_properties or "propertiesImplementation" in system_properties:
        return True
    return any("${" in entry.value for entry in entries)


def _keep(backup: Backup, entries: list[Entry]) -> None:
    try:
        backup.store(entries)
    except ConfigurationError as error:
        log.warning("%s. The agent runs on without.", error)
