"""A snapshot as plain text for `/omp show`, logs and terminals; counterpart of the card, with the same words."""

from collections.abc import Callable
from typing import Final, Literal

import regex

from ompycord.domain.ids import short_id
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.render.blocks import card_fields
from ompycord.render.cardview import FieldView, Part
from ompycord.render.faces import face_of
from ompycord.render.inert import Inert, Redact
from ompycord.render.phrases import day_clock
from ompycord.render.surroundings import Surroundings
from ompycord.render.view import REHEARSAL, short_title

__all__ = ["ShowPart", "text_form"]

ShowPart = Literal["story", "plan", "checks", "cost", "people"]
"""What of `/omp show` a snapshot alone can tell; the diff and the log are files."""

_STAMP: Final = regex.compile(r"<t:([0-9]{1,12}):[Rtf]>")
_PROMPT: Final = 4000
_WORDS: Final = 4000
_PLAN: Final = frozenset({Part.DONE_PHASE, Part.NEXT_PHASE, Part.ACTIVE_PHASE})
_MARKS: Final = {"pending": "▫", "active": "▶", "done": "✅", "failed": "🔴", "skipped": "⏭"}


def text_form(snapshot: StatusSnapshot, around: Surroundings, *, redact: Redact, part: ShowPart = "story") -> str:
    """Lines of text without markup; times in UTC. Ends without a newline."""
    inert = Inert(redact, terminal=True)
    head = _head(snapshot, around, inert)
    body = _PARTS[part](snapshot, inert)
    return "\n".join(line.rstrip() for line in (*head, *body))


def _head(snapshot: StatusSnapshot, around: Surroundings, inert: Inert) -> list[str]:
    face = face_of(snapshot, around, inert)
    title = short_title(snapshot, inert)
    facts = [snapshot.repository, snapshot.agent, f"mode {snapshot.mode}" if snapshot.mode else None, snapshot.branch]
    return [
        *([f"DEMO · {REHEARSAL}"] if around.is_rehearsal else []),
        f"{short_id(snapshot.run)}  {face.glyph} {face.word}{f' · {title}' if title else ''}",
        _clocks(face.sentence),
        " · ".join(inert.line(fact, 100) for fact in facts if fact),
    ]


def _clocks(text: str) -> str:
    return _STAMP.sub(lambda match: day_clock(int(match[1]) * 1000), text)


def _story(snapshot: StatusSnapshot, inert: Inert) -> list[str]:
    fields = [field for field in card_fields(snapshot, inert) if field.part not in _PLAN]
    plan = _plan(snapshot, inert) if snapshot.plan else []
    lines = _section("Task", inert.prose(snapshot.prompt, _PROMPT).splitlines())
    return [*lines, *plan, *(line for field in fields for line in _field(field, inert))]


def _plan(snapshot: StatusSnapshot, inert: Inert) -> list[str]:
    lines: list[str] = []
    for phase in snapshot.plan:
        lines.append(f"{_MARKS[phase.status]} {inert.line(phase.title, 120)}")
        lines += [f"  {_MARKS[step.status]} {inert.line(step.title, 120)}" for step in phase.steps]
    return _section("Plan", lines or ["There is no plan."])


def _checks(snapshot: StatusSnapshot, inert: Inert) -> list[str]:
    return _chosen(snapshot, inert, {Part.CHECKS, Part.FAILING}) or _section("Checks", ["No check has run."])


def _cost(snapshot: StatusSnapshot, inert: Inert) -> list[str]:
    return _chosen(snapshot, inert, {Part.BILLING}) or _section("Cost", ["Nothing is known of the cost."])


def _people(snapshot: StatusSnapshot, inert: Inert) -> list[str]:
    lines = [f"asked by {inert.line(snapshot.origin.requester_name or 'an agent elsewhere', 100)}"]
    for question in snapshot.questions:
        by = f" by {inert.line(question.by, 60)}: {inert.line(question.answer or '', 200)}" if question.by else ""
        lines.append(f"question {question.status}{by} ({inert.line(question.text, 120)})")
    for approval in snapshot.approvals:
        by = f" by {inert.line(approval.by, 60)}" if approval.by else ""
        lines.append(f"approval {approval.status}{by} ({inert.line(approval.title, 120)})")
    return _section("People", lines)


def _chosen(snapshot: StatusSnapshot, inert: Inert, parts: set[Part]) -> list[str]:
    fields = card_fields(snapshot, inert)
    return [line for field in fields if field.part in parts for line in _field(field, inert)]


def _field(field: FieldView, inert: Inert) -> list[str]:
    text = inert.prose(field.prose.source, _WORDS) if field.prose is not None else field.value
    return _section(field.name, text.splitlines())


def _section(name: str, lines: list[str]) -> list[str]:
    return ["", name, *(f"  {line}" for line in lines)] if lines else []


_PARTS: Final[dict[ShowPart, Callable[[StatusSnapshot, Inert], list[str]]]] = {
    "story": _story,
    "plan": _plan,
    "checks": _checks,
    "cost": _cost,
    "people": _people,
}
