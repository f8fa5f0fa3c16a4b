"""`ompycord runs`: which runs there are, and one in full; counterpart of `app/run_views.py`."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ompycord.cli.places import AsJson, DataDir, note_if_nothing_runs, perform_here
from ompycord.cli.tables import table

if TYPE_CHECKING:
    from ompycord.render.run_view import RunFact

__all__ = ["runs"]

LATEST = 20
"""Events of one run that are printed; --json prints all that are kept."""


def runs(
    run: Annotated[
        str | None,
        typer.Argument(help="One run: the last characters of its id. Without it: a list.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also runs that are over.")] = False,
    repository: Annotated[str | None, typer.Option(help="Only those in this repository.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many at most, newest first.")] = 25,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first, or show one of them: its task and its latest events."""
    if run is not None:
        shown: dict[str, Any] = perform_here(data_dir, "runs.show", {"run": run})
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False) if as_json else _one(shown))
        if not shown["ended_at"]:
            note_if_nothing_runs(data_dir)
        return
    request = {"which": "all" if everything else "open", "repository": repository, "limit": limit}
    found: list[dict[str, Any]] = perform_here(data_dir, "runs.list", request)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif found:
        labels = [fact.label.upper() for fact in _facts()]
        head = ("RUN", *labels, "REPOSITORY", "AGENT", "SINCE")
        typer.echo(table(head, [_row(one) for one in found]))
        if not all(one["ended_at"] for one in found):
            note_if_nothing_runs(data_dir)
    else:
        typer.echo(
            "There are no runs yet." if everything else "No run is open. `ompycord runs --all` lists the others."
        )


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    texts = (*(text for _, text in _fact_texts(run)), run["repository"], run["agent"])
    return (run["run"], *(text or "-" for text in texts), run["created_at"][:16])


def _one(run: dict[str, Any]) -> str:
    head = [("run", run["run"]), ("id", run["id"]), ("state", _state(run)), ("kind", run["kind"])]
    head += [(name, run[name]) for name in ("name", "repository", "agent") if run[name]]
    head += [(label.lower(), text) for label, text in _fact_texts(run) if text]
    head += [(name, run[name]) for name in ("created_at", "ended_at") if run[name]]
    lines = [f"{name:<12}{_line(str(value))}" for name, value in head]
    lines += ["", *(run["prompt"] or "").splitlines()] if run["prompt"] else []
    latest = run["events"][-LATEST:]
    lines += ["", f"{len(latest)} of {run['events_total']} events, the latest last:"]
    return "\n".join([*lines, *(f"  {one['at'][:19]}  {one['source']:<10}  {one['type']}" for one in latest)])


def _state(run: dict[str, Any]) -> str:
    """`COMPLETE, no changes`: the state alone would read as success."""
    outcome: str | None = run.get("outcome")  # an older process that still runs does not have it
    return f"{run['state']}, {outcome.replace('_', ' ')}" if outcome else run["state"]


def _facts() -> "Sequence[RunFact]":
    from ompycord.render.run_view import Place, facts_at  # only here: other commands start without it

    return facts_at(Place.TABLE)


def _fact_texts(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Label and text of each; empty where it is not known, or where an older process that still runs lacks it."""
    return [(fact.label, _line(fact.words(run.get(fact.name)))) for fact in _facts()]


def _line(text: str | None) -> str:
    """What others sent, on one line and without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text or "")[:60]
