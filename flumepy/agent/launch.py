"""From the command line's words to a running agent: environment, properties, logs, sources, service.

The order is that of bin/flume-ng and Application.main: flume-env.sh first, its options before those of the command line (the
last -D of a name counts), then the log, so that everything said from here on goes where it should.
"""

import importlib
import logging
import os
import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from flumepy import __version__
from flumepy.agent.application import Application
from flumepy.agent.environment import read_environment
from flumepy.agent.java_options import heap_properties, split_options, system_properties
from flumepy.agent.logs import set_up_logs
from flumepy.agent.pid_file import PidFile
from flumepy.agent.service import EXIT_CONFIGURATION, Service, ServiceSettings
from flumepy.config.loader import ConfigurationLoader, SourceSettings, open_sources
from flumepy.config.sources.backup import Backup
from flumepy.config.sources.uri import poll_interval_s
from flumepy.config.ssl_defaults import with_ssl_defaults
from flumepy.core.cpus import CPUS_PROPERTY, wanted_count
from flumepy.core.errors import ConfigurationError, FlumeError

log = logging.getLogger("flumepy.agent")

MONITORING_TYPE = "flume.monitoring.type"


@dataclass(frozen=True)
class LaunchSettings:
    """The agent command's options, under the names of their long forms."""

    name: str
    conf_file: tuple[str, ...] = ()
    conf_uri: tuple[str, ...] = ()
    conf: str | None = None
    conf_user: str | None = None
    conf_password: str | None = field(default=None, repr=False)
    conf_provider: str | None = None
    auth_provider: str | None = None
    poll_interval: int | None = None
    backup_directory: str | None = None
    no_reload_conf: bool = False
    zkconnstring: str | None = None
    zkbasepath: str | None = None
    strict: bool = False
    drain_timeout: float = 5.0
    pid_file: str | None = None
    plugins_path: str | None = None
    classpath: str | None = None
    definitions: tuple[str, ...] = ()
    java_options: tuple[str, ...] = ()
    #: what the command line's reader has to say once there is a log
    remarks: tuple[str, ...] = ()


def launch(settings: LaunchSettings) -> int:
    """Run the agent until it ends; return the exit status. A stop by a signal does not return: the process ends by it."""
    conf_directory = Path(settings.conf) if settings.conf is not None else None
    try:
        properties, remarks = _properties(settings, conf_directory)
        reopen_logs = set_up_logs(properties, conf_directory)
        for remark in remarks:
            log.warning("%s", remark)
        with ExitStack() as stack:
            if settings.pid_file is not None:
                stack.enter_context(PidFile(Path(settings.pid_file)))
            loader = _loader(settings, properties, conf_directory)
            log.info(
                "flumepy %s starts agent %s of %s, process %d",
                __version__, settings.name, loader.origin, os.getpid(),
            )  # fmt: skip
            service = _service(settings, properties, loader, reopen_logs)
            status = service.run()
    except ConfigurationError as error:
        if not logging.getLogger().handlers:
            set_up_logs({})
        log.error("%s", f"{error} ({error.hint})" if error.hint else error)
        return EXIT_CONFIGURATION
    service.end_by_signal()
    return status


def _properties(settings: LaunchSettings, conf_directory: Path | None) -> tuple[dict[str, str], list[str]]:
    """Return the system properties and what is to be said about options."""
    definitions, java_options = split_options(read_environment(conf_directory, os.environ))
    properties, remarks = system_properties([*definitions, *settings.definitions])
    heap, heap_remarks = heap_properties([*java_options, *settings.java_options])
    if conf_directory is not None and not conf_directory.is_dir():
        remarks.append(f"--conf {conf_directory}: there is no such directory.")
    if settings.classpath is not None:
        remarks.append(
            f"--classpath {settings.classpath} has no effect: Java classes cannot run here; Python ones: --plugins-path."
        )
    properties = with_ssl_defaults({**heap, **properties}, os.environ)
    return properties, [*settings.remarks, *remarks, *heap_remarks]


def _loader(
    settings: LaunchSettings, properties: Mapping[str, str], conf_directory: Path | None
) -> ConfigurationLoader:
    for option, java_class in (
        ("--conf-provider", settings.conf_provider),
        ("--auth-provider", settings.auth_provider),
    ):
        if java_class is not None:
            hint = "use --conf-file, --conf-uri with --conf-user, or -z"
            raise ConfigurationError(f"{option} {java_class}: a Java class cannot run here", hint=hint)
    _add_plugins(settings.plugins_path)
    sources = SourceSettings(
        files=settings.conf_file, uris=settings.conf_uri, user=settings.conf_user, password=settings.conf_password,
        zookeeper=settings.zkconnstring, zookeeper_base=settings.zkbasepath,
    )  # fmt: skip
    return ConfigurationLoader(
        open_sources(sources, settings.name, conf_directory), properties, os.environ, conf_directory=conf_directory,
        backup=Backup(settings.backup_directory, settings.name) if settings.backup_directory else None,
    )  # fmt: skip


def _service(
    settings: LaunchSettings,
    properties: Mapping[str, str],
    loader: ConfigurationLoader,
    reopen_logs: Callable[[], None],
) -> Service:
    interval_s = settings.poll_interval or poll_interval_s(settings.conf_uri)
    return Service(
        ServiceSettings(
            settings.name, properties, reload=not settings.no_reload_conf, poll_interval_s=interval_s,
            strict=settings.strict, drain_timeout_s=settings.drain_timeout, reopen_logs=reopen_logs,
            started=lambda application: _start_monitoring(application, properties), cpus=_cpus(properties),
        ),
        loader,
    )  # fmt: skip


def _cpus(properties: Mapping[str, str]) -> int:
    text = properties.get(CPUS_PROPERTY)
    try:
        return wanted_count(text)
    except ValueError:
        log.warning("-D%s=%s: say a number or all; one processor is used", CPUS_PROPERTY, text)
        return 1


def _add_plugins(plugins_path: str | None) -> None:
    """Use the plugins that are named, else those in plugins.d of $FLUME_HOME, as Flume does."""
    home = os.environ.get("FLUME_HOME")
    path = plugins_path or (f"{home}/plugins.d" if home else None)
    if path is None:
        return
    found = importlib.import_module("flumepy.config.plugins").add_plugins_path(path)
    if found or plugins_path:
        log.info("Plugins in %s: %s", path, ", ".join(found) or "none")


def _start_monitoring(application: Application, properties: Mapping[str, str]) -> Callable[[], None]:
    """Start what -Dflume.monitoring.type asks for; the agent goes on where that fails, as Flume's does."""
    if MONITORING_TYPE not in properties:
        return lambda: None
    monitoring = importlib.import_module("flumepy.monitor.service")
    try:
        stop: Callable[[], None] = monitoring.start_monitoring(application, properties)
    except FlumeError as error:
        hint = f" ({error.hint})" if isinstance(error, ConfigurationError) and error.hint else ""
        log.error("The agent runs without monitoring: %s%s", error, hint)
        return lambda: None
    return stop


def dry_run(settings: LaunchSettings, command: list[str]) -> str:
    """Return what `--dryrun` prints: the command with everything that flume-env.sh and slips would change resolved."""
    properties, remarks = _properties(settings, Path(settings.conf) if settings.conf is not None else None)
    words = [*command, *(f"-D{name}={value}" for name, value in properties.items())]
    return "\n".join([*(f"# {remark}" for remark in remarks), shlex.join(words)])
