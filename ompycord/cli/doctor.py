"""`ompycord doctor`: what is right, what is wrong and how to fix it, a line each; counterpart of `app/doctor`."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ompycord.cli.places import AsJson, DataDir

if TYPE_CHECKING:
    from ompycord.app.findings import Finding

__all__ = ["doctor", "print_findings"]

MARKS = {"ok": "[green]✓[/green]", "warn": "[yellow]![/yellow]", "fail": "[red]✗[/red]"}


def doctor(
    production: Annotated[
        bool, typer.Option("--production", help="Also what a machine that others rely on needs.")
    ] = False,
    repository: Annotated[
        str | None, typer.Option("--repository", help="Only what a run in this repository needs, line by line.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Check this machine, the configuration and Discord; report problems and fixes. Changes nothing.

    Exit 0: nothing is wrong (there may be warnings). Exit 1: something is.
    """
    from ompycord.app.doctor import examine, examine_repository

    overrides: dict[str, object] = {} if data_dir is None else {"data_dir": data_dir}
    here = Path.cwd()
    if repository is None:
        found = asyncio.run(examine(environ=os.environ, folder=here, overrides=overrides, is_production=production))
    else:
        found = asyncio.run(examine_repository(repository, environ=os.environ, folder=here, overrides=overrides))
    wrong = [finding for finding in found if finding.status == "fail"]
    if as_json:
        body = {"ok": not wrong, "findings": [finding.model_dump() for finding in found]}
        typer.echo(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        print_findings(found)
        typer.echo(f"\n{_sum(found)}")
    raise typer.Exit(1 if wrong else 0)


def print_findings(found: Sequence["Finding"]) -> None:
    """Print a line each; the remedy is in the same line, so that `grep` finds both together."""
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False, soft_wrap=True)
    for finding in found:
        remedy = f" [bold]{escape(finding.remedy)}[/bold]" if finding.remedy else ""
        console.print(f"{MARKS[finding.status]} {escape(finding.name)}: {escape(finding.text)}{remedy}")


def _sum(found: Sequence["Finding"]) -> str:
    count = {status: sum(finding.status == status for finding in found) for status in MARKS}
    if count["fail"]:
        return f"{count['fail']} wrong, {count['warn']} to look at."
    return f"Nothing is wrong, {count['warn']} to look at." if count["warn"] else "Nothing is wrong."
