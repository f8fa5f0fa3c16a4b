"""Every command, under the heading where `ompycord --help` shows it.

Each does its work through `ompycord.app` and `cli`'s parts.
"""

from pathlib import Path
from typing import Annotated

import typer

from ompycord import __version__
from ompycord.cli.config import config
from ompycord.cli.conformance import conformance
from ompycord.cli.deciding.plan import plan
from ompycord.cli.deciding.policy import policy
from ompycord.cli.deciding.secret import secret
from ompycord.cli.doctor import doctor
from ompycord.cli.emit.command import emit
from ompycord.cli.following.audit import audit
from ompycord.cli.following.replay import replay
from ompycord.cli.following.report import report
from ompycord.cli.following.run import ask, resume, run
from ompycord.cli.gateway import gateway, providers
from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.healthcheck import healthcheck
from ompycord.cli.hook import hook
from ompycord.cli.init import init
from ompycord.cli.integrations import integrations
from ompycord.cli.keys import keys
from ompycord.cli.remembering.memory import memory
from ompycord.cli.repository import repository
from ompycord.cli.runs import runs
from ompycord.cli.selftest import selftest
from ompycord.cli.sign import sign
from ompycord.cli.takeover import takeover
from ompycord.cli.up import UpOptions, start
from ompycord.cli.upkeep.alerts import alerts
from ompycord.cli.upkeep.archive import archive
from ompycord.cli.upkeep.backup import backup
from ompycord.cli.upkeep.maintenance import down, migrate
from ompycord.cli.upkeep.person import person
from ompycord.cli.upkeep.plugin import plugin
from ompycord.cli.upkeep.service import service
from ompycord.cli.webhooks import webhooks

__all__ = ["application"]

RUN, RUNS, EVENTS, MODES = "Run it", "Runs", "Send events", "Maintenance"

application = typer.Typer(
    cls=GroupedCommands,
    name="ompycord",
    help="Run a team's coding agents from Discord.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        version()
        raise typer.Exit


@application.callback()
def _group(
    is_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run a team's coding agents from Discord.

    Begin with `ompycord up`: without a Discord token it opens a local Discord to try everything in.
    """


@application.command(rich_help_panel=RUN, epilog=examples("up"))
def up(
    port: Annotated[int | None, typer.Option(help="The sidecar's port; 0 takes any free one.")] = None,
    playground_port: Annotated[int | None, typer.Option(help="The playground's port; 0 takes any free one.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Data directory.")] = None,
    new_database: Annotated[
        bool, typer.Option("--new-database", help="Begin with a new database where the old one is gone.")
    ] = False,
) -> None:
    """Start the bot and its sidecar. Without DISCORD_TOKEN, a local Discord opens too: the playground."""
    code = start(UpOptions(port, playground_port, data_dir, new_database))
    raise typer.Exit(code)


def version() -> None:
    """Print the version."""
    typer.echo(f"ompycord {__version__}")


application.command(rich_help_panel=RUN, epilog=examples("down"))(down)
application.command(rich_help_panel=RUN, epilog=examples("init"))(init)
application.command(rich_help_panel=RUN, epilog=examples("doctor"))(doctor)
application.command(rich_help_panel=RUN, epilog=examples("selftest"))(selftest)
application.command(rich_help_panel=RUN, epilog=examples("conformance"))(conformance)
application.command(rich_help_panel=EVENTS, epilog=examples("emit"))(emit)
application.command(rich_help_panel=EVENTS, epilog=examples("hook"))(hook)
application.command(rich_help_panel=EVENTS, epilog=examples("integrations"))(integrations)
application.command(rich_help_panel=EVENTS, epilog=examples("sign"))(sign)
application.add_typer(keys, rich_help_panel=EVENTS)
application.command(rich_help_panel=RUNS, epilog=examples("run"))(run)
application.command(rich_help_panel=RUNS, epilog=examples("ask"))(ask)
application.command(rich_help_panel=RUNS, epilog=examples("resume"))(resume)
application.command(rich_help_panel=RUNS, epilog=examples("report"))(report)
application.command(rich_help_panel=RUNS, epilog=examples("runs"))(runs)
application.command(rich_help_panel=RUNS, epilog=examples("replay"))(replay)
application.command(rich_help_panel=RUNS, epilog=examples("takeover"))(takeover)
application.add_typer(plan, rich_help_panel=RUNS)
application.add_typer(secret, rich_help_panel=RUNS)
application.add_typer(memory, rich_help_panel=MODES)
application.add_typer(policy, rich_help_panel=MODES)
application.add_typer(audit, rich_help_panel=MODES)
application.add_typer(person, rich_help_panel=MODES)
application.add_typer(backup, rich_help_panel=MODES)
application.add_typer(archive, rich_help_panel=MODES)
application.add_typer(alerts, rich_help_panel=MODES)
application.add_typer(service, rich_help_panel=MODES)
application.add_typer(plugin, rich_help_panel=MODES)
application.add_typer(webhooks, rich_help_panel=MODES)
application.add_typer(providers, rich_help_panel=MODES)
application.add_typer(gateway, rich_help_panel=MODES)
application.add_typer(config, rich_help_panel=MODES)
application.add_typer(repository, rich_help_panel=MODES)
application.command(rich_help_panel=MODES, epilog=examples("healthcheck"))(healthcheck)
application.command(rich_help_panel=MODES, epilog=examples("migrate"))(migrate)
application.command(rich_help_panel=MODES, epilog=examples("version"))(version)
