"""Pure: Discord's rules for polls; its counterpart is `world/messages.py`, which stores them with their message."""

from typing import Any, Final

from ompycord.playground.rules.documents import Json, as_object, as_objects
from ompycord.playground.rules.errors import Form
from ompycord.playground.rules.limits import Limits

DEFAULT_HOURS: Final = 24
LAYOUT: Final = 1


def check(form: Form, poll: Any, limits: Limits) -> None:
    """Note what is wrong with a message's `poll`."""
    wanted = as_object(poll)
    if wanted is None:
        return
    _check_media(form, ("poll", "question"), wanted.get("question"), limits.poll_question)
    answers = as_objects(wanted.get("answers"))
    if form.length(("poll", "answers"), answers, 1, limits.poll_answers):
        for place, answer in enumerate(answers):
            path = ("poll", "answers", place, "poll_media")
            _check_media(form, path, answer.get("poll_media"), limits.poll_answer)
    if wanted.get("duration") is not None:
        form.between(("poll", "duration"), wanted["duration"], 1, limits.poll_hours)
    if wanted.get("layout_type") is not None:
        form.choice(("poll", "layout_type"), wanted["layout_type"], (LAYOUT,))


def _check_media(form: Form, path: tuple[str | int, ...], media: Any, highest: int) -> None:
    text = (as_object(media) or {}).get("text")
    if text is None:
        form.required((*path, "text"))
    else:
        form.length((*path, "text"), text, 1, highest)


def hours(poll: Json) -> int:
    """How long the poll stays open."""
    return int(poll.get("duration") or DEFAULT_HOURS)


def made(poll: Json, *, expiry: str) -> Json:
    """The poll as Discord gives it back, before anyone voted."""
    answers = [
        {"answer_id": number, "poll_media": _media(as_object(answer.get("poll_media")) or {})}
        for number, answer in enumerate(as_objects(poll.get("answers")), start=1)
    ]
    return {
        "question": {"text": poll["question"]["text"]},
        "answers": answers,
        "expiry": expiry,
        "allow_multiselect": bool(poll.get("allow_multiselect")),
        "layout_type": LAYOUT,
        "results": {"answer_counts": [], "is_finalized": False},
    }


def _media(media: Json) -> Json:
    emoji = as_object(media.get("emoji"))
    shown: Json = {"text": media["text"]}
    return shown | ({"emoji": {"id": None, "name": emoji.get("name")}} if emoji else {})
