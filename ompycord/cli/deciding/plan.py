"""`ompycord plan`: read the plan of a run in mode full, and decide on it; see `app/planning/operations.py`."""

import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ompycord.cli.grouped_help import GroupedCommands, examples
from ompycord.cli.places import AsJson, DataDir, perform_here

__all__ = ["plan"]

plan = typer.Typer(
    name="plan",
    help="Read a run's plan and decide on it: show, approve, change, reject.",
    no_args_is_help=True,
    cls=GroupedCommands,
)

Run = Annotated[str, typer.Argument(help="The run: the last characters of its id.")]
Hash = Annotated[
    str | None, typer.Option("--plan", help="The beginning of the hash of the plan that you read.", metavar="HASH")
]


@plan.command("show", epilog=examples("plan show"))
def show(run: Run, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the plan, and whether it waits for a decision."""
    found: dict[str, Any] = perform_here(data_dir, "plans.show", {"run": run})
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    latest = found["plans"][-1]
    typer.echo("\n".join(found["lines"]))
    waits = f"It waits for a decision: `ompycord plan approve {found['run']}`, `change` or `reject`."
    by = f" by {latest['by']}" if latest["by"] else ""
    typer.echo(f"\nplan {latest['hash'][:12]}: {latest['status']}{by}. {waits if found['waits'] else ''}".rstrip())


@plan.command("approve", epilog=examples("plan approve"))
def approve(run: Run, plan_hash: Hash = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Approve the plan that waits: the agent works by it."""
    _decide("plans.approve", run, plan_hash, "", data_dir, as_json=as_json, done="Approved. The agent works by it.")


@plan.command("change", epilog=examples("plan change"))
def change(
    run: Run,
    words: Annotated[str, typer.Argument(help="What should be different.")],
    plan_hash: Hash = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Send the plan back to its agent, which makes another."""
    done = f"Sent back. `ompycord plan show {run}` shows the next one."
    _decide("plans.change", run, plan_hash, words, data_dir, as_json=as_json, done=done)


@plan.command("reject", epilog=examples("plan reject"))
def reject(
    run: Run,
    reason: Annotated[str, typer.Option(help="Why, for the card.")] = "",
    plan_hash: Hash = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Reject the plan: the run is cancelled."""
    _decide("plans.reject", run, plan_hash, reason, data_dir, as_json=as_json, done="Rejected. The run is cancelled.")


def _decide(
    operation: str,
    run: str,
    plan_hash: str | None,
    words: str,
    data_dir: Path | None,
    *,
    as_json: bool,
    done: str,
) -> None:
    arguments = {"run": run, "words": words, "by": getpass.getuser()}
    named = {} if plan_hash is None else {"plan": plan_hash}
    found: dict[str, Any] = perform_here(data_dir, operation, {**arguments, **named})
    first = found["earlier"]
    text = done if first is None else f"{first['by']} decided before: {first['action']}. Nothing was changed."
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else text)
