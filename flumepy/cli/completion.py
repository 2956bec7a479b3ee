"""`completion`: the script with which a shell completes our command lines."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a completion script: eval "$(flumepy completion bash)"."""
    root = ctx.find_root()
    name = root.info_name or "flumepy"
    kind = get_completion_class(shell)
    assert kind is not None, "click knows these three"
    variable = f"_{name}_COMPLETE".replace("-", "_").upper()
    click.echo(kind(root.command, {}, name, variable).source())
