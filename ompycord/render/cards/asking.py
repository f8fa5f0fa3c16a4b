"""What a run asks of a person: whom it waits for, what it asks, until when; counterpart of `render/question.py`."""

from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.folds.shown_requests import risk_of
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import RunKind, RunState, SuspendReason
from ompycord.render.cards.names import agent_name
from ompycord.render.phrases import count, stamp
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Sanitizer
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import WAITING_S

__all__ = ["ASK", "PAUSE_AFTER_MS", "request_sentence", "since_sentence", "waits_for"]

ASK: Final = 600
"""docs/contracts/cards.md, *What a person must decide*: units of a request to a person, which is never left out."""

PAUSE_AFTER_MS: Final = int(WAITING_S * 1000)
"""docs/contracts/cards.md, *Who is pinged*: an open question or approval suspends its run after 24 h."""

_NAME: Final = 40
_NO_TEXT: Final = "(no text)"


def waits_for(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> str:
    """The person or role by whose answer the run continues: `Ada`, `an approver`."""
    approver = sanitizer.dead(render_context.approvers, _NAME) if render_context.approvers else "an approver"
    requester = sanitizer.dead(snapshot.origin.requester_name or "", _NAME).strip()
    is_question = bool(snapshot.open_questions) and not snapshot.open_approvals and not _wants_secret(snapshot)
    if requester and (is_question or not render_context.needs_second_person):
        return requester
    if snapshot.kind is RunKind.EXTERNAL:
        return "an answer" if is_question else "a decision"
    return approver


def _wants_secret(snapshot: StatusSnapshot) -> bool:
    """Whether its agent waits for a secret, which not everybody may give who may answer."""
    return any(one.secret is not None for one in snapshot.open_questions)


def request_sentence(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """The oldest open approval or question in its own words, and until when it can be answered."""
    agent = agent_name(snapshot, sanitizer)
    waiting = len(snapshot.open_approvals) + len(snapshot.open_questions)
    if snapshot.open_approvals:
        approval = snapshot.open_approvals[0]
        risk = f" · {risk_of(approval).risk.word}"
        wanted = " — ".join(part for part in (approval.title, approval.command or "") if part.strip())
        text = (sanitizer.line(wanted, ASK - utf16_len(risk)) or _NO_TEXT) + risk
        who = "Ompycord" if approval.is_publication else agent
        lines = [f"{who} needs approval: {text}", since_sentence(snapshot, approval.asked_at)]
    elif snapshot.open_questions:
        question = snapshot.open_questions[0]
        lines = [sanitizer.line(question.text, ASK) or _NO_TEXT, since_sentence(snapshot, question.asked_at)]
    else:
        at = snapshot.proposal.asked_at if snapshot.proposal is not None else snapshot.last_event_at
        lines = ["The plan is ready and needs a decision.", since_sentence(snapshot, at)]
    if waiting > 1:
        lines[0] += f" … and {count(waiting - 1, 'more decision')} after this one"
    return "\n".join(lines)


def since_sentence(snapshot: StatusSnapshot, asked_at: Millis) -> str:
    """`Asked 3 minutes ago. Pauses in 23 h if no one answers.`; what becomes of a decision on a paused run."""
    is_hosted = snapshot.kind is RunKind.HOSTED
    if is_hosted and snapshot.state is RunState.SUSPENDED:
        if snapshot.reason is SuspendReason.WAITING and _wants_secret(snapshot):
            kept = "Its agent is stopped until it is given or refused."
        elif snapshot.reason is SuspendReason.WAITING:
            kept = "Its agent was stopped to make room and continues once it is answered."
        else:
            kept = "The run is paused: a decision is kept and applies after Resume."
        if snapshot.open_proposal is not None:
            kept = "The run is paused; a decision continues it."
        return f"Asked {stamp(asked_at)}. {kept}"
    plan = () if snapshot.open_proposal is None else (snapshot.open_proposal,)
    since = [one.asked_at for one in (*snapshot.open_approvals, *snapshot.open_questions, *plan)]
    will_pause = since and is_hosted
    pauses = f" Pauses {stamp(min(since) + PAUSE_AFTER_MS)} if no one answers." if will_pause else ""
    return f"Asked {stamp(asked_at)}.{pauses}"
