"""`ompycord gateway`: the model gateway's streams, its stop, its start again; `ompycord providers`: whom it asks.

Counterparts: `app/models/operations.py`, and `app/models/key_import.py`, which works out what an import writes.
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here, settings_of
from ompycord.domain.ids import short_id
from ompycord.render.phrases import clock, money

__all__ = ["gateway", "providers"]

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


providers = typer.Typer(
    name="providers",
    help="See who is asked for models, and move the keys of agents there: list, import.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@providers.command("list", epilog=examples("providers list"))
def list_providers(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the providers of the settings in their order, with how many keys each has."""
    from ompycord.app.wiring.models import keys_of

    settings = settings_of(data_dir)
    secrets = settings.data_dir.expanduser() / "secrets"
    rows: list[dict[str, Any]] = [
        {
            "name": spec.name, "kind": spec.kind, "address": spec.address, "dialects": [*map(str, spec.spoken)],
            "models": list(spec.models), "keys": len(keys_of(spec, secrets)),
        }
        for spec in settings.providers.values()
    ]  # fmt: skip
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        models = ", ".join(row["models"]) or "every model"
        keys = f"{row['keys']} key{'' if row['keys'] == 1 else 's'}"
        typer.echo(f"{row['name']} ({row['kind']}, {row['address']}): {models}; {keys}")
    if not rows:
        typer.echo("No providers are configured: agents ask their models themselves.")


@providers.command("import", epilog=examples("providers import"))
def import_keys(
    data_dir: DataDir = None,
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take the keys out of agents' grants and env, into secrets/provider_NAME and the section providers."""
    from ompycord.app.models.key_files import keep_keys
    from ompycord.app.models.key_import import Imported, imported
    from ompycord.files import replace_file
    from ompycord.settings import config_file
    from ompycord.settings.written_files import read_dotenv

    settings = settings_of(data_dir)
    dotenv = read_dotenv(Path.cwd() / ".env")
    file = config_file(os.environ, dotenv, Path.cwd())
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    found = imported(text, {**dotenv, **os.environ}) if text.strip() else Imported(text, {}, ())
    if not is_dry and found.keys:
        for name, keys in found.keys.items():
            keep_keys(settings.data_dir, name, keys)
        replace_file(file.with_name(f"{file.name}.before"), text)
        replace_file(file, found.text, mode=file.stat().st_mode & 0o777)
    if as_json:
        rows = [one.model_dump(mode="json") for one in found.moved]
        typer.echo(json.dumps({"moved": rows, "is_dry": is_dry}, indent=2))
        return
    for one in found.moved:
        to = f"to providers.{one.provider}" if one.provider else f"stays. {one.remedy}"
        typer.echo(f"{one.variable} of {one.agent}: {to}")
    if not found.moved:
        typer.echo("No agent holds a key.")
    elif found.keys and not is_dry:
        typer.echo(f"{file.name} is changed; the former one is {file.name}.before. Start Ompycord again.")
