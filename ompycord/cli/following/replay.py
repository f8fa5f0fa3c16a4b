"""`ompycord replay`: run a recorded run again from its tape; counterpart of `app/replaying/session.py`."""

import json
import os
from typing import TYPE_CHECKING, Annotated

import typer

from ompycord.cli.places import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from ompycord.app.replaying.session import Replayed

__all__ = ["replay"]


def replay(
    run: Annotated[str, typer.Argument(help="The recorded run: the last characters of its id.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail too where the agent asked something else than it did then.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Run a recorded run again, with its tape in place of the model: no network, no key, nothing published.

    Exit 0: the result is the same, file by file. 1: it is not, or the tape did not reach.
    """
    from ompycord.app.replaying.session import replay as play
    from ompycord.cli.following.live_story import LiveStory

    with LiveStory(is_quiet=as_json) as live:
        found = play(settings_of(data_dir), os.environ, run, show=live.show)
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(_lines(found)))
    raise typer.Exit(0 if found.is_success and not (strict and found.different) else 1)


def _lines(found: "Replayed") -> list[str]:
    story = found.story
    lines = [f"{story['mark']} {story['status']}: {story['sentence']}"]
    if found.stopped:
        lines.append(found.stopped)
    played = f"{found.played} of {found.answers} answers of the tape of run {found.run} were used"
    lines.append(f"{played}; {found.different} were for a request that differs from the recorded one.")
    if found.missing:
        lines.append(f"{found.missing} requests found no answer left on the tape.")
    if not found.is_whole_tape:
        lines.append("The tape has not the whole run: it was full, or Ompycord was killed. See tapes.max_mib.")
    if found.is_same is None:
        lines.append("The results cannot be compared: one of them is not there.")
    elif found.is_same:
        lines.append(f"The result is the same, file by file (tree {found.tree}).")
    else:
        lines.append(f"The result differs in: {', '.join(found.differences)}")
    return lines
