"""`ompycord conformance NAME`: the contract of agents, rule by rule, on one that is configured.

Counterpart of `app/conformance.py`.
"""

import asyncio
import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from ompycord.cli.places import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from ompycord.app.conformance import RuleVerdict

__all__ = ["conformance"]

MARKS = {True: "[green]kept[/green]", False: "[red]broken[/red]"}


def conformance(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An agent, as `ompycord.yml` names it.")],
    quick: Annotated[
        str | None, typer.Option(help="What to tell it, for work that it ends by itself.", show_default=False)
    ] = None,
    long: Annotated[
        str | None, typer.Option(help="What to tell it, for work that takes it minutes.", show_default=False)
    ] = None,
    wait: Annotated[float, typer.Option(min=1, max=3600, help="Seconds that one start of it may take.")] = 120.0,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Try whether an agent keeps what Ompycord relies on, and print a table: rule, verdict, why.

    Exit 0: it keeps every rule.

    It is started a dozen times in an empty repository, confined as this machine can, and asked for next to nothing;
    what its model costs it costs. Nothing of your repositories is touched.
    """
    from rich.console import Console
    from rich.markup import escape

    from ompycord.app.conformance import LONG, QUICK, Prompts, try_agent
    from ompycord.cli.tables import table

    console = Console(highlight=False, soft_wrap=True)

    def begin(number: int, count: int, rule: str) -> None:
        if not as_json:
            typer.echo(f"{number} of {count}: {rule} …", err=True)

    def report(verdict: "RuleVerdict") -> None:
        if not as_json and console.is_terminal:
            console.print(f"{MARKS[verdict.kept]}  {escape(verdict.rule)}")

    prompts = Prompts(quick=quick or QUICK, long=long or LONG)
    call = try_agent(
        settings_of(data_dir), name, environ=os.environ, prompts=prompts, wait_s=wait, begin=begin, report=report
    )
    verdicts, level = asyncio.run(call)
    broken = [verdict for verdict in verdicts if not verdict.kept]
    if as_json:
        body = {"agent": name, "ok": not broken, "confinement": level, "rules": [one.model_dump() for one in verdicts]}
        typer.echo(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        rows = [(one.rule, "kept" if one.kept else "broken", " ".join(one.why.split())) for one in verdicts]
        typer.echo(table(("RULE", "VERDICT", "WHY"), rows))
        typer.echo(f"\n{name} passes {len(verdicts) - len(broken)} of {len(verdicts)} checks. Sandbox here: {level}.")
    raise typer.Exit(1 if broken else 0)
