"""A run as it goes on, at a terminal: one picture that is redrawn; where there is no terminal, a line for each step."""

from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from ompycord.domain.run import RunOutcome, RunState
from ompycord.render.phrases import money
from ompycord.render.stories.markdown import START_COLUMNS, head_facts, moment, start_rows
from ompycord.render.stories.story import Story

__all__ = ["LiveStory", "end_lines", "story_picture"]

_COLOURS = {
    "COMPLETE": "green",
    "PARTIAL": "yellow",
    "FAILED": "red",
    "SUSPENDED": "yellow",
    "CANCELLED": "bright_black",
}
_STEPS = 8


class LiveStory:
    """Draws each picture while its block runs."""

    def __init__(self, *, is_quiet: bool = False, console: Console | None = None) -> None:
        self._console = console or Console(stderr=False, highlight=False)
        self._is_quiet = is_quiet
        self._live: Live | None = None
        self._printed = 0
        self._waits: str | None = None
        """What was printed last of who is waited for."""

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._is_quiet:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, picture: dict[str, Any]) -> None:
        """Take the newest picture of the run."""
        if self._is_quiet:
            return
        story = Story.model_validate(picture)
        if self._live is not None:
            self._live.update(story_picture(story), refresh=True)
            return
        for step in story.steps[self._printed :]:
            words = f": {step.message}" if step.message else ""
            self._print(f"{moment(step.at)}  {step.state.value.lower()}{words}")
        self._printed = len(story.steps)
        waits = _waits(story)
        if waits != self._waits and waits is not None:
            self._print(waits)
        self._waits = waits

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, soft_wrap=True)


def story_picture(story: Story) -> Group:
    """A banner of the state, the starts of the agent, the last steps and what it cost."""
    colour = _COLOURS.get(story.state.value, "cyan")
    banner = Text(f" {story.mark} {story.status} ", style=f"bold reverse {colour}")
    banner.append(f"  {story.title}", style="not reverse bold")
    parts: list[Text | Table] = [banner, Text(story.sentence)]
    if story.starts:
        table = Table(box=None, pad_edge=False, header_style="bright_black")
        for name in START_COLUMNS:
            table.add_column(name, overflow="fold")
        for row in start_rows(story):
            table.add_row(*(Text(cell) for cell in row))
        parts.append(table)
    for step in story.steps[-_STEPS:]:
        words = f"  {step.message}" if step.message else ""
        parts.append(Text(f"{moment(step.at)[11:]}  {step.state.value.lower()}{words}", style="bright_black"))
    parts.append(Text(_footer(story), style="bright_black"))
    return Group(*parts)


def _footer(story: Story) -> str:
    usage = story.usage
    spent = f"{usage.input + usage.output:,} tokens" if usage.input or usage.output else "no tokens yet"
    cost = f" · {money(usage.cost_usd)}" if usage.cost_usd else ""
    waits = _waits(story)
    return f"{story.run} · round {story.round} of {story.max_rounds} · {spent}{cost}{f' · {waits}' if waits else ''}"


def _waits(story: Story) -> str | None:
    """Who is waited for, and where they decide; None while it works."""
    if not story.needs_person:
        return None
    if story.state is RunState.AWAITING_APPROVAL:
        how = f"`ompycord plan show {story.run}`, then `ompycord plan approve {story.run}`"
        return f"Waits for your decision. In another terminal: {how}."
    return "Waits for a person: answer in Discord."


def end_lines(picture: dict[str, Any]) -> list[str]:
    """What stands below when it is over: an answer, the end, where the result is, what to do next."""
    story = Story.model_validate(picture)
    facts = dict(head_facts(story))
    answer = story.sections[-1].lines if story.outcome == RunOutcome.ANSWERED and story.sections else ()
    lines = [*answer, *("",) * bool(answer), f"{story.mark} {story.status}: {story.sentence}"]
    lines += [f"  {name:<11}{facts[name]}" for name in ("Branch", "Rounds", "Tokens", "Cost", "Took") if name in facts]
    lines += [f"  Report     ompycord report {story.run}"]
    if story.state.value == "SUSPENDED":
        lines += [f"  Resume     ompycord resume --id {story.run}"]
    return lines
