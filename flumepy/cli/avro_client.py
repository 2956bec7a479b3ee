"""`avro-client`: not there yet."""

import click

from flumepy.cli.exit_codes import FAILED


@click.command("avro-client", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def avro_client(ctx: click.Context) -> None:
    """Send lines of a file to an Avro source. Not yet."""
    click.echo(
        "flumepy: avro-client is not there yet: flumepy does not speak Avro RPC so far. Nothing was sent.", err=True
    )
    ctx.exit(FAILED)
