"""`help`: the list of commands, or one command's options."""

import click


@click.command("help")
@click.argument("command", required=False)
@click.pass_context
def help_command(ctx: click.Context, command: str | None) -> None:
    """Show the commands, or the options of one."""
    root = ctx.find_root()
    group = root.command
    assert isinstance(group, click.Group)
    if command is None:
        click.echo(root.get_help())
        return
    found = group.get_command(root, command)
    if found is None:
        raise click.UsageError(f"There is no command {command!r}; there are {', '.join(group.list_commands(root))}.")
    with click.Context(found, info_name=command, parent=root) as inner:
        click.echo(found.get_help(inner))
