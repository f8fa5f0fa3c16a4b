"""`ompycord run`, `ask` and `resume`: a run followed at the terminal; counterpart of `app/terminal/session.py`."""

import getpass
import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ompycord.cli.places import AsJson, DataDir, settings_of

__all__ = ["ask", "resume", "run"]

_STANDS_STILL = 5
"""What a program is told that asks for an end that there is not: the run was left at work."""
Mode = Annotated[str | None, typer.Option(help="How much is verified: fast, standard, full.")]
Complexity = Annotated[
    Literal["low", "medium", "high"] | None, typer.Option(help="Another spelling of --mode: fast, standard, full.")
]
_MODES = {"low": "fast", "medium": "standard", "high": "full"}


def run(
    prompt: Annotated[str | None, typer.Argument(help="What should be done.", show_default=False)] = None,
    repository: Annotated[str | None, typer.Option(help="Where; the only one if left out.")] = None,
    agent: Annotated[str | None, typer.Option(help="Who; the first that may work there if left out.")] = None,
    mode: Mode = None,
    complexity: Complexity = None,
    branch: Annotated[str | None, typer.Option(help="The branch to start from.")] = None,
    budget: Annotated[float | None, typer.Option(min=0.01, help="US dollars that it may cost.")] = None,
    model: Annotated[str | None, typer.Option(help="The agent's model.")] = None,
    done_when: Annotated[str | None, typer.Option(help="When it is done, in words for the agent.")] = None,
    preset: Annotated[str | None, typer.Option(help="A named task preset of ompycord.yml (task_presets).")] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Keep what its agent asks models, for `ompycord replay`.")
    ] = False,
    refine: Annotated[
        bool, typer.Option("--refine", help="Let models refine the task first: draft, critique, final text.")
    ] = False,
    like: Annotated[str | None, typer.Option(help="Repeat the task of this run; other options change it.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Only start it; the running Ompycord goes on.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Run a task and follow it here, with the running Ompycord or without one.

    Exit 0: verified. 3: not verified, 4: a part, 5: failed, 6: suspended, 7: cancelled.
    """
    if mode is not None and complexity is not None:
        raise typer.BadParameter("give --mode or --complexity, not both")
    given = {
        "prompt": prompt,
        "repository": repository,
        "agent": agent,
        "mode": _MODES[complexity] if complexity is not None else mode,
        "branch": branch,
        "budget_usd": budget,
        "model": model,
        "done_when": done_when,
        "record": record or None,
        "refine": refine or None,
        "like": like,
        "preset": preset,
    }
    arguments = {name: value for name, value in given.items() if value is not None}
    _follow("runs.start", arguments, data_dir, as_json=as_json, is_detached=detach)


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    repository: Annotated[str | None, typer.Option(help="Where; the only one if left out.")] = None,
    agent: Annotated[str | None, typer.Option(help="Who; the first that may work there if left out.")] = None,
    model: Annotated[str | None, typer.Option(help="The agent's model.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Ask about the code: an answer with links to lines, each opened; nothing is changed.

    Exit 0: answered. Others as of `ompycord run`.
    """
    given = {"prompt": question, "repository": repository, "agent": agent, "model": model, "mode": "ask"}
    arguments = {name: value for name, value in given.items() if value is not None}
    _follow("runs.start", arguments, data_dir, as_json=as_json, is_detached=False)


def resume(
    run: Annotated[str | None, typer.Option("--id", help="The run; the last one if left out.")] = None,
    from_round: Annotated[
        int | None, typer.Option("--from", min=1, help="Put the work back to how it stood after this round first.")
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Only resume it; the running Ompycord goes on.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Resume a suspended run and follow it here. The exit codes are those of `ompycord run`.

    `ompycord report` lists the rounds.
    """
    given = {"run": run, "round": from_round}
    arguments = {name: value for name, value in given.items() if value is not None}
    _follow("runs.resume", arguments, data_dir, as_json=as_json, is_detached=detach)


def _follow(
    operation: str, arguments: dict[str, Any], data_dir: Path | None, *, as_json: bool, is_detached: bool
) -> None:
    from ompycord.app.terminal.session import follow
    from ompycord.cli.following.live_story import LiveStory, end_lines

    settings = settings_of(data_dir)
    named = {**arguments, "by": getpass.getuser()}
    with LiveStory(is_quiet=as_json) as live:
        story = follow(settings, os.environ, operation, named, show=live.show, is_detached=is_detached)
    if as_json:
        typer.echo(json.dumps(story, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(end_lines(story)))
    code = story["exit_code"]
    raise typer.Exit(0 if is_detached else _STANDS_STILL if code is None else code)
