"""`ompycord archive`: the files in which events of old runs and old rows of the record lie; see `store/archive/`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir
from ompycord.cli.tables import table
from ompycord.cli.upkeep.backup import Folder, KeyFileOption, backup_places

if TYPE_CHECKING:
    from ompycord.app.data_folder import DataFolder

__all__ = ["archive"]

_MIB: Final = 1_048_576

archive = typer.Typer(
    name="archive",
    help="Files with events of old runs and old rows of the record: list, restore.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@archive.command("list", epilog=examples("archive list"))
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List them with their state, reading every byte. Exit code 1 where one is missing or damaged."""
    _, data, _ = backup_places(data_dir, None, None)
    found = _found(data)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    elif not found:
        typer.echo("There is none: all is in the database.")
    else:
        rows = [(one["what"], one["of"], f"{one['size'] / _MIB:,.1f} MiB", one["state"], one["file"]) for one in found]
        typer.echo(table(("WHAT", "OF", "SIZE", "STATE", "FILE"), rows))
    if _wrong(found):
        if not as_json:
            typer.echo("Bring back what is missing or damaged: `ompycord archive restore`.")
        raise typer.Exit(1)


@archive.command("restore", epilog=examples("archive restore"))
def restore(
    folder: Folder = None,
    key_file: KeyFileOption = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Bring missing and damaged ones back from backups, also while Ompycord runs. Exit code 1 where one is lost."""
    from ompycord.backup.contents import bring_back

    _, data, place = backup_places(data_dir, folder, key_file)
    artifacts = data.path / "artifacts"
    done = [(one, bring_back(place, artifacts, Path(one["file"]).name)) for one in _wrong(_found(data))]
    if as_json:
        typer.echo(json.dumps([{**one, "from": name} for one, name in done], indent=2))
    else:
        for one, name in done:
            came = f"back from {name}." if name else f"in no backup of {place.path}: try another with --folder."
            typer.echo(f"{one['what']} of {one['of']}: {came}")
        if not done:
            typer.echo("Every file is there and whole.")
    if any(name is None for _, name in done):
        raise typer.Exit(1)


def _wrong(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in found if one["state"] != "present"]


def _found(data: "DataFolder") -> list[dict[str, Any]]:
    from ompycord.store.archive.listing import archived_files, record_files

    events = [
        {**_facts("events", one.archived.month, one.archived.sha256, one.archived.size, one.state.value),
         "runs": one.archived.runs, "events": one.archived.events}
        for one in archived_files(data.path, data.database)
    ]  # fmt: skip
    record = [
        _facts("record", one.file.words, one.file.sha256, one.file.size, one.state.value)
        for one in record_files(data.path, data.database)
    ]
    return [*events, *record]


def _facts(what: str, of: str, sha256: str, size: int, state: str) -> dict[str, Any]:
    return {"what": what, "of": of, "size": size, "state": state, "file": f"artifacts/{sha256[:2]}/{sha256}"}
