"""`flumepy agent`: run one agent of a configuration, with the options of Flume's command and a few more."""

import sys
from typing import Any

import click

from flumepy.agent.launch import LaunchSettings, dry_run, launch
from flumepy.cli.agent_command import AgentCommand


@click.command(cls=AgentCommand, context_settings={"help_option_names": ["--help", "-h"]})
@click.option("--name", "-n", required=True, metavar="NAME", help="The agent to run.")
@click.option(
    "--conf-file", "-f", multiple=True, metavar="FILE", help="Configuration; may be repeated, later files win."
)
@click.option(
    "--conf-uri", "-u", multiple=True, metavar="URI", help="file, http(s) or classpath URI, in place of files."
)
@click.option("--conf", "-c", metavar="DIR", help="Directory of flume-env.sh, flume.opts and classpath: URIs.")
@click.option("--conf-user", "-user", metavar="USER", help="User for http(s) URIs.")
@click.option("--conf-password", "-pwd", metavar="PASSWORD", help="Password for http(s) URIs.")
@click.option("--conf-provider", "-prov", metavar="CLASS", help="Refused: a Java class.")
@click.option("--auth-provider", "-a", metavar="CLASS", help="Refused: a Java class.")
@click.option("--zkConnString", "-z", metavar="HOSTS", help="ZooKeeper that holds the configuration.")
@click.option("--zkBasePath", "-p", metavar="PATH", help="Its base path; default /flume.")
@click.option("--poll-interval", "-i", type=click.IntRange(min=1), metavar="SECONDS",
              help="Between two looks for changes; default 30, 300 for http.")  # fmt: skip
@click.option("--no-reload-conf", is_flag=True, help="Never reload, except on SIGHUP.")
@click.option("--backup-directory", "-b", metavar="DIR", help="Keeps the last configuration for a start without any.")
@click.option("--strict", is_flag=True, help="Do not start with errors, where Flume would drop components.")
@click.option("--drain-timeout", type=click.FloatRange(min=0), default=5.0, show_default=True, metavar="SECONDS",
              help="How long a stop waits for sinks to empty memory channels.")  # fmt: skip
@click.option("--pid-file", metavar="FILE", help="Holds the process id while the agent runs.")
@click.option("--plugins-path", metavar="DIRS", help="Colon-separated directories of plugin folders.")
@click.option(
    "-D", "definitions", multiple=True, metavar="NAME=VALUE", help="System property, such as flume.root.logger."
)
@click.option("--java-option", "java_options", multiple=True, hidden=True)
@click.option("--classpath", "-C", metavar="CP", help="Accepted without effect: there is no Java here.")
@click.option("--dryrun", "-d", is_flag=True, help="Print the command as it is understood and end.")
@click.pass_context
def agent(ctx: click.Context, /, dryrun: bool, **options: Any) -> None:
    """Run an agent until SIGTERM or Ctrl-C. SIGHUP reloads, SIGUSR1 reopens the log file."""
    settings = LaunchSettings(**options, remarks=tuple(ctx.obj.remarks))
    if not (settings.conf_file or settings.conf_uri or settings.zkconnstring or settings.conf_provider):
        raise click.UsageError("No configuration was provided. Name one with --conf-file FILE, --conf-uri URI or -z.")
    if dryrun:
        click.echo(dry_run(settings, ["flumepy", "agent", *ctx.obj.without_definitions()]))
        return
    sys.exit(launch(settings))
