"""What an agent wants to be remembered, as a message with *Keep*, *Edit…* and *Drop*; counterpart of `question.py`."""

from collections.abc import Callable
from typing import Final

from ompycord.domain.folds.proposed_lesson import ProposedLesson
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.domain.refs import Ref
from ompycord.render.cards.cardview import Button, Colour
from ompycord.render.cards.names import agent_name
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.phrases import and_list
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["LESSON_DROP", "LESSON_EDIT", "LESSON_KEEP", "lesson_notice"]

LESSON_KEEP, LESSON_EDIT, LESSON_DROP = "memkeep", "memedit", "memdrop"
_TITLE: Final = 200
_BODY: Final = 1500
_NAME: Final = 60
_DONE: Final = {"kept": "Kept by {}", "edited": "Kept by {}, in other words", "dropped": "Dropped by {}"}


def lesson_notice(
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    ref: str,
    *,
    sign: Callable[[str, str, str], str],
    redact: Redact,
) -> RenderedMessage | None:
    """The proposal with its buttons, or what was decided about it; None where the run has no such one.

    It mentions no one. `ref` names the outbox row; `sign` takes the nonce too, which names the proposal.
    """
    item = Ref.parse(ref).name
    lesson = next((one for one in snapshot.lessons if one.item == item), None)
    if lesson is None:
        return None

    def signed(action: str, run: str) -> str:
        return sign(action, run, question_tag(item))

    return _message(snapshot, lesson, render_context, ref, sign=signed, redact=redact)


def _message(
    snapshot: StatusSnapshot,
    lesson: ProposedLesson,
    render_context: RenderContext,
    ref: str,
    *,
    sign: Sign,
    redact: Redact,
) -> RenderedMessage:
    sanitizer = Sanitizer(redact)
    is_open = lesson.status == "open"
    what = lesson.what
    files = f"Files: {and_list([sanitizer.line(path, 100) for path in what.paths])}" if what.paths else ""
    asks = "If you keep it, agents of later runs here are given it as background."
    by = sanitizer.line(lesson.by or "someone", _NAME)
    closed = "" if is_open else f"{_DONE[lesson.status].format(by)}."
    lines = [
        f"**{sanitizer.line(what.title, _TITLE)}**",
        sanitizer.prose(what.body, _BODY),
        files,
        asks if is_open else closed,
    ]
    embed: dict[str, object] = {
        "title": f"{agent_name(snapshot, sanitizer)} wants to remember a {what.kind.word}",
        "description": "\n".join(line for line in lines if line),
        "color": Colour.YELLOW if is_open else Colour.GREY,
        "footer": {"text": footer_of(snapshot, render_context, sanitizer, OutboxKind.NOTICE, question_tag(ref))},
    }
    buttons = [
        Button(action=LESSON_KEEP, label="Keep", style="success", ref=snapshot.run),
        Button(action=LESSON_EDIT, label="Edit…", ref=snapshot.run),
        Button(action=LESSON_DROP, label="Drop", ref=snapshot.run),
    ]
    return message(embeds=[embed], buttons=buttons if is_open else (), sign=sign)
