"""`ompycord webhooks`: pending deliveries to other systems, and dead letters.

Counterpart of `app/outgoing/operations.py`.
"""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here
from ompycord.cli.tables import table

__all__ = ["webhooks"]

webhooks = typer.Typer(
    name="webhooks",
    help="Look after deliveries to webhooks of the settings: list, retry, drop.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


class Status(StrEnum):
    """What became of a delivery so far."""

    PENDING = "pending"
    DEAD = "dead"
    DELIVERED = "delivered"


Which = Annotated[str | None, typer.Argument(metavar="DELIVERY", help="One delivery by its id.", show_default=False)]
Everything = Annotated[bool, typer.Option("--all", help="All of one destination; needs --destination.")]
Of = Annotated[str | None, typer.Option(metavar="NAME", help="The webhook's name in the settings.")]
OnlyDead = Annotated[bool, typer.Option("--dead", help="Only dead letters, with --all.")]


@webhooks.command("list", epilog=examples("webhooks list"))
def list_(
    destination: Of = None,
    status: Annotated[
        Status | None, typer.Option(help="Only these. Without: those that wait and dead letters.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most, oldest first.")] = 100,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List what waits for webhooks and what was given up, oldest first."""
    request = {"destination": destination, "status": None if status is None else status.value, "limit": limit}
    found: list[dict[str, Any]] = perform_here(data_dir, "webhooks.list", request)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif not found:
        typer.echo("Nothing waits and nothing was given up." if status is None else f"Nothing is {status.value}.")
    else:
        head = ("ID", "DESTINATION", "RUN", "SEQ", "TYPE", "STATUS", "TRIES", "NEXT", "ERROR")
        typer.echo(table(head, [_row(one) for one in found]))


@webhooks.command("retry", epilog=examples("webhooks retry"))
def retry(
    delivery: Which = None,
    everything: Everything = False,
    destination: Of = None,
    dead: OnlyDead = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Try again now, for another three days: one delivery, or all of a destination that wait or were given up."""
    _change(
        "webhooks.retry",
        "tried again",
        delivery,
        everything,
        destination,
        dead=dead,
        data_dir=data_dir,
        as_json=as_json,
    )


@webhooks.command("drop", epilog=examples("webhooks drop"))
def drop(
    delivery: Which = None,
    everything: Everything = False,
    destination: Of = None,
    dead: OnlyDead = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Forget without sending: one delivery, or all of a destination that wait or were given up."""
    _change(
        "webhooks.drop", "dropped", delivery, everything, destination, dead=dead, data_dir=data_dir, as_json=as_json
    )


def _change(
    operation: str,
    done_so: str,
    delivery: str | None,
    everything: bool,
    destination: str | None,
    *,
    dead: bool,
    data_dir: DataDir,
    as_json: bool,
) -> None:
    if (delivery is None) is not everything or everything is (destination is None) or (dead and not everything):
        raise typer.BadParameter("give one DELIVERY, or --all --destination NAME (and --dead for its dead letters)")
    request = {"delivery": delivery, "destination": destination, "only_dead": dead}
    done: dict[str, Any] = perform_here(data_dir, operation, request)
    what = "1 delivery is" if done["count"] == 1 else f"{done['count']} deliveries are"
    typer.echo(json.dumps(done, indent=2) if as_json else f"{what} {done_so}.")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["id"],
        one["destination"],
        one["run"] or "-",
        str(one["seq"]),
        one["type"] or one["topic"],
        one["status"],
        str(one["attempts"]),
        (one["next_at"] or "-")[:19],
        one["error"] or "-",
    )
