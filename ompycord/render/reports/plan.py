"""A plan as a message of its own, so that it notifies; counterpart of `question.py`, which asks everything else.

The same call renders the open and the closed form: once decided, the buttons are gone and it shows who decided.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.folds.reports import Proposal
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.render.cards.asking import since_sentence
from ompycord.render.cards.cardview import Button, Colour
from ompycord.render.cards.names import agent_name
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.people import mention, user_ids
from ompycord.render.render_context import RenderContext
from ompycord.render.reports.passes import critique_lines, passes_lines, passes_sentence
from ompycord.render.reports.plan_lines import plan_closed, plan_lines
from ompycord.render.sanitizer import Redact, Sanitizer
from ompycord.text.limits import EMBED_FIELD_VALUE

__all__ = ["PLAN_APPROVE", "PLAN_CHANGE", "PLAN_REJECT", "plan_message"]

PLAN_APPROVE: Final = "planok"
PLAN_CHANGE: Final = "planedit"
PLAN_REJECT: Final = "planno"
_TITLE: Final = 160
_PATH: Final = 120
_NAME: Final = 60
_CHANGES: Final = {"add": "🆕", "modify": "✏", "delete": "🗑"}


def plan_message(
    snapshot: StatusSnapshot,
    proposal: Proposal,
    render_context: RenderContext,
    *,
    sign: Sign,
    redact: Redact,
    mentions: Sequence[str] = (),
    role_mentions: Sequence[str] = (),
) -> RenderedMessage:
    """The plan with its three buttons; `attachment` is the whole of it where the message shows only a part."""
    sanitizer = Sanitizer(redact)
    agent = agent_name(snapshot, sanitizer)
    footer = footer_of(snapshot, render_context, sanitizer, OutboxKind.QUESTION, question_tag(proposal.ref))
    shown, whole = _fields(proposal, sanitizer)
    is_open = proposal.status == "open" and not snapshot.is_final
    end = since_sentence(snapshot, proposal.asked_at) if is_open else plan_closed(proposal, sanitizer)
    likely = f"{render_context.forecast.capitalize()}.\n\n" if is_open and render_context.forecast else ""
    passed = f"{passes_sentence(proposal.passes, sanitizer)}\n\n" if proposal.passes is not None else ""
    data = {
        "title": f"{'🟡 ' if is_open else ''}Plan of {sanitizer.label(agent, _NAME)}",
        "description": f"{sanitizer.line(proposal.plan.summary, 600)}\n\n{passed}{likely}{end}",
        "color": Colour.YELLOW if is_open else Colour.GREY,
        "fields": shown,
        "footer": {"text": f"{footer} · plan {proposal.hash[:12]}"},
    }
    if not is_open:
        return message(embeds=[data], sign=sign)
    users, roles = user_ids(mentions), user_ids(role_mentions)
    who = mention(users, roles)
    head = f"{agent} has a plan and waits for your decision."
    return message(
        f"{who}: {head}" if who else head,
        embeds=[data],
        buttons=[
            Button(action=PLAN_APPROVE, label="Approve", style="success", ref=snapshot.run),
            Button(action=PLAN_CHANGE, label="Change…", ref=snapshot.run),
            Button(action=PLAN_REJECT, label="Reject…", style="danger", ref=snapshot.run),
        ],
        sign=sign,
        mentions=users,
        role_mentions=roles,
        attachment=None if whole else "\n".join(_whole(proposal, Sanitizer(redact, terminal=True))),
        content_hash=proposal.hash,
    )


def _whole(proposal: Proposal, sanitizer: Sanitizer) -> list[str]:
    """The plan, and the passes before it."""
    passed = ["", *passes_lines(proposal.passes, sanitizer)] if proposal.passes is not None else []
    return [*plan_lines(proposal.plan, sanitizer), *passed]


def _fields(proposal: Proposal, sanitizer: Sanitizer) -> tuple[list[dict[str, object]], bool]:
    """Steps, files, checks, risks and the critique as fields, and whether they hold all of it."""
    plan, passes = proposal.plan, proposal.passes
    steps = [f"{number}. {sanitizer.line(step.title, _TITLE)}" for number, step in enumerate(plan.steps, 1)]
    files = [
        f"{_CHANGES[file.change]} {sanitizer.line(file.path, _PATH)}"
        f"{f': {sanitizer.line(file.why, _TITLE)}' if file.why else ''}"
        for file in plan.files
    ]
    checks = [", ".join(sanitizer.line(check, _TITLE) for check in plan.checks)] if plan.checks else []
    risks = [f"- {sanitizer.line(risk, 300)}" for risk in plan.risks]
    critique = critique_lines(passes, sanitizer) if passes is not None else []
    named = [("Steps", steps), ("Files", files), ("Checks", checks), ("Risks", risks), ("Critique", critique)]
    made = [(name, *_cut(lines)) for name, lines in named if lines]
    fields: list[dict[str, object]] = [{"name": name, "value": text, "inline": False} for name, text, _ in made]
    return fields, passes is None and all(is_whole for _, _, is_whole in made)


def _cut(lines: Sequence[str]) -> tuple[str, bool]:
    """As many whole lines as a field takes; the others are counted."""
    kept: list[str] = []
    room = EMBED_FIELD_VALUE - 30
    for line in lines:
        room -= len(line.encode("utf-16-le")) // 2 + 1
        if room < 0:
            return "\n".join((*kept, f"… and {len(lines) - len(kept)} more")), False
        kept.append(line)
    return "\n".join(kept), True
