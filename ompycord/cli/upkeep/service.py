"""`ompycord service`: run by the machine instead of a terminal; counterpart of `app/supervision`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import DataDir, settings_of

if TYPE_CHECKING:
    from ompycord.app.supervision.managers import ServiceAnswer

__all__ = ["service"]

service = typer.Typer(
    name="service",
    help="Let this machine run Ompycord: install, uninstall, status (systemd, launchd, Windows).",
    no_args_is_help=True,
    cls=GroupedCommands,
)

RunAs = Annotated[
    str | None,
    typer.Option("--run-as", metavar="USER", help="The machine starts it, as this user (Linux, as root)."),
]


@service.command("install", epilog=examples("service install"))
def install(
    run_as: RunAs = None,
    is_print: Annotated[bool, typer.Option("--print", help="Only print the file.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write the service for this folder's ompycord.yml, and start it; it starts again with the machine or your login.

    What ends for a reason that a restart does not heal (a wrong setting, a refused token) stays ended.
    """
    from ompycord.app.supervision.managers import manager_of, plan_of

    data = settings_of(data_dir).data_dir.expanduser().absolute()
    plan = plan_of(os.environ, folder=Path.cwd(), data=data, user=run_as)
    manager = manager_of(os.environ, user=run_as, data=data)
    if is_print:
        sys.stdout.write(manager.content(plan).decode("utf-16" if manager.file.suffix == ".xml" else "utf-8"))
        return
    answers = asyncio.run(manager.install(plan, os.environ))
    typer.echo(f"Written: {manager.file}")
    _report(answers, manager.starts)
    asks = "ompycord service status" + (f" --run-as {run_as}" if run_as else "")
    typer.echo(f"{manager.name} runs Ompycord now. `{asks}` asks it, `ompycord doctor` looks at all.")


@service.command("uninstall", epilog=examples("service uninstall"))
def uninstall(run_as: RunAs = None, data_dir: DataDir = None) -> None:
    """End the service and remove its file. Data, settings and secrets stay."""
    from ompycord.app.supervision.managers import manager_of

    data = settings_of(data_dir).data_dir.expanduser().absolute()
    manager = manager_of(os.environ, user=run_as, data=data)
    if not manager.file.exists():
        typer.echo(f"There is no {manager.file}: nothing was changed.")
        return
    answers = asyncio.run(manager.uninstall(os.environ))
    typer.echo(f"Removed: {manager.file}")
    _report(answers, (*manager.stops, *manager.forgets))


@service.command("status", epilog=examples("service status"))
def status(run_as: RunAs = None, data_dir: DataDir = None) -> None:
    """Say whether it is installed, what its manager says, and whether Ompycord answers. Exit 1: it does not."""
    from ompycord.app.operations import is_running
    from ompycord.app.supervision.managers import manager_of

    data = settings_of(data_dir).data_dir.expanduser().absolute()
    manager = manager_of(os.environ, user=run_as, data=data)
    is_there, answers = manager.file.exists(), is_running(data)
    typer.echo(f"File      {manager.file}{'' if is_there else ' (not installed: `ompycord service install`)'}")
    if is_there:
        typer.echo(f"{manager.name:<9} {asyncio.run(manager.status(os.environ)) or 'cannot be asked'}")
    typer.echo(f"Ompycord  {'answers' if answers else 'does not answer'} in {data}")
    raise typer.Exit(0 if answers else 1)


@service.command("run", epilog=examples("service run"))
def run(data_dir: DataDir = None) -> None:
    """Run Ompycord for a manager that starts again after any failure: what a restart does not heal ends with 0.

    launchd and the Windows Task Scheduler use it; systemd knows the exit codes by itself.
    """
    from ompycord.app.supervision.plan import NO_RESTART
    from ompycord.cli.up import UpOptions, start
    from ompycord.errors import Refused, StartError

    try:
        code = start(UpOptions(data_dir=data_dir))
    except (StartError, Refused) as error:
        if error.exit_code not in NO_RESTART:
            raise
        sys.stderr.write(f"ompycord: {error}\nompycord: It stays ended: starting again would not help.\n")
        code = 0
    raise typer.Exit(code)


def _report(answers: "list[ServiceAnswer]", commands: tuple[tuple[str, ...], ...]) -> None:
    """Raise for what a manager did not do, with the commands to give by hand."""
    from ompycord.errors import UnavailableError

    failed = [(command, answer) for command, answer in zip(commands, answers, strict=True) if not answer.is_done]
    if failed:
        command, answer = failed[0]
        why = answer.text.splitlines()[0] if answer.text else "it did not say why"
        raise UnavailableError(f"`{' '.join(command)}` failed: {why}. Do that yourself, then look at its own log.")
