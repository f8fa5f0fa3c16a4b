"""A snapshot as plain text for `/omp show`, logs and terminals; counterpart of the card, with the same words."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import regex

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.render.cards.blocks import card_fields, facts_of
from ompycord.render.cards.cardview import PLAN, FieldView, Part
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.names import short_title
from ompycord.render.cards.view import REHEARSAL
from ompycord.render.phrases import count, day_clock
from ompycord.render.render_context import RenderContext
from ompycord.render.reports.passes import passes_lines
from ompycord.render.reports.plan_lines import plan_closed, plan_lines
from ompycord.render.reports.task_passes import task_passes_lines
from ompycord.render.run_view import Place, shown_facts
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["SECTIONS", "ShowPart", "clocks", "text_form"]

ShowPart = Literal["story", "plan", "checks", "cost", "people"]
"""The part of `/omp show` that a snapshot alone has; the diff and the log are files."""

_STAMP: Final = regex.compile(r"<t:([0-9]{1,12}):[Rtf]>")
_PROMPT: Final = 4000
_WORDS: Final = 4000
_MARKS: Final = {"pending": "▫", "active": "▶", "done": "✅", "failed": "🔴", "skipped": "⏭"}


def text_form(
    snapshot: StatusSnapshot, render_context: RenderContext, *, redact: Redact, part: ShowPart = "story"
) -> str:
    """Lines of text without markup; times in UTC. Ends without a newline."""
    sanitizer = Sanitizer(redact, terminal=True)
    head = _head(snapshot, render_context, sanitizer)
    body = [line for section in SECTIONS[part](snapshot, sanitizer) for line in _indented(section)]
    return "\n".join(line.rstrip() for line in (*head, *body))


def _head(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> list[str]:
    headline = headline_of(snapshot, render_context, sanitizer)
    title = short_title(snapshot, render_context, sanitizer)
    named = f"{headline.glyph} {headline.word}"
    return [
        *([f"DEMO · {REHEARSAL}"] if render_context.is_rehearsal else []),
        f"{short_id(snapshot.run)}  {' · '.join(part for part in (named, headline.note, title) if part)}",
        *clocks(headline.sentence).splitlines(),
        *([clocks(known)] if (known := facts_of(snapshot, sanitizer, pulse=headline.pulse)) else []),
        " · ".join(shown_facts(snapshot, Place.HEAD, sanitizer, most=100)),
    ]


def clocks(text: str) -> str:
    """Discord's time stamps in it as a clock of UTC."""
    return _STAMP.sub(lambda match: day_clock(int(match[1]) * 1000), text)


def _indented(section: "Section") -> list[str]:
    return ["", section.name, *(f"  {line}" for line in section.lines)] if section.lines else []


class Section(NamedTuple):
    """A name, and the lines below it."""

    name: str
    lines: list[str]


def _story(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[Section]:
    fields = [field for field in card_fields(snapshot, sanitizer) if field.part not in PLAN]
    task = Section("Task", sanitizer.prose(snapshot.prompt, _PROMPT).splitlines())
    plan = _plan(snapshot, sanitizer) if snapshot.plan or snapshot.proposal is not None else []
    return [task, *_refined(snapshot, sanitizer), *plan, *(_field(field, sanitizer) for field in fields)]


def _refined(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[Section]:
    if snapshot.refined is None:
        return []
    return [Section("Refined before the agent began", task_passes_lines(snapshot.refined.passes, sanitizer))]


def _plan(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[Section]:
    lines: list[str] = []
    for phase in snapshot.plan:
        lines.append(f"{_MARKS[phase.status]} {sanitizer.line(phase.title, 120)}")
        lines += [f"  {_MARKS[step.status]} {sanitizer.line(step.title, 120)}" for step in phase.steps]
    proposal = snapshot.proposal
    if proposal is None:
        return [Section("Plan", lines or ["There is no plan."])]
    planned = [*plan_lines(proposal.plan, sanitizer), plan_closed(proposal, sanitizer)]
    passes = passes_lines(proposal.passes, sanitizer) if proposal.passes is not None else []
    passed = [Section("Passes before it", passes)] if passes else []
    return [Section("Plan", planned), *passed, Section("Progress", lines)]


def _checks(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[Section]:
    return _chosen(snapshot, sanitizer, {Part.CHECKS, Part.EVIDENCE, Part.FAILING}) or [
        Section("Checks", ["No check has run."])
    ]


def _cost(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[Section]:
    return _chosen(snapshot, sanitizer, {Part.BILLING}) or [Section("Tokens", ["None are known yet."])]


def _people(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[Section]:
    lines = [f"asked by {sanitizer.line(snapshot.origin.requester_name or 'an agent elsewhere', 100)}"]
    for question in snapshot.questions:
        by = (
            f" by {sanitizer.line(question.by, 60)}: {sanitizer.line(question.answer or '', 200)}"
            if question.by
            else ""
        )
        lines.append(f"question {question.status}{by} ({sanitizer.line(question.text, 120)})")
    for approval in snapshot.approvals:
        by = f" by {sanitizer.line(approval.by, 60)}" if approval.by else ""
        used = f", used {count(approval.uses, 'time')} more" if approval.uses else ""
        lines.append(f"approval {approval.status}{by}{used} ({sanitizer.line(approval.title, 120)})")
    if snapshot.proposal is not None and snapshot.proposal.by:
        lines.append(f"plan {plan_closed(snapshot.proposal, sanitizer)}")
    return [Section("People", lines)]


def _chosen(snapshot: StatusSnapshot, sanitizer: Sanitizer, parts: set[Part]) -> list[Section]:
    return [_field(field, sanitizer) for field in card_fields(snapshot, sanitizer) if field.part in parts]


def _field(field: FieldView, sanitizer: Sanitizer) -> Section:
    text = sanitizer.prose(field.prose.source, _WORDS) if field.prose is not None else field.value
    return Section(field.name, text.splitlines())


SECTIONS: Final[dict[ShowPart, Callable[[StatusSnapshot, Sanitizer], list[Section]]]] = {
    "story": _story,
    "plan": _plan,
    "checks": _checks,
    "cost": _cost,
    "people": _people,
}
"""What each part consists of; empty sections are shown nowhere."""
