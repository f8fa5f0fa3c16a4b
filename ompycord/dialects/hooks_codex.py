"""The payload that Codex gives its `notify` program (developers.openai.com/codex/config-advanced).

There is one at the end of each turn. It contains neither when a turn began nor whether another follows, so that each is
a run of its own that has ended.
"""

from ompycord.dialects.frames import Frame, listed, named, one_line, prose, ref, string
from ompycord.dialects.hook_reading import HookReading
from ompycord.domain.events import EventBody, Message, Note, RunFinished, RunStarted, SessionOpened
from ompycord.text.titles import title_of

__all__ = ["read"]


def read(payload: Frame) -> HookReading:
    """The argument of one call."""
    kind = one_line(string(payload, "type"), 64)
    is_turn = kind == "agent-turn-complete"
    request = kind == "approval-requested"
    return HookReading(
        kind=kind or "a notice without a type",
        events=_turn(payload) if is_turn else _request(payload) if request else (),
        session=named(string(payload, "thread-id")),
        id=named(string(payload, "turn-id")) if is_turn else None,
        begins=is_turn,
        is_known=is_turn or request,
    )


def _request(payload: Frame) -> tuple[EventBody, ...]:
    what = one_line(string(payload, "reason") or string(payload, "command"), 400)
    return (Note(text=f"Codex waits for approval at its terminal{f': {what}' if what else ''}."),)


def _turn(payload: Frame) -> tuple[EventBody, ...]:
    prompt = prose("\n".join(text for text in listed(payload, "input-messages") if isinstance(text, str)))
    words = prose(string(payload, "last-assistant-message")).strip()
    thread = string(payload, "thread-id")
    events: list[EventBody] = [RunStarted(agent="codex", title=title_of(prompt) or None, prompt=prompt or None)]
    events += [SessionOpened(session=ref(thread))] if thread else []
    events += [Message(text=words)] if words else []
    return (*events, RunFinished(summary=words or None))
