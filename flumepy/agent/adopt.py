"""`flumepy adopt`: what a Java agent left in the file channels of an agent, and taking it over before the first start.

A start does the same by itself; this is for those who want to see it first, or to have it behind them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flumepy.agent.stored_channels import load_agent, log_channel, stored_channel
from flumepy.core.errors import FlumeError
from flumepy.event_log.channel import LogChannel
from flumepy.event_log.take_over import TakeOver
from flumepy.formats.flume_log import JavaDirectories
from flumepy.log.disk import Disk
from flumepy.log.frame import NativeFormat
from flumepy.log.log import Log
from flumepy.log.shelf import ShelfSettings
from flumepy.log_tools.folders import StoredChannel


@dataclass
class Adoption:
    """What was found in, or done for, one channel. `failure`: why it is not taken over, or would not be."""

    name: str
    lines: list[str] = field(default_factory=list)
    failure: str | None = None

    def report(self) -> Iterator[str]:
        """Iterate the lines for an operator."""
        yield f"{self.name}:"
        yield from (f"  {line}" for line in self.lines)
        if self.failure is not None:
            yield f"  Error: {self.failure}"


def adopt(
    file: str, agent: str, system_properties: Mapping[str, str], *, conf_directory: Path | None, dry_run: bool
) -> Iterator[Adoption]:
    """Take over, or look at, every file channel of an agent, one after the other. Raises ConfigurationError."""
    config = load_agent(file, agent, system_properties, conf_directory)
    for name in config.channels:
        adoption = Adoption(f"{agent}.channels.{name}")
        try:
            channel = log_channel(config, name, system_properties)
            if channel is None:
                continue
            _adopt(channel, adoption, dry_run=dry_run)
        except FlumeError as error:
            adoption.failure = str(error)
        yield adoption


def _adopt(channel: LogChannel[Any], adoption: Adoption, *, dry_run: bool) -> None:
    stored, secrets = stored_channel(channel)
    settings = channel.store_settings()
    java = JavaDirectories(
        settings.checkpoint_dir, list(settings.data_dirs), settings.backup_dir, secrets.java_keys,
        tolerant=settings.skips_bad,
    )  # fmt: skip
    take_over = TakeOver(java, settings.checkpoint_dir, Disk(), channel.name)
    if not take_over.is_due():
        adoption.lines.append(_nothing(stored))
        return
    if stored.take_over is not None:
        adoption.lines.append(f"A take-over was interrupted while {stored.take_over.state}; it goes on.")
    for folder, holder in stored.holders.items():
        adoption.failure = f"{folder} is in use by {holder}; stop it first"
    if stored.take_over is None or stored.take_over.state == "importing":
        replay = java.replay()
        adoption.lines.append(
            f"A Java agent left {replay.live_count} events in {len(java.files())} files, found by its {replay.origin}."
        )
        adoption.lines += replay.problems
    if dry_run or adoption.failure is not None:
        return

    def new_log() -> Log[Any]:
        shelf = ShelfSettings(
            settings.data_dirs, segment_bytes=settings.segment_bytes, minimum_free_bytes=settings.minimum_free_bytes
        )
        return Log(shelf, NativeFormat(), name=channel.name)

    taken = take_over.run(new_log, secrets.codec)
    adoption.lines.append(f"{taken.events} events are taken over.")
    adoption.lines += [
        f"Java's files are in {folder} now; delete them once the events are delivered." for folder in taken.asides
    ]


def _nothing(stored: StoredChannel) -> str:
    folders = ", ".join(map(str, stored.folders.all()))
    state = "flumepy has used these directories already" if stored.segments else "they are empty, or do not exist"
    return f"No Java agent left anything in {folders}: {state}."
