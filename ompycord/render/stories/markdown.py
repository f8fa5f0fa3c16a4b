"""The story of a run as a Markdown file; its counterpart is `story.py`. Nothing in it is markup of an agent's."""

from datetime import UTC, datetime
from typing import Final

from ompycord.render.phrases import count, duration, money
from ompycord.render.stories.story import Story

__all__ = ["START_COLUMNS", "head_facts", "markdown", "moment", "start_rows"]

START_COLUMNS: Final = ("Round", "Start", "Took", "Tokens", "Cost", "Files", "Checks")
_FENCE: Final = "````"
_SIGNS: Final = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>|#"})


def markdown(story: Story) -> str:
    """The whole file, with a newline at its end. Times are UTC."""
    lines = [f"# {story.mark} {_plain(story.status)}: {_plain(story.title)}", "", _plain(story.sentence), ""]
    lines += [f"- **{name}**: {_plain(value)}" for name, value in head_facts(story)]
    if story.starts:
        lines += ["", "## Rounds", "", _row(START_COLUMNS), _row(["---"] * len(START_COLUMNS))]
        lines += [_row([_plain(cell) for cell in row]) for row in start_rows(story)]
    if story.steps:
        lines += ["", "## What happened", ""]
        lines += [f"- {moment(step.at)} {step.state.value.lower()}{_sentence(step.message)}" for step in story.steps]
    for section in story.sections:
        lines += ["", f"## {_plain(section.name)}", "", _FENCE, *(line.replace(_FENCE, "") for line in section.lines)]
        lines += [_FENCE]
    return "\n".join(lines) + "\n"


def head_facts(story: Story) -> list[tuple[str, str]]:
    """Name and value of what is known of the run."""
    usage = story.usage
    took = duration(story.ended_at - story.created_at) if story.ended_at is not None else ""
    known = [
        ("Run", f"{story.run} ({story.id})"),
        ("Repository", story.repository),
        ("Agent", story.agent),
        ("Mode", story.mode),
        ("State", story.state.value if story.outcome is None else f"{story.state.value}, {story.outcome}"),
        ("Verification", story.verification.value),
        ("Rounds", f"{story.round} of {story.max_rounds}"),
        ("Branch", story.branch),
        ("Commit", story.commit),
        ("Tokens", f"{usage.input + usage.output:,}" if usage.input or usage.output else None),
        ("Cost", f"{money(usage.cost_usd)}{'' if usage.cost_complete else ', at least'}" if usage.cost_usd else None),
        ("Started", moment(story.created_at)),
        ("Took", took),
    ]
    return [(name, value) for name, value in known if value]


def start_rows(story: Story) -> list[tuple[str, ...]]:
    """A row by `START_COLUMNS` for each start of the agent."""
    return [
        (
            str(start.round) if start.rolled_back_to is None else f"{start.round}, from {start.rolled_back_to}",
            moment(start.at),
            duration(start.ended_at - start.at) if start.ended_at is not None else "…",
            f"{start.tokens:,}" if start.tokens else "",
            money(start.cost_usd) if start.cost_usd is not None else "",
            count(start.files, "file") if start.files is not None else "",
            f"not taken: {start.refused}" if start.refused else ", ".join(start.checks),
        )
        for start in story.starts
    ]


def moment(at: int) -> str:
    """`2026-01-31 12:00:00`."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _sentence(message: str | None) -> str:
    return f": {_plain(message)}" if message else ""


def _row(cells: "list[str] | tuple[str, ...]") -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    return text.translate(_SIGNS)
