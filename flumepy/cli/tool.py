"""`tool`: not there yet."""

import click

from flumepy.cli.exit_codes import FAILED


@click.command("tool", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def tool(ctx: click.Context) -> None:
    """Check the files of a file channel (FCINTEGRITYTOOL). Not yet."""
    click.echo(
        "flumepy: tool is not there yet: FCINTEGRITYTOOL comes with the file channel. No file was touched.", err=True
    )
    ctx.exit(FAILED)
