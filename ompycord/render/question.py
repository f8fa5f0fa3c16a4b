"""Questions and approvals as messages of their own, so that they notify; counterpart of the card's *Waiting for*.

The same call renders the open and the closed form: once decided, the buttons are gone and it shows who decided, and
when.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.folds.reports import Proposal
from ompycord.domain.folds.snapshot import Approval, Question, StatusSnapshot, permission_of
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind
from ompycord.domain.risk.standing import can_stand
from ompycord.render.approvals.deciding import Deciding, before_words, class_words, present_words
from ompycord.render.approvals.secret_requests import secret_buttons, secret_closed, secret_words
from ompycord.render.cards.asking import since_sentence
from ompycord.render.cards.cardview import Button, Colour
from ompycord.render.cards.names import agent_name
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import approval_hash, question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.people import mention, user_ids
from ompycord.render.phrases import and_list, sentence, stamp
from ompycord.render.render_context import RenderContext
from ompycord.render.reports.plan_lines import plan_closed
from ompycord.render.sanitizer import Redact, Sanitizer
from ompycord.text import utf16_len
from ompycord.text.limits import BUTTON_LABEL

__all__ = [
    "answer_buttons",
    "approval_closed",
    "approval_message",
    "ops_message",
    "permission_words",
    "question_closed",
    "question_message",
    "reminder_message",
]

_TEXT: Final = 3000
_ANSWER: Final = 400
_NAME: Final = 60
_FILES: Final = 600
"""Characters of all paths that a permission names (`dialects/requests/tool_approval.py`); none is shortened here."""
_TEXT_WITH_FILES: Final = 2200
_SCOPES: Final = {"run": "for this run", "day": "here for a day"}


Request = Question | Approval | Proposal


class _RequestView:
    """What the two kinds share: whom they ask, of which run."""

    def __init__(
        self,
        snapshot: StatusSnapshot,
        render_context: RenderContext,
        ref: str,
        redact: Redact,
        kind: OutboxKind = OutboxKind.QUESTION,
    ) -> None:
        self.sanitizer = Sanitizer(redact)
        self.snapshot = snapshot
        self.agent = agent_name(snapshot, self.sanitizer)
        self.run: RunId = snapshot.run
        self.footer = footer_of(snapshot, render_context, self.sanitizer, kind, question_tag(ref))
        self.approvers = self.sanitizer.line(render_context.approvers, _NAME) if render_context.approvers else ""

    def head(self, what: str, users: Sequence[str], roles: Sequence[str]) -> str:
        """`<@1> or approver: omp has a question.`"""
        who = mention(users, roles)
        if self.approvers and not roles:
            who = f"{who} or {self.approvers}" if who else self.approvers
        return f"{who}: {what}" if who else what

    def short(self, request: Request) -> str:
        """What is asked, on a line."""
        if isinstance(request, Proposal):
            return self.sanitizer.line(f"Plan: {request.plan.summary}", _ANSWER)
        return self.sanitizer.line(request.text if isinstance(request, Question) else request.title, _ANSWER)

    def asking(self, title: str, text: str, asked_at: Millis) -> dict[str, object]:
        """The embed of an open request."""
        return self.embed(f"🟡 {title}", f"{text}\n\n{since_sentence(self.snapshot, asked_at)}", Colour.YELLOW)

    def embed(self, title: str, text: str, colour: int) -> dict[str, object]:
        return {"title": title, "description": text, "color": colour, "footer": {"text": self.footer}}


def question_message(
    snapshot: StatusSnapshot,
    question: Question,
    render_context: RenderContext,
    *,
    button_ref: str,
    sign: Sign,
    redact: Redact,
    mentions: Sequence[str] = (),
    role_mentions: Sequence[str] = (),
    gives: str = "an approver",
) -> RenderedMessage:
    """A question with a button for each option and one for an answer of one's own.

    `button_ref` names the question in component ids, where agents' refs are too long. `attachment` is the whole text
    where the message shows only its beginning. `gives`: who may give the secret for which it asks.
    """
    request = _RequestView(snapshot, render_context, question.ref, redact)
    text = request.sanitizer.prose(question.text, _TEXT) or "(no text)"
    what = "has a question" if question.secret is None else "needs a secret"
    title = f"{request.sanitizer.label(request.agent, _NAME)} {what}"
    if question.status != "open" or snapshot.is_final:
        closed = f"{text}\n\n{question_closed(question, request.sanitizer)}"
        return message(embeds=[request.embed(title, closed, Colour.GREY)], sign=sign)
    users, roles = user_ids(mentions), user_ids(role_mentions)
    shown = text if question.secret is None else f"{text}\n\n{secret_words(gives)}"
    return message(
        request.head(f"{request.agent} {what}.", users, roles),
        embeds=[request.asking(title, shown, question.asked_at)],
        buttons=answer_buttons(question, button_ref, request.sanitizer),
        sign=sign,
        mentions=users,
        role_mentions=roles,
        attachment=_whole(question.text, request.sanitizer),
    )


def answer_buttons(question: Question, button_ref: str, sanitizer: Sanitizer) -> list[Button]:
    """A button for each option, and one for an answer of one's own where the question takes it."""
    options = [
        Button(
            action=f"opt{index}",
            label=sanitizer.label(option, BUTTON_LABEL) or f"Option {index + 1}",
            style="primary",
            ref=button_ref,
        )
        for index, option in enumerate(question.options)
    ]
    if question.secret is not None and options:
        return secret_buttons(options[0], button_ref)
    if question.free_text or not options:
        own = Button(action="answer", label="Other answer…", ref=button_ref)
        options.append(own if options else own.model_copy(update={"label": "Answer…", "style": "primary"}))
    return options


def approval_message(
    snapshot: StatusSnapshot,
    approval: Approval,
    render_context: RenderContext,
    *,
    button_ref: str,
    sign: Sign,
    redact: Redact,
    mentions: Sequence[str] = (),
    role_mentions: Sequence[str] = (),
    deciding: Deciding | None = None,
) -> RenderedMessage:
    """A request for approval, with what the agent wants to do word for word; `button_ref` and `attachment` as above.

    `deciding`: who may decide. Where no one present can, it offers nothing but *Deny*.
    """
    request = _RequestView(snapshot, render_context, approval.ref, redact)
    text, whole = _wanted(approval, request.sanitizer)
    asking = "Ompycord" if approval.is_publication else request.agent
    title = f"{request.sanitizer.label(asking, _NAME)} needs approval"
    if approval.status != "open" or snapshot.is_final:
        closed = f"{text}\n\n{approval_closed(approval, request.sanitizer)}"
        return message(embeds=[request.embed(title, closed, Colour.GREY)], sign=sign)
    users, roles = user_ids(mentions), user_ids(role_mentions)
    possible = deciding is None or deciding.is_possible
    parts = (
        text,
        before_words(render_context.decided_before.get(approval.ref, ()), request.sanitizer),
        present_words(approval, deciding, request.sanitizer) if deciding is not None else "",
        permission_words(approval, request.sanitizer) if possible else "",
        since_sentence(snapshot, approval.asked_at),
    )
    return message(
        request.head(f"{asking} needs your OK.", users, roles),
        embeds=[request.embed(f"🟡 {title}", "\n\n".join(part for part in parts if part), Colour.YELLOW)],
        buttons=_approval_buttons(approval, button_ref, possible=possible),
        sign=sign,
        mentions=users,
        role_mentions=roles,
        attachment=whole,
        content_hash=approval_hash(approval),
    )


def _wanted(approval: Approval, sanitizer: Sanitizer) -> tuple[str, str | None]:
    """What the agent wants to do, and all of it as a file where the message cannot show all."""
    command, limit = approval.command or "", _TEXT_WITH_FILES if approval.edits else _TEXT
    shown = sanitizer.code(command, limit)
    risk = class_words(approval, sanitizer)
    parts = [sanitizer.line(approval.title, _ANSWER), f"```\n{shown}\n```" if shown.strip() else "", risk]
    text = "\n".join(part for part in parts if part) or "(no text)"
    if _is_cut(approval.title, sanitizer, sanitizer.line, _ANSWER):
        return text, sanitizer.source("\n\n".join(part for part in (approval.title, command) if part))
    return text, sanitizer.source(command) if _is_cut(command, sanitizer, sanitizer.code, limit) else None


def _is_cut(text: str, sanitizer: Sanitizer, shown: Callable[[str, int], str], limit: int) -> bool:
    """Whether `limit` units do not show all of it. An ellipsis at the end proves nothing: agents can write one."""
    size = utf16_len(sanitizer.source(text))
    return size > limit or (size > limit // 4 and shown(text, limit) != shown(text, limit * 8))


def reminder_message(
    snapshot: StatusSnapshot,
    request: Request,
    render_context: RenderContext,
    ref: str,
    *,
    url: str | None,
    sign: Sign,
    redact: Redact,
    mentions: Sequence[str] = (),
    role_mentions: Sequence[str] = (),
) -> RenderedMessage:
    """A reminder for the people concerned: what still waits, and where. `ref`: the outbox row's.

    Once it waits no more, what came of it; then it mentions no one.
    """
    view = _RequestView(snapshot, render_context, ref, redact, OutboxKind.NOTICE)
    if request.status != "open" or snapshot.is_final:
        text = f"{view.short(request)}\n\n{_end_of(request, view.sanitizer)}"
        embed = {"description": text, "color": Colour.GREY, "footer": {"text": view.footer}}
        buttons = [Button(label="Go to the question", style="link", url=url)] if url else []
        return message(f"{view.agent} waited for an answer.", embeds=[embed], buttons=buttons, sign=sign)
    users, roles = user_ids(mentions), user_ids(role_mentions)
    text = f"{view.short(request)}\n\n{since_sentence(snapshot, request.asked_at)}"
    return message(
        view.head(f"{view.agent} is still waiting for your answer.", users, roles),
        embeds=[{"description": text, "color": Colour.YELLOW, "footer": {"text": view.footer}}],
        buttons=[Button(label="Go to the question", style="link", url=url)] if url else [],
        sign=sign,
        mentions=users,
        role_mentions=roles,
    )


def ops_message(
    snapshot: StatusSnapshot,
    request: Request,
    render_context: RenderContext,
    ref: str,
    *,
    url: str | None,
    sign: Sign,
    redact: Redact,
) -> RenderedMessage:
    """A notice for the operators after an hour without an answer: who waits for what. It mentions no one."""
    view = _RequestView(snapshot, render_context, ref, redact, OutboxKind.NOTICE)
    closed = request.status != "open" or snapshot.is_final
    end = _end_of(request, view.sanitizer) if closed else since_sentence(snapshot, request.asked_at)
    asker = view.sanitizer.line(snapshot.origin.requester_name or "", _NAME)
    whose = f"In {asker}'s run " if asker else ""
    data = {
        "description": f"{view.short(request)}\n\n{end}",
        "color": Colour.GREY if closed else Colour.YELLOW,
        "footer": {"text": view.footer},
    }
    buttons = [Button(label="Go to the question", style="link", url=url)] if url else []
    head = (
        f"{whose}{view.agent} waited more than an hour for an answer."
        if closed
        else f"{whose}{view.agent} has been waiting for an answer for an hour."
    )
    return message(head, embeds=[data], buttons=buttons, sign=sign)


def _end_of(request: Request, sanitizer: Sanitizer) -> str:
    if isinstance(request, Proposal):
        return plan_closed(request, sanitizer)
    return question_closed(request, sanitizer) if isinstance(request, Question) else approval_closed(request, sanitizer)


def _approval_buttons(approval: Approval, ref: str, *, possible: bool) -> list[Button]:
    """What cannot be shown whole, or what no one present may allow, can only be denied."""
    once = Button(action="allow", label="Allow once", style="success", ref=ref)
    for_the_run = Button(action="allowrun", label="Allow for this run", ref=ref)
    for_a_day = Button(action="allowday", label="Allow here for a day", ref=ref)
    return [
        *([once] if approval.whole and possible else []),
        *([for_the_run] if permission_of(approval) and possible else []),
        *([for_a_day] if can_stand(approval) and possible else []),
        Button(action="deny", label="Deny…", style="danger", ref=ref),
    ]


def permission_words(approval: Approval, sanitizer: Sanitizer) -> str:
    """What *Allow for this run* would cover, or why it cannot be allowed so."""
    if not approval.whole:
        return "It is too long to be shown whole, so it can only be denied."
    if approval.is_publication:
        return "It is for this result alone: another one is asked about anew."
    if permission_of(approval) is None:
        return "Its agent did not send all arguments of the call, so it can be allowed once and not for the run."
    if approval.edits:
        files = and_list([f"`{sanitizer.code(path, _FILES)}`" for path in approval.edits], most=_FILES)
        tool = sanitizer.line(approval.tool or "the same tool", _NAME)
        return f"*Allow for this run* covers every edit of {files} by {tool}, whatever it writes there; nothing else."
    for_the_run = "*Allow for this run* covers exactly this call, as often as the agent makes it."
    if not can_stand(approval):
        return for_the_run
    return f"{for_the_run} *Allow here for a day*: the same for every run in this repository and channel."


def _whole(source: str, sanitizer: Sanitizer) -> str | None:
    return sanitizer.source(source) if _is_cut(source, sanitizer, sanitizer.prose, _TEXT) else None


def question_closed(question: Question, sanitizer: Sanitizer) -> str:
    """`Answered by NAME, 12:07: *Allow once*`, in every reader's own time zone."""
    if question.status != "answered":
        return _withdrawn("No longer needed", question.reason, sanitizer)
    if question.secret is not None:
        return secret_closed(question, _by(question.by, question.closed_at, sanitizer))
    answer = sanitizer.line(question.answer or "", _ANSWER)
    return f"Answered by {_by(question.by, question.closed_at, sanitizer)}{f': *{answer}*' if answer else '.'}"


def approval_closed(approval: Approval, sanitizer: Sanitizer) -> str:
    """`Allowed once by NAME, 12:07.`"""
    by = _by(approval.by, approval.closed_at, sanitizer)
    match approval.status:
        case "granted":
            return f"Allowed {_SCOPES.get(approval.scope or '', 'once')} by {by}."
        case "denied":
            why = sanitizer.line(approval.reason or "", _ANSWER)
            return f"Denied by {by}{f': *{why}*' if why else '.'}"
        case _:
            return _withdrawn("No longer needed", approval.reason, sanitizer)


def _withdrawn(words: str, reason: str | None, sanitizer: Sanitizer) -> str:
    """That nobody decides it any more, and why."""
    why = sanitizer.line(reason or "", _ANSWER)
    return f"{words}: {sentence(why)}" if why else f"{words}."


def _by(name: str | None, at: int | None, sanitizer: Sanitizer) -> str:
    who = sanitizer.line(name or "", _NAME) or "someone"
    return f"{who}, {stamp(at, 't')}" if at is not None else who
