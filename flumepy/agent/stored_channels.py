"""The durable channels of a configuration as tools need them: their directories and keys, nothing opened or started."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flumepy.agent.materialize import materialize_channel
from flumepy.config.load import load
from flumepy.config.model import AgentConfig
from flumepy.config.sources.file import FileSource
from flumepy.core.channel import Channel
from flumepy.core.errors import ConfigurationError
from flumepy.core.problems import Severity, did_you_mean
from flumepy.event_log.channel import LogChannel
from flumepy.event_log.store import Secrets
from flumepy.log.codec import Codec
from flumepy.log_tools.folders import Folders, StoredChannel, look_into


def load_agent(
    file: str, name: str, system_properties: Mapping[str, str], conf_directory: Path | None = None
) -> AgentConfig:
    """Return an agent of a configuration file. Raises ConfigurationError."""
    configuration = load(FileSource(file), system_properties, os.environ, conf_directory=conf_directory)
    assert configuration is not None, "a first read brings something"
    if name in configuration.agents:
        return configuration.agents[name]
    known = [*configuration.agents]
    hint = did_you_mean(name, known) or f"it has {', '.join(known) or 'none'}"
    raise ConfigurationError(f"{file}: no agent {name} that can run is configured there ({hint})")


def log_channel(agent: AgentConfig, name: str, system_properties: Mapping[str, str]) -> LogChannel[Any] | None:
    """Return a channel that keeps events in our log, or the file channel below it; None for another kind.

    Raises ConfigurationError where it cannot be configured.
    """
    if name not in agent.channels:
        hint = did_you_mean(name, agent.channels) or f"it has {', '.join(agent.channels) or 'none'}"
        raise ConfigurationError(f"agent {agent.name} has no channel {name} ({hint})")
    built = materialize_channel(agent, name, system_properties)
    channel = built.channels.get(name)
    if channel is None:
        errors = [problem.message for problem in built.problems if problem.severity is Severity.ERROR]
        raise ConfigurationError(f"channel {name} cannot be configured: {'; '.join(errors)}")
    return _with_log(channel)


def _with_log(channel: Channel[Any]) -> LogChannel[Any] | None:
    for candidate in (channel, getattr(channel, "file", None)):
        if isinstance(candidate, LogChannel):
            return candidate
    return None


def stored_channel(channel: LogChannel[Any]) -> tuple[StoredChannel, Secrets]:
    """Return the directories of a channel as they are now. Raises InputError, ConfigurationError for its keys."""
    settings, secrets = channel.store_settings(), channel.secrets()
    folders = Folders(settings.data_dirs, settings.checkpoint_dir, settings.backup_dir)
    stored = look_into(folders, secrets.java_keys)
    stored.segment_bytes, stored.capacity = settings.segment_bytes, channel.limits.capacity
    return stored, secrets


def channel_of_file(
    file: str, agent: str, name: str, system_properties: Mapping[str, str], conf_directory: Path | None = None
) -> tuple[StoredChannel, Codec]:
    """Return the directories of a channel of a configuration, and what opens and seals its payloads.

    Raises ConfigurationError, InputError.
    """
    channel = log_channel(load_agent(file, agent, system_properties, conf_directory), name, system_properties)
    if channel is None:
        raise ConfigurationError(f"{file}: channel {name} keeps no events in files of a file channel")
    stored, secrets = stored_channel(channel)
    codec = secrets.codec
    assert isinstance(codec, Codec) or codec is None
    return stored, codec or Codec()
