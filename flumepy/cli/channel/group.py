"""`flumepy channel`: the group; each command is imported when it is called."""

import click

from flumepy.cli.main import HELP, LazyGroup

_PACKAGE = "flumepy.cli.channel"
COMMANDS = {
    "ls": (f"{_PACKAGE}.ls:ls", "List the files, and who uses them."),
    "stats": (f"{_PACKAGE}.stats:stats", "Show what is queued, stored, and damaged."),
    "verify": (f"{_PACKAGE}.verify:verify", "Check every checksum and decode every event."),
    "export": (f"{_PACKAGE}.export:export", "Write the events into a file; they stay in the channel."),
    "repair": (f"{_PACKAGE}.repair:repair", "Set damaged bytes aside, so that the next start is quiet."),
    "import": (f"{_PACKAGE}.import_:import_", "Append events from files."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS, context_settings=HELP)
def channel() -> None:
    """Look into the directories of a file channel, or mend them.

    DIR... are the data directories and the checkpoint directory of one channel, in any order; --conf-file, --name and
    --channel take them, and the keys, from a configuration.
    """
