"""What the commands below `flumepy channel` share: how a channel is named, progress, and errors on one line."""

import errno
import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec

import click

from flumepy.agent.environment import read_environment
from flumepy.agent.java_options import split_options, system_properties
from flumepy.agent.stored_channels import channel_of_file
from flumepy.cli.exit_codes import UNREADABLE
from flumepy.core.errors import ConfigurationError, FlumeError, InputError
from flumepy.formats.flume_keys import load_keys
from flumepy.log.codec import Codec
from flumepy.log.encryption import KeyRing
from flumepy.log_tools.decode import reading_codec
from flumepy.log_tools.folders import StoredChannel, look_into, sort_folders

#: less than this is read before anybody looks at a bar
LEAST_PROGRESS_BYTES = 64 * 1024 * 1024
Parameters = ParamSpec("Parameters")
FOLDERS = click.argument("folders", nargs=-1, type=click.Path(path_type=Path), metavar="DIR...")
_OPTIONS = (
    click.option("--conf-file", "-f", metavar="FILE", help="Take directories and keys from this configuration."),
    click.option("--name", "-n", metavar="NAME", help="The agent in it."),
    click.option("--channel", "channel_name", metavar="NAME", help="The channel of the agent."),
    click.option("--conf", "-c", type=click.Path(path_type=Path), metavar="DIR", help="As for agent."),
    click.option("-D", "definitions", multiple=True, metavar="NAME=VALUE", help="System property, as for agent."),
    click.option("--key-store", metavar="FILE", help="JCEKS key store with the keys of encrypted events."),
    click.option("--key-store-password-file", metavar="FILE", help="Holds its password."),
    click.option("--key", "keys", multiple=True, metavar="ALIAS", help="A key in it; may be repeated."),
    click.option(
        "--key-password-file",
        "key_passwords",
        multiple=True,
        metavar="ALIAS=FILE",
        help="The password of a key of its own.",
    ),
)


def channel_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a channel."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def one_line_errors(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """End with one line and status 2 where a channel cannot be read, or is in use."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        # What the log says while it is read is said by the command itself.
        logging.getLogger("flumepy").addHandler(logging.NullHandler())
        try:
            command(*args, **kwargs)
        except FlumeError as error:
            hint = f" ({error.hint})" if isinstance(error, ConfigurationError) and error.hint else ""
            click.echo(f"Error: {error}{hint}", err=True)
            sys.exit(UNREADABLE)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly
            click.echo(f"Error: {error}", err=True)
            sys.exit(UNREADABLE)

    return run


def open_channel(
    folders: tuple[Path, ...],
    *,
    conf_file: str | None,
    name: str | None,
    channel_name: str | None,
    conf: Path | None,
    definitions: tuple[str, ...],
    key_store: str | None,
    key_store_password_file: str | None,
    keys: tuple[str, ...],
    key_passwords: tuple[str, ...],
    may_be_empty: bool = False,
) -> tuple[StoredChannel, Codec]:
    """Return the channel that was named, and what opens its payloads. Raises FlumeError, click.UsageError."""
    if conf_file is not None:
        if folders or key_store or name is None or channel_name is None:
            raise click.UsageError("--conf-file goes with --name and --channel, and without DIR and key options")
        channel, codec = channel_of_file(conf_file, name, channel_name, properties_of(conf, definitions), conf)
    else:
        if not folders:
            raise click.UsageError("Name the directories of a channel, or --conf-file, --name and --channel")
        if bool(key_store) != bool(keys) or bool(key_store) != bool(key_store_password_file):
            raise click.UsageError("--key-store, --key-store-password-file and --key go together")
        found = {}
        if key_store is not None and key_store_password_file is not None:
            passwords = dict(text.partition("=")[::2] for text in key_passwords)
            found = load_keys(key_store, key_store_password_file, keys, passwords)
        channel = look_into(sort_folders(folders), found)
        codec = Codec(keys=KeyRing(keys[0], found)) if found else reading_codec({})
    if channel.is_empty and not may_be_empty:
        raise InputError(f"{', '.join(map(str, channel.folders.all()))}: no file channel has written here")
    return channel, codec


def properties_of(conf: Path | None, definitions: tuple[str, ...]) -> dict[str, str]:
    """Return the system properties, as for agent. Raises ConfigurationError."""
    from_environment, _ = split_options(read_environment(conf, os.environ))
    properties, _ = system_properties([*from_environment, *definitions])
    return dict(properties)


@contextmanager
def progress(label: str, total_bytes: int) -> Iterator[Callable[[int], object]]:
    """Show a bar on a terminal for long work; the block gets what moves it."""
    if total_bytes < LEAST_PROGRESS_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total_bytes, label=label, file=sys.stderr, update_min_steps=1 << 20) as bar:
        yield bar.update


def say_in_use(channel: StoredChannel) -> None:
    """Say on stderr that an agent is at work."""
    holder = next(iter(channel.holders.values()), None)
    if holder is not None:
        click.echo(f"In use by {holder}: the figures move while they are read.", err=True)
