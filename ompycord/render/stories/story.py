"""The story of a run: what was asked, what happened when, what stands behind its end. `ompycord report` prints it."""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.domain.events import PromptUsed, RunEvent
from ompycord.domain.folds.rounds import RunStep, StartOfAgent, starts_of, steps_of
from ompycord.domain.folds.snapshot import StatusSnapshot, Usage, Verification
from ompycord.domain.ids import short_id
from ompycord.domain.run import RunOutcome, RunState
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.textform import SECTIONS, clocks
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["Story", "StorySection", "exit_code_of", "story_of"]

_TITLE: Final = 200
_MESSAGE: Final = 500
_STEPS: Final = 500
_ENDS: Final = {
    RunState.COMPLETE: 3,
    RunState.PARTIAL: 4,
    RunState.FAILED: 5,
    RunState.SUSPENDED: 6,
    RunState.CANCELLED: 7,
}


class StorySection(Frozen):
    """A part of the story, as `/omp show` has it."""

    name: str
    lines: tuple[str, ...]


class Story(Frozen):
    """All that is told of a run; times in milliseconds since 1970."""

    schema_: Literal["ompycord/report@1"] = Field(default="ompycord/report@1", alias="schema")
    run: str
    """The last characters of its id, as people see it."""
    id: str
    title: str
    repository: str | None
    agent: str | None
    mode: str | None
    state: RunState
    mark: str
    """The sign of the card."""
    status: str
    """As the card's head says it."""
    sentence: str
    outcome: str | None
    verification: Verification
    round: int
    max_rounds: int
    branch: str | None
    commit: str | None
    usage: Usage
    needs_person: bool
    """Whether it waits for an answer or an approval."""
    created_at: int
    ended_at: int | None
    steps: tuple[RunStep, ...]
    starts: tuple[StartOfAgent, ...]
    """The starts of its agent."""
    prompts: tuple[PromptUsed, ...] = ()
    """The templates by which models were told what to do, in their order."""
    sections: tuple[StorySection, ...]
    exit_code: int | None
    """What `ompycord run` ends with now; None while the run is at work."""


def exit_code_of(snapshot: StatusSnapshot) -> int | None:
    """docs/contracts/files-and-names.md, *Exit codes*. None while the run works, waits or is published again."""
    if snapshot.publishes_again:
        return None
    is_answered = snapshot.outcome is RunOutcome.ANSWERED
    if snapshot.state is RunState.COMPLETE and (is_answered or snapshot.verification is Verification.VERIFIED):
        return 0
    return _ENDS.get(snapshot.state)


def story_of(
    snapshot: StatusSnapshot, events: Sequence[RunEvent], render_context: RenderContext, *, redact: Redact
) -> Story:
    """The story by the snapshot and the whole log of a run."""
    sanitizer = Sanitizer(redact, terminal=True)
    headline = headline_of(snapshot, render_context, sanitizer)
    steps = [
        step.model_copy(update={"message": sanitizer.line(step.message, _MESSAGE) if step.message else None})
        for step in steps_of(events)
    ]
    prompts = tuple(dict.fromkeys(event.body for event in events if isinstance(event.body, PromptUsed)))
    return Story(
        run=short_id(snapshot.run),
        id=snapshot.run,
        title=sanitizer.line(snapshot.title, _TITLE),
        repository=snapshot.repository,
        agent=snapshot.agent,
        mode=snapshot.mode.value if snapshot.mode is not None else None,
        state=snapshot.state,
        mark=headline.glyph,
        status=headline.word,
        sentence=clocks(headline.sentence),
        outcome=snapshot.outcome.value if snapshot.outcome is not None else None,
        verification=snapshot.verification,
        round=snapshot.round,
        max_rounds=snapshot.max_rounds,
        branch=snapshot.branch,
        commit=snapshot.commit,
        usage=snapshot.usage,
        needs_person=snapshot.needs_person,
        created_at=snapshot.created_at,
        ended_at=snapshot.ended_at,
        steps=tuple(steps[-_STEPS:]),
        starts=starts_of(events),
        prompts=prompts,
        sections=(
            *(
                StorySection(name=section.name, lines=tuple(clocks(line) for line in section.lines))
                for section in SECTIONS["story"](snapshot, sanitizer)
                if section.lines
            ),
            *_prompts(prompts, sanitizer),
        ),
        exit_code=exit_code_of(snapshot),
    )


def _prompts(prompts: Sequence[PromptUsed], sanitizer: Sanitizer) -> tuple[StorySection, ...]:
    """A line for each template with its hash; nothing where the task was all that a model was told."""
    lines = [
        " · ".join(
            (
                f"{one.template} {one.hash}",
                *([sanitizer.line(one.model, _TITLE)] if one.model else ()),
                *([f"temperature {one.temperature:g}"] if one.temperature is not None else ()),
                *(["kept from before"] if one.kept else ()),
            )
        )
        for one in prompts
    ]
    return (StorySection(name="Prompts", lines=tuple(lines)),) if lines else ()
