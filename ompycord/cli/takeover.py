"""`ompycord takeover`: work in a stopped run's clone at this terminal, then hand it back.

Counterpart of `app/takeover.py`.
"""

import os
from typing import Annotated

import typer

from ompycord.cli.places import DataDir, settings_of

__all__ = ["takeover"]


def takeover(
    run: Annotated[str, typer.Argument(help="The run: the last characters of its id.")],
    command: Annotated[
        list[str] | None,
        typer.Argument(help="What to start there, after --. Without it: the agent in its session, else a shell."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Work in a stopped run's clone at this terminal, as confined as its agent. Its end hands the run back.

    The exit code is that of what ran.
    """
    from ompycord.app.takeover import take_over

    raise typer.Exit(take_over(settings_of(data_dir), run, tuple(command or ()), os.environ, typer.echo))
