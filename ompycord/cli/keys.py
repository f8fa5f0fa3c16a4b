"""`ompycord keys`: who may send events.

Counterpart of `app/access_keys/keys.py`, which does the work, here or in the running process.
"""

import json
import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here
from ompycord.cli.tables import table
from ompycord.domain.records import Scope

__all__ = ["keys"]

keys = typer.Typer(
    name="keys",
    help="Make, list, revoke and rotate the keys that may send events.",
    no_args_is_help=True,
    cls=GroupedCommands,
)

_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Kind(StrEnum):
    """The kind of a key."""

    BEARER = "bearer"
    HMAC = "hmac"


class KeyScope(StrEnum):
    """The scopes that a key of a client can have (`records.CLIENT_SCOPES`): a run gets its key for MCP by itself."""

    EVENTS_WRITE = Scope.EVENTS_WRITE
    RUNS_CREATE = Scope.RUNS_CREATE
    RUNS_READ = Scope.RUNS_READ
    STATUS_READ = Scope.STATUS_READ
    METRICS_READ = Scope.METRICS_READ
    TRIGGERS_FIRE = Scope.TRIGGERS_FIRE


def seconds(text: str) -> int:
    """A duration such as `30d`, `12h`, `90m`, `0s`. Raises BadParameter."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise typer.BadParameter("a duration is a number and s, m, h, d or w: 30d, 12h")
    return int(match[1]) * _UNITS[match[2]]


Which = Annotated[str, typer.Argument(metavar="KEY", help="The key's id or its name.")]


@keys.command("add", epilog=examples("keys add"))
def add(
    name: Annotated[str, typer.Argument(help="What you call it: who sends with it.")],
    kind: Annotated[Kind, typer.Option(help="bearer: sent with each request. hmac: signs each request.")] = Kind.BEARER,
    scope: Annotated[
        list[KeyScope] | None,
        typer.Option(help="What it may do; repeat for several. Without: events:write, runs:create."),
    ] = None,
    channel: Annotated[str | None, typer.Option(help="The Discord channel (id) where its runs are shown.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="The Discord user (id) whose key it is: its runs call them, and they may answer.")
    ] = None,
    expires: Annotated[
        int | None, typer.Option(parser=seconds, metavar="DURATION", help="When it ends by itself: 30d, 12h.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. Its secret is shown once. A running Ompycord accepts it immediately."""
    request: dict[str, Any] = {
        "name": name,
        "kind": kind.value,
        "channel": channel,
        "owner": owner,
        "lifetime_s": expires,
    }
    if scope:
        request["scopes"] = sorted({one.value for one in scope})
    _show_made(perform_here(data_dir, "keys.add", request), as_json=as_json)


@keys.command("list", epilog=examples("keys list"))
def list_(
    runs: Annotated[bool, typer.Option("--runs", help="Also the keys that runs were given.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the keys, never their secrets."""
    found: list[dict[str, Any]] = perform_here(data_dir, "keys.list", {"with_runs": runs})
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    elif not found:
        typer.echo("There are no keys. Make one: ompycord keys add NAME")
    else:
        rows = [
            (one["id"], one["name"], one["kind"], one["state"], _end(one), " ".join(one["scopes"])) for one in found
        ]
        typer.echo(table(("ID", "NAME", "KIND", "STATE", "ENDS", "SCOPES"), rows))


@keys.command("revoke", epilog=examples("keys revoke"))
def revoke(key: Which, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a key now; by its name every key of that name. A running Ompycord refuses it from this moment on."""
    ended: list[dict[str, Any]] = perform_here(data_dir, "keys.revoke", {"key": key})
    if as_json:
        typer.echo(json.dumps(ended, indent=2))
        return
    for one in ended:
        typer.echo(f"Key {one['id']} ({one['name']}) is revoked.")


@keys.command("rotate", epilog=examples("keys rotate"))
def rotate(
    key: Which,
    overlap: Annotated[
        int, typer.Option(parser=seconds, metavar="DURATION", help="How long the old key still works; 0s ends it now.")
    ] = "24h",  # pyright: ignore[reportArgumentType]  # typer parses the default as it parses what is typed
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a successor with the same name and rights; the old key works on for the overlap."""
    _show_made(perform_here(data_dir, "keys.rotate", {"key": key, "overlap_s": overlap}), as_json=as_json)


def _show_made(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(made, indent=2))
        return
    key, old = made["key"], made.get("replaces")
    typer.echo(f"Key {key['id']} ({key['name']}), {key['kind']}: {' '.join(key['scopes'])}. Ends: {_end(key)}.")
    if old is not None and old["state"] == "revoked":
        typer.echo(f"The old key {old['id']} is revoked.")
    elif old is not None:
        typer.echo(f"The old key {old['id']} works until {_end(old)}.")
    typer.echo("Secret (shown once); set it as OMPYCORD_KEY where events are sent:")
    typer.echo(made["secret"])


def _end(key: dict[str, Any]) -> str:
    if key["expires_at"] is None:
        return "never"
    return datetime.fromisoformat(key["expires_at"]).strftime("%Y-%m-%d %H:%M UTC")
