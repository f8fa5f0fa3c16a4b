"""`ompycord person`: what is kept of one person, written out or erased; see `app/team/person.py`."""

import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here, settings_of

__all__ = ["person"]

person = typer.Typer(
    name="person",
    help="What is kept of one person: export, erase.",
    no_args_is_help=True,
    cls=GroupedCommands,
)

Who = Annotated[str, typer.Argument(help="Their Discord id (Discord: Copy User ID).", metavar="ID")]


@person.command("export", epilog=examples("person export"))
def export(
    who: Who,
    output: Annotated[Path | None, typer.Option(help="The file; left out, it is printed.", metavar="PATH")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write out what is kept of a person, as JSON: their rows, files that name them, and where else to look."""
    found: dict[str, Any] = perform_here(data_dir, "person.export", _arguments(data_dir, who))
    text = json.dumps(found, indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
        return
    output.write_text(f"{text}\n", encoding="utf-8")
    typer.echo(f"{len(found['rows'])} rows are in {output}.")


@person.command("erase", epilog=examples("person erase"))
def erase(
    who: Who,
    is_sure: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    name: Annotated[
        list[str] | None,
        typer.Option(help="Another name of theirs, for an archive that came back later.", metavar="NAME"),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take a person out: name, words, settings, memories. Costs, counts and code stay. It cannot be undone."""
    if not is_sure:
        typer.confirm(f"Erase {who}? It cannot be undone.", abort=True)
    found: dict[str, Any] = perform_here(data_dir, "person.erase", {**_arguments(data_dir, who), "names": name or []})
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    typer.echo(
        f"Erased: {found['rows']} rows, {found['events']} events, {found['audit']} rows of the record, "
        f"{found['memory']} memories, {found['files']} files. They stand as {found['pseudonym']}."
    )
    typer.echo("Not reached:")
    for one in found["elsewhere"]:
        typer.echo(f"- {one}")


def _arguments(data_dir: Path | None, who: str) -> dict[str, Any]:
    backup = settings_of(data_dir).backup.model_dump(mode="json")
    return {"person": who, "by": getpass.getuser()[:64] or "command line", "backup": backup}
