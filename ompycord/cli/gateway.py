"""`ompycord gateway`: the model gateway's streams, its stop, and its start again.

Counterpart of `app/models/operations.py`.
"""

import json
from typing import Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here
from ompycord.domain.ids import short_id
from ompycord.render.phrases import clock, money

__all__ = ["gateway"]

gateway = typer.Typer(
    name="gateway",
    help="Look at the model gateway, and stop it: status, stop, resume.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@gateway.command("status", epilog=examples("gateway status"))
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show how many model requests are under way, what they cost, which providers rest, and what was refused."""
    found: dict[str, Any] = perform_here(data_dir, "gateway.status", {})
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    providers = ", ".join(found["providers"]) or "none is configured"
    spent = money(found["usd_of_last_minute"])
    typer.echo(f"Providers: {providers}. Requests under way: {found['streams']}. Spent in the last minute: {spent}.")
    if found["is_stopped"]:
        typer.echo("All models are stopped. `ompycord gateway resume` allows them again.")
    for one in found["resting"]:
        until = clock(one["until"])
        typer.echo(f"{one['provider']} is not asked for {one['model']} until {until}: it failed five times in a row.")
    for one in reversed(found["refused"]):
        typer.echo(
            f"Refused at {clock(one['at'])}, run {short_id(one['run'])}: {one['words'].removeprefix('Ompycord: ')}"
        )


@gateway.command("stop", epilog=examples("gateway stop"))
def stop(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End every model request at once and forward none, until `resume`."""
    found: dict[str, Any] = perform_here(data_dir, "gateway.stop", {})
    words = (
        f"All models are stopped; {found['ended']} requests were ended. `ompycord gateway resume` allows them again."
    )
    typer.echo(json.dumps(found, indent=2) if as_json else words)


@gateway.command("resume", epilog=examples("gateway resume"))
def resume(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Forward model requests again."""
    found: dict[str, Any] = perform_here(data_dir, "gateway.resume", {})
    words = "Models are asked again." if found["was_stopped"] else "Nothing was stopped."
    typer.echo(json.dumps(found, indent=2) if as_json else words)
