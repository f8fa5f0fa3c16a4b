"""`ompycord secret`: what agents ask for, given without being shown, or refused.

Counterpart of `app/secret_requests/operations.py`.
"""

import getpass
import json
import sys
from typing import Annotated, Any, Final

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here
from ompycord.errors import RefusedInWords

__all__ = ["secret"]

secret = typer.Typer(
    name="secret",
    help="Secrets that agents ask for: list, give, refuse.",
    no_args_is_help=True,
    cls=GroupedCommands,
)

Run = Annotated[str, typer.Argument(help="The run: the last characters of its id.")]
Name = Annotated[str, typer.Argument(help="The secret, by the name that the agent asks for.")]
Host = Annotated[
    str | None, typer.Option("--host", help="A host of attached_secrets, whose requests get it in place of the agent.")
]

_MOST_BYTES: Final = 64 * 1024
"""More than any secret has; the running process says how long one may be."""


@secret.command("list", epilog=examples("secret list"))
def list_secrets(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the secrets that agents wait for, and why."""
    found: dict[str, Any] = perform_here(data_dir, "secrets.list", {})
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    if not found["secrets"]:
        typer.echo("No agent waits for a secret.")
    for one in found["secrets"]:
        where = f" in {one['repository']}" if one["repository"] else ""
        typer.echo(f"{one['run']} {one['name']}: {one['agent'] or 'an agent'}{where}, {one['title']!r}")
        typer.echo(f"    {one['text']}")
        typer.echo(f"    ompycord secret give {one['run']} {one['name']}")
        for host in one["hosts"]:
            typer.echo(f"    ompycord secret give {one['run']} {one['name']} --host {host}")


@secret.command("give", epilog=examples("secret give"))
def give(run: Run, name: Name, host: Host = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Give a secret to one start of the agent: typed without being shown, or from standard input.

    It is no argument, since other programs of this machine see those. With `--host` the agent does not get it:
    Ompycord's proxy adds it to requests to that host.
    """
    if sys.stdin.isatty():
        _show_request(run, name, perform_here(data_dir, "secrets.list", {}))
    arguments = {"run": run, "name": name, "host": host, "value": _value(name), "by": getpass.getuser()}
    reach = "One start of the agent gets it" if host is None else f"Requests to {host} get it, and the agent does not"
    done = f"Given. {reach}; nothing shows it."
    _print(perform_here(data_dir, "secrets.give", arguments), as_json=as_json, done=done)


@secret.command("refuse", epilog=examples("secret refuse"))
def refuse(run: Run, name: Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Refuse a secret: the agent goes on without it."""
    arguments = {"run": run, "name": name, "by": getpass.getuser()}
    done = "Refused. The agent goes on without it."
    _print(perform_here(data_dir, "secrets.refuse", arguments), as_json=as_json, done=done)


def _show_request(run: str, name: str, found: dict[str, Any]) -> None:
    """Show what is asked before anything is typed. Raises RefusedInWords where nothing is."""
    for one in found["secrets"]:
        if run.lower().endswith(one["run"]) and one["name"] == name:
            typer.echo(f"{one['agent'] or 'An agent'} asks, in {one['title']!r}. {one['text']}")
            return
    raise RefusedInWords(f"Run {run.lower()} waits for no secret called {name}. `ompycord secret list` names them.")


def _value(name: str) -> str:
    """What was typed or piped, without the line break at its end. Raises RefusedInWords."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{name} (not shown): ")
    raw = sys.stdin.buffer.read(_MOST_BYTES + 1)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise RefusedInWords("Standard input is no UTF-8 text. Nothing was given.") from None
    if len(raw) > _MOST_BYTES:
        raise RefusedInWords("Standard input is longer than any secret may be. Nothing was given.")
    return text.removesuffix("\n").removesuffix("\r")


def _print(found: dict[str, Any], *, as_json: bool, done: str) -> None:
    first = found["earlier"]
    text = done if first is None else f"{first['by']} decided before: {first['action']}. Nothing was changed."
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else text)
