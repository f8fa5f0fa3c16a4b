"""`ompycord archive`: the files in which events of old runs lie; see `store/archive/`."""

import json
from typing import TYPE_CHECKING, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir
from ompycord.cli.tables import table
from ompycord.cli.upkeep.backup import Folder, KeyFileOption, backup_places

if TYPE_CHECKING:
    from ompycord.store.archive.moving import ArchivedFile

__all__ = ["archive"]

archive = typer.Typer(
    name="archive",
    help="Files with events of old runs: list, restore.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@archive.command("list", epilog=examples("archive list"))
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List them with their state, reading every byte. Exit code 1 where one is missing or damaged."""
    from ompycord.store.archive.listing import archived_files

    _, data, _ = backup_places(data_dir, None, None)
    found = archived_files(data.path, data.database)
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in found], indent=2))
    elif not found:
        typer.echo("There is none: all events are in the database.")
    else:
        head = ("MONTH", "RUNS", "EVENTS", "SIZE", "STATE", "FILE")
        typer.echo(table(head, [_row(one) for one in found]))
    if any(one.state != "present" for one in found):
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
    from ompycord.store.archive.listing import archived_files

    _, data, place = backup_places(data_dir, folder, key_file)
    found = archived_files(data.path, data.database)
    wanted = [one for one in found if one.state != "present"]
    done = [(one, bring_back(place, data.path / "artifacts", one.archived.sha256)) for one in wanted]
    if as_json:
        typer.echo(json.dumps([{**_facts(one), "from": name} for one, name in done], indent=2))
    else:
        for one, name in done:
            month, word = one.archived.month, one.archived.sha256[:12]
            came = f"back from {name}." if name else f"in no backup of {place.path}: try another with --folder."
            typer.echo(f"{month} ({word}): {came}")
        if not done:
            typer.echo("Every file is there and whole.")
    if any(name is None for _, name in done):
        raise typer.Exit(1)


def _facts(one: "ArchivedFile") -> dict[str, Any]:
    found = one.archived
    return {
        "month": found.month, "runs": found.runs, "events": found.events, "size": found.size,
        "state": one.state.value, "file": f"artifacts/{found.sha256[:2]}/{found.sha256}",
    }  # fmt: skip


def _row(one: "ArchivedFile") -> tuple[str, ...]:
    facts = _facts(one)
    size = f"{facts['size'] / 1_048_576:,.1f} MiB"
    return (facts["month"], str(facts["runs"]), str(facts["events"]), size, facts["state"], facts["file"])
