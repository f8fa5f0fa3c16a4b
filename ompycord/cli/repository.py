"""`ompycord repository`: name a repository without writing its section by hand.

Counterpart of `app/repositories/`, which finds out and writes.
"""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples

__all__ = ["repository"]

repository = typer.Typer(
    name="repository",
    help="Name the repositories in which runs work.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@repository.callback()
def _group() -> None:
    """Name the repositories in which runs work."""


@repository.command("add", epilog=examples("repository add"))
def add(
    place: Annotated[str, typer.Argument(metavar="PATH_OR_ADDRESS", help="A folder here, or what git clones from.")],
    name: Annotated[str | None, typer.Option(help="Its name here (default: the last part).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the section and write nothing.")] = False,
) -> None:
    """Find a repository's languages, checks and set-up, write its section into ompycord.yml, and look whether it runs.

    Everything else in the file stays as it is. Exit 0: a run could start. Exit 1: something is missing, line by line.

    """
    from ompycord.app.doctor import examine_repository
    from ompycord.app.repositories.adding import add_repository
    from ompycord.app.wiring.work import git_of
    from ompycord.cli.doctor import print_findings

    here = Path.cwd()
    added = asyncio.run(
        add_repository(place, name=name, folder=here, environ=os.environ, git=git_of(os.environ), is_trial=dry_run)
    )
    typer.echo(f"Languages: {', '.join(added.detected.languages) or 'none that Ompycord knows'}")
    typer.echo(f"\n{'Would go' if dry_run else 'Written'} into {added.file.name}:\n\n{added.section}")
    for note in added.detected.notes:
        typer.echo(f"Look at: {note}")
    if dry_run:
        return
    found = asyncio.run(examine_repository(added.name, environ=os.environ, folder=here, overrides={}))
    print_findings(found)
    if any(finding.status == "fail" for finding in found):
        typer.echo(f"\n{added.name} is written, and a run cannot start yet. Fix that, then: ompycord doctor")
        raise typer.Exit(1)
    typer.echo(f"\n{added.name} is ready. A running Ompycord knows it after its next start.")
