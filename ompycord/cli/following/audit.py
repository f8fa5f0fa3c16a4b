"""`ompycord audit`: the record of what people did: checked, exported, explained; see `app/auditing/operations.py`."""

import csv
import getpass
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here, settings_of

__all__ = ["audit"]

audit = typer.Typer(
    name="audit",
    help="The record of what people did: verify, export, explain, anchor, accept, cut.",
    no_args_is_help=True,
    cls=GroupedCommands,
)

_PAGE = 1000
_COLUMNS = ("n", "time", "actor", "action", "subject", "detail", "previous", "hash")


@audit.command("verify", epilog=examples("audit verify"))
def verify(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check every row and every anchor. Exit code 1: something was changed or is missing; 69: it was not checked."""
    from ompycord.errors import StorageError, UnavailableError

    try:
        found: dict[str, Any] = perform_here(data_dir, "audit.verify", _anchors(data_dir))
    except StorageError as error:
        raise UnavailableError(f"The record could not be checked: {error}") from None
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        raise typer.Exit(0 if found["whole"] else 1)
    for fault in found["faults"]:
        confirmed = f" Confirmed: {fault['reason']}" if fault["reason"] is not None else ""
        typer.echo(f"{fault['text']}{confirmed}", err=fault["reason"] is None)
    if "anchor_fault" in found:
        typer.echo(f"The anchors were changed: {found['anchor_fault']}.", err=True)
    if not found["whole"]:
        raise typer.Exit(1)
    anchors = "no anchors are set up, so a cut end is not noticed"
    if found["anchors"] is not None:
        anchors = f"{found['anchors']} anchors agree"
    moved = f", {found['in_files']} of them in files" if found["in_files"] else ""
    moved += f", without rows up to {found['cut_through']}, whose files are gone" if found["cut_through"] else ""
    known = f", {found['erased']} of them without a person who was erased" if found["erased"] else ""
    typer.echo(f"Whole: {found['rows']} rows{moved}{known}, {anchors}. Last hash: {found['last_hash']}")


def _anchors(data_dir: Path | None) -> dict[str, Any]:
    """Where the anchors are, for a process that works on the data folder alone."""
    file = settings_of(data_dir).audit.anchor_file
    return {"anchor_file": None if file is None else str(file)}


@audit.command("export", epilog=examples("audit export"))
def export(
    output: Annotated[Path | None, typer.Option(help="The file; left out, it is printed.", metavar="PATH")] = None,
    after: Annotated[int, typer.Option(help="Only rows behind this number.", min=0)] = 0,
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format", help="jsonl or csv.")] = "jsonl",
    data_dir: DataDir = None,
) -> None:
    """Write every row, with its hashes, for another system or a second check."""
    if output is None:
        _write(_rows(data_dir, after), form, sys.stdout)
        return
    with output.open("w", encoding="utf-8", newline="") as out:
        count = _write(_rows(data_dir, after), form, out)
    typer.echo(f"{count} rows are in {output}.")


def _rows(data_dir: Path | None, after: int) -> Iterator[dict[str, Any]]:
    while page := perform_here(data_dir, "audit.rows", {"after": after, "limit": _PAGE}):
        yield from page
        after = page[-1]["n"]


def _write(rows: Iterator[dict[str, Any]], form: str, out: Any) -> int:
    count = 0
    table = csv.writer(out) if form == "csv" else None
    if table is not None:
        table.writerow(_COLUMNS)
    for row in rows:
        count += 1
        if table is not None:
            table.writerow([_sanitized(row[name]) for name in _COLUMNS])
        else:
            out.write(f"{json.dumps(row, ensure_ascii=False)}\n")
    return count


def _sanitized(value: object) -> object:
    """A text that a table does not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


@audit.command("explain", epilog=examples("audit explain"))
def explain(
    run: Annotated[str, typer.Argument(help="A run by the end of its id, or the address of its pull request.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Tell who asked for a run, who allowed what, what its agent ran, which checks ran and what it cost."""
    found: dict[str, Any] = perform_here(data_dir, "audit.explain", {"run": run})
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(found["lines"]))


@audit.command("cut", epilog=examples("audit cut"))
def cut(
    before: Annotated[
        str | None,
        typer.Option(help="Rows before this day (UTC) move; left out, what `audit.keep_days` says.", metavar="DATE"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many rows would move.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Move old rows out of the database into files; a signed row says so, and the record still verifies."""
    by = getpass.getuser()[:64] or "command line"
    arguments = {"before": _before(before, data_dir), "dry_run": dry_run, "by": by, **_anchors(data_dir)}
    found: dict[str, Any] = perform_here(data_dir, "audit.cut", arguments)
    rows = f"{found['rows']} row{'' if found['rows'] == 1 else 's'}"
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    elif not found["rows"]:
        typer.echo("No row is that old.")
    elif dry_run:
        typer.echo(f"{rows} would move. Run it without --dry-run to move them.")
    else:
        files = "a file" if found["files"] == 1 else f"{found['files']} files"
        typer.echo(f"{rows}, up to row {found['through']}, moved into {files}. `ompycord audit export` still has them.")
        if found["not_anchored"]:
            typer.echo(f"No anchor was added: {found['not_anchored']} Then: ompycord audit anchor", err=True)


def _before(day: str | None, data_dir: Path | None) -> int:
    """The moment that a day begins, or that the settings name, in milliseconds."""
    from datetime import UTC, datetime, timedelta

    from ompycord.errors import RefusedInWords

    if day is None:
        days = settings_of(data_dir).audit.keep_days
        if days is None:
            raise RefusedInWords("Say up to when: `--before 2026-01-31`, or set `audit: {keep_days: 365}`.")
        return round((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1000)
    try:
        return round(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise RefusedInWords(f"`{day[:40]}` is no day. Write it as in `--before 2026-01-31`.") from None


@audit.command("anchor", epilog=examples("audit anchor"))
def anchor(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Add the signed end of the record to the file of the settings now."""
    found: dict[str, Any] = perform_here(data_dir, "audit.anchor", _anchors(data_dir))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    elif found["row"] is None:
        typer.echo("The last row has an anchor already.")
    else:
        typer.echo(f"Row {found['row']} is anchored in {found['file']}.")


@audit.command("accept", epilog=examples("audit accept"))
def accept(
    row: Annotated[int, typer.Argument(help="The number of the row that `verify` names.", min=1)],
    reason: Annotated[str, typer.Option(help="Why it is broken, for whoever reads the record.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Confirm a break, such as a disk's: it stays shown with the reason, and the record counts as whole behind it."""
    by = getpass.getuser()[:64] or "command line"
    arguments = {"row": row, "reason": reason, "by": by, **_anchors(data_dir)}
    found: dict[str, Any] = perform_here(data_dir, "audit.accept", arguments)
    typer.echo(json.dumps(found, indent=2) if as_json else f"Confirmed: {found['what']}")
