"""`ompycord selftest`: one tick a line while it goes; counterpart of `app/selftest`, which walks the journey."""

import asyncio
import json
import os
from typing import TYPE_CHECKING

import typer

from ompycord.cli.places import AsJson

if TYPE_CHECKING:
    from ompycord.app.selftest import Tick

__all__ = ["selftest"]

MARKS = {"passed": "[green]✓[/green]", "failed": "[red]✗[/red]", "skipped": "[yellow]–[/yellow]"}


def selftest(as_json: AsJson = False) -> None:
    """Try the whole journey on this machine: in a temporary folder, on free ports, without Discord.

    Exit 0: it all works.

    It starts Ompycord and a local Discord, gives a task, answers a question, kills the process and starts it again.
    Nothing of your own configuration is read and nothing stays behind. About half a minute.
    """
    from rich.console import Console
    from rich.markup import escape

    from ompycord.app.selftest import TITLES, run_selftest

    console = Console(highlight=False, soft_wrap=True)
    ticks: list[Tick] = []

    def report(tick: "Tick") -> None:
        ticks.append(tick)
        if not as_json:
            console.print(f"{MARKS[tick.status]} {tick.title}  [dim]{escape(tick.text)}  {tick.seconds:.1f} s[/dim]")

    is_well = asyncio.run(run_selftest(environ=os.environ, report=report))
    if as_json:
        typer.echo(json.dumps({"ok": is_well, "steps": [tick.model_dump() for tick in ticks]}, ensure_ascii=False))
    elif is_well:
        console.print(f"\n{len(ticks)} of {len(TITLES)}: this machine runs Ompycord.")
    else:
        console.print(f"\nStopped at step {len(ticks)} of {len(TITLES)}. `ompycord doctor` may know why.")
    raise typer.Exit(0 if is_well else 1)
