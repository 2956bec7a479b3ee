"""`node`: what `agent` was called before Flume 1.0."""

from typing import Any

import click

from flumepy.cli.agent import agent
from flumepy.cli.agent_command import AgentCommand


class NodeCommand(AgentCommand):
    """The agent command, with a warning before anything else."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Warn and parse."""
        click.echo("Warning: The 'node' command is an old name; use 'agent'.", err=True)
        return super().parse_args(ctx, args)


@click.command(cls=NodeCommand, params=agent.params, context_settings={"help_option_names": ["--help", "-h"]})
@click.pass_context
def node(ctx: click.Context, /, **options: Any) -> None:
    """Run an agent; use `agent`."""
    ctx.invoke(agent, **options)
