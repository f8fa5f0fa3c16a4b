"""`ompycord memory`: look after what is remembered; see `app/remembering/operations.py`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here
from ompycord.cli.tables import table

__all__ = ["memory"]

memory = typer.Typer(
    name="memory",
    help="Look after what is remembered of earlier work: reindex, eval.",
    no_args_is_help=True,
    cls=GroupedCommands,
)


@memory.callback()
def _group() -> None:
    """Look after what is remembered of earlier work."""


@memory.command("reindex", epilog=examples("memory reindex"))
def reindex(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Make the index of all words again, while runs go on, and compare it with the items."""
    done: dict[str, Any] = perform_here(data_dir, "memory.reindex", {})
    if as_json:
        typer.echo(json.dumps(done))
        return
    found = "The index was whole" if done["was_whole"] else "The index did not match its items"
    typer.echo(f"{found}; it was made again of {done['items']} items.")


@memory.command("eval", epilog=examples("memory eval"))
def evaluate(
    repo: Annotated[Path, typer.Option("--repo", help="A git repository with a changelog.", metavar="PATH")],
    commits: Annotated[int, typer.Option(min=50, max=20_000, help="How much of its history: the last commits.")] = 2000,
    until: Annotated[str, typer.Option(help="The last commit that counts.", metavar="COMMIT")] = "HEAD",
    as_json: AsJson = False,
) -> None:
    """Measure how well things are found in the history of your repository, beside a plain search.

    Its commits are remembered, the entries of its changelog are asked. Nothing of it is kept.
    """
    from ompycord.app.remembering.evaluation import evaluate as evaluated

    found = evaluated(repo, commits, until)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    names = ("recall_at_1", "recall_at_5", "recall_at_10", "reciprocal_rank")
    rows = [("memory", *(f"{found[name]:.3f}" for name in names), f"{found['search_ms']:.1f} ms")]
    rows.append(("plain search", *(f"{found['plain'][name]:.3f}" for name in names), f"{found['plain_ms']:.1f} ms"))
    typer.echo(f"{found['questions']} questions about {found['commits']} commits; shares of those that are answered:")
    typer.echo(table(("", "IN 1", "IN 5", "IN 10", "MRR", "P95"), rows))
    typer.echo(f"In the first five: {found['recall_gain_points']:+.1f} points over the plain search.")
