"""`ompycord alerts`: what was wrong lately, and a test of every way out.

Counterpart of `app/alerting/operations.py`.
"""

import json
from typing import Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here, settings_of
from ompycord.cli.tables import table

__all__ = ["alerts"]

alerts = typer.Typer(
    name="alerts",
    help="Look at alerts of Ompycord itself, and try the ways by which they are sent.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@alerts.command("list", epilog=examples("alerts list"))
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most, newest first.")] = 20,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List what is wrong and what was, newest first; one that quiet hours kept back is marked."""
    found: list[dict[str, Any]] = perform_here(data_dir, "alerts.list", {"limit": limit})
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if not found:
        typer.echo("There were no alerts.")
        return
    typer.echo(table(("BEGAN", "ENDED", "ALERT", "WHAT"), [_row(one) for one in found]))
    for one in found:
        if one["ended_at"] is None:
            typer.echo(f"{_name(one)}: {one['remedy']}")


@alerts.command("test", epilog=examples("alerts test"))
def try_ways(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Send a test by every way that takes alerts, through the Ompycord that runs; exit 1 where one fails.

    `ompycord doctor --production` looks when this was done last.
    """
    from ompycord.app.operations import ask
    from ompycord.errors import UnavailableError

    is_running, answer = ask(settings_of(data_dir).data_dir.expanduser().absolute(), "alerts.test", {})
    if not is_running:
        raise UnavailableError("No Ompycord runs with this data folder, and only it can send: `ompycord up` first.")
    ways: dict[str, str | None] = answer["ways"]
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        for name, fault in ways.items():
            typer.echo(f"{name}: {'sent' if fault is None else fault}")
    raise typer.Exit(1 if any(fault is not None for fault in ways.values()) else 0)


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    ended = "open" if one["ended_at"] is None else str(one["ended_at"])[:16]
    mark = "" if one["notified_at"] is not None else " (in quiet hours, not sent)"
    return (str(one["began_at"])[:16], ended, _name(one), f"{one['text']}{mark}")


def _name(one: dict[str, Any]) -> str:
    return f"{one['alert']}:{one['subject']}" if one["subject"] else str(one["alert"])
