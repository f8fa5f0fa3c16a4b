"""`ompycord report`: the story of a run as text, Markdown or JSON; counterpart of `app/terminal/reports.py`."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ompycord.cli.places import DataDir, note_if_nothing_runs, perform_here
from ompycord.errors import UnavailableError
from ompycord.files import replace_file

__all__ = ["report"]


def report(
    run: Annotated[
        str | None, typer.Argument(help="The run: the last characters of its id.", show_default=False)
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="The newest run.")] = False,
    form: Annotated[
        Literal["text", "md", "json"], typer.Option("--format", help="For people, as Markdown, or for programs.")
    ] = "text",
    output: Annotated[Path | None, typer.Option(help="Write it into this file.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Tell a run: what was asked, each round, what stands behind its end. The words are those of its card."""
    if (run is None) is not last:
        raise typer.BadParameter("name a run, or give --last")
    found: dict[str, Any] = perform_here(data_dir, "runs.report", {} if run is None else {"run": run})
    text = _as(form, found)
    if output is None:
        typer.echo(text.rstrip("\n"))
        if form == "text" and found["exit_code"] is None:
            note_if_nothing_runs(data_dir)
        return
    try:
        replace_file(output.absolute(), text)
    except OSError as error:
        raise UnavailableError(f"{output} cannot be written: {error.strerror}.") from error
    typer.echo(f"Written to {output}.")


def _as(form: str, found: dict[str, Any]) -> str:
    if form == "json":
        return json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    from ompycord.render.stories.markdown import markdown
    from ompycord.render.stories.story import Story

    story = Story.model_validate(found)
    return markdown(story) if form == "md" else _text(story)


def _text(story: Any) -> str:
    from io import StringIO

    from rich.console import Console

    from ompycord.cli.following.live_story import story_picture

    here = Console(highlight=False)
    drawn = Console(
        file=StringIO(), width=here.width, force_terminal=here.is_terminal, color_system="auto", highlight=False
    )
    drawn.print(story_picture(story))
    for section in story.sections:
        drawn.print()
        drawn.print(section.name, style="bold", markup=False)
        for line in section.lines:
            drawn.print(f"  {line}", markup=False, soft_wrap=True)
    file = drawn.file
    assert isinstance(file, StringIO)
    return file.getvalue()
