"""What is said of typed answers: one that can be undone, and what became of it; counterpart of `question.py`."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.folds.snapshot import Question, StatusSnapshot, TypedAnswer
from ompycord.domain.records import OutboxKind
from ompycord.domain.refs import Ref
from ompycord.domain.run import RunState, SuspendReason
from ompycord.render.cards.actions import FOLLOW_UP
from ompycord.render.cards.cardview import Button, Colour
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.phrases import and_list, stamp
from ompycord.render.question import question_closed
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer
from ompycord.text.limits import ANSWER, UNDO_S

__all__ = [
    "CHANGED_AFTER_UNDO",
    "ONLY_FILES",
    "UNDO",
    "may_not_answer",
    "not_offered",
    "taken",
    "too_long",
    "typed_answer_message",
    "undone",
    "unread_message",
    "which_question",
]

_ANSWER: Final = 400
_NAME: Final = 60
_OPTIONS: Final = 10

CHANGED_AFTER_UNDO: Final = "That message is no answer any more. Write a new one to answer."
ONLY_FILES: Final = "An answer is text, and files do not go with it. Nothing was sent."
UNDO: Final = Button(action="undo", label="Undo")
"""Without its `ref`, which is the run."""
_NOT_READ: Final = (
    "I cannot read messages here, so the agent does not get them. Answer with the buttons below the question, or use "
    "`/omp say` or *Say…* on the card."
)
_NOT_READ_AT_END: Final = (
    "I cannot read messages here, and this run has ended. *Follow up…* starts another one with what you write in its "
    "form."
)


def taken(answer: str, due: Millis, sanitizer: Sanitizer) -> str:
    """For an answer that can be undone until `due`."""
    return f"Taken as your answer: *{sanitizer.line(answer, _ANSWER)}*. It is sent {stamp(due)}."


def undone(answer: str, sanitizer: Sanitizer) -> str:
    """For an answer that its writer withdrew in time."""
    return f"Undone: *{sanitizer.line(answer, _ANSWER)}* was not sent. The question is open again."


def not_offered(text: str, options: Sequence[str], sanitizer: Sanitizer) -> str:
    """For a text that is none of the answers that the question takes."""
    offered = and_list([f"*{sanitizer.line(option, _NAME)}*" for option in options], most=_OPTIONS)
    return f"*{sanitizer.line(text, _NAME)}* is not one of the choices: {offered}. Nothing was sent."


def which_question(text: str, sanitizer: Sanitizer) -> str:
    """For a text that could be the answer to several questions."""
    return f"Several questions are open. Which one does *{sanitizer.line(text, _ANSWER)}* answer?"


def may_not_answer(approvers: str | None, sanitizer: Sanitizer, *, is_sent: bool) -> str:
    """For a person who writes where others are asked. `is_sent`: the agent gets it as a message."""
    who = f"its requester or {sanitizer.line(approvers, _NAME) if approvers else 'an *approver*'}"
    if is_sent:
        return f"Only {who} can answer its question, so the agent gets this as a message."
    return f"Only {who} can answer its question, so this was not sent."


def too_long(length: int) -> str:
    """For an answer that does not fit."""
    return f"That has {length:,} characters; {ANSWER:,} is the limit. Nothing was sent."


def typed_answer_message(
    snapshot: StatusSnapshot,
    typed: TypedAnswer,
    render_context: RenderContext,
    ref: str,
    *,
    sign: Sign,
    redact: Redact,
) -> RenderedMessage:
    """The reply to a message that is an answer: first with *Undo*, then what became of it. `ref`: the outbox row's."""
    sanitizer = Sanitizer(redact)
    is_waiting = typed in snapshot.waiting_answers
    due = typed.at + int(UNDO_S * 1000)
    text = taken(typed.answer, due, sanitizer) if is_waiting else _outcome(snapshot, typed, sanitizer)
    footer = footer_of(snapshot, render_context, sanitizer, OutboxKind.NOTICE, question_tag(ref))
    embed = {"description": text, "color": Colour.YELLOW if is_waiting else Colour.GREY, "footer": {"text": footer}}
    buttons = [UNDO.model_copy(update={"ref": snapshot.run})] if is_waiting else []
    return message(embeds=[embed], buttons=buttons, sign=sign)


def _outcome(snapshot: StatusSnapshot, typed: TypedAnswer, sanitizer: Sanitizer) -> str:
    answer = sanitizer.line(typed.answer, _ANSWER)
    question = snapshot.question(typed.question)
    is_open = question is not None and question.status == "open" and not snapshot.is_final
    again = " The question is open again." if is_open else ""
    match typed.dropped:
        case "undone":
            return f"Undone: *{answer}* was not sent.{again}"
        case "deleted":
            return f"The message was deleted, so *{answer}* was not sent.{again}"
        case "changed":
            return f"The message is no answer any more, so *{answer}* was not sent.{again}"
        case "no_role":
            by = sanitizer.line(typed.by, _NAME)
            return f"Not sent: *{answer}*. {by} may not answer here any more.{again}"
        case "closed" | None:
            return _end(snapshot, question, typed, answer, sanitizer)


def _end(
    snapshot: StatusSnapshot, question: Question | None, typed: TypedAnswer, answer: str, sanitizer: Sanitizer
) -> str:
    if question is not None and question.status == "answered":
        if (question.answer, question.by) != (typed.answer, typed.by):
            return f"Not sent: *{answer}*. {question_closed(question, sanitizer)}"
        is_stopped = snapshot.state is RunState.SUSPENDED and snapshot.reason is not SuspendReason.WAITING
        kept = " The run is stopped: its agent gets it after *Resume* on the card." if is_stopped else ""
        return f"Answer sent: *{answer}*.{kept}"
    why = "The run has ended." if snapshot.is_final else "The question is closed."
    return f"Not sent: *{answer}*. {why}"


def unread_message(
    snapshot: StatusSnapshot, render_context: RenderContext, ref: str, *, sign: Sign, redact: Redact
) -> RenderedMessage:
    """For a thread in which people write although its messages cannot be read. `ref`: the outbox row's."""
    footer = footer_of(snapshot, render_context, Sanitizer(redact), OutboxKind.NOTICE, question_tag(ref))
    has_ended = Ref.parse(ref).name == "end"
    words = _NOT_READ_AT_END if has_ended else _NOT_READ
    buttons = [Button(action=FOLLOW_UP.name, label=FOLLOW_UP.label, ref=snapshot.run)] if has_ended else []
    embed: dict[str, object] = {"description": words, "color": Colour.GREY, "footer": {"text": footer}}
    return message(embeds=[embed], buttons=buttons, sign=sign)
