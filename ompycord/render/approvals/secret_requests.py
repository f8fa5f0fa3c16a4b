"""A request for a secret as people read it: what it is for, who gives it and how; part of `question.py`."""

from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.folds.snapshot import Question
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.secret_requests.rules import GIVEN, host_of
from ompycord.render.cards.cardview import Button
from ompycord.render.phrases import stamp
from ompycord.render.sanitizer import Sanitizer

__all__ = ["GIVE", "NEVER_WRITE_IT", "give_words", "secret_buttons", "secret_closed", "secret_words"]

GIVE: Final = Button(action="give", label="Give it…", style="primary")
"""Without its `ref`, which is the run."""
NEVER_WRITE_IT: Final = (
    "This asks for a secret, and Discord keeps what is written here: delete your message if it held one. Press "
    "*Give it…* below the question, or answer *Refuse*. Nothing was sent."
)


def secret_buttons(refuse: Button, ref: str) -> list[Button]:
    """What Discord offers: how to give it, and to refuse."""
    return [GIVE.model_copy(update={"ref": ref}), refuse.model_copy(update={"style": "danger"})]


def secret_words(decides: str) -> str:
    """Who gives it, and how."""
    return (
        f"{decides[:1].upper()}{decides[1:]} gives it: *Give it…* says how, past Discord. Never write it here. One "
        "start of its agent gets it, and nothing shows it. *Refuse* has the agent go on without it."
    )


def secret_closed(question: Question, by: str) -> str:
    """`Given by NAME, 12:07, for one start of the agent.`"""
    if question.answer == GIVEN:
        return f"Given by {by}, for one start of its agent."
    if (host := host_of(question.answer)) is not None:
        return f"Given by {by}, for requests to `{host}` by Ompycord's proxy. Its agent does not get it."
    return f"Refused by {by}: its agent goes on without it."


def give_words(run: RunId, name: str, sanitizer: Sanitizer, *, until: Millis | None) -> str:
    """How this person gives it; `until` when a link works that goes with this, None where there is no page."""
    shown = sanitizer.code(name, 64)
    command = f"`ompycord secret give {short_id(run)} {shown}`"
    terminal = f"{command} on Ompycord's machine, which asks for it without showing it"
    if until is None:
        return (
            f"Give `{shown}` with {terminal}. Never write it in Discord. For a page instead, an admin sets "
            "`webhook.public_url` in the settings."
        )
    return (
        f"The page takes `{shown}` past Discord. Its link is yours alone and works once, until {stamp(until, 't')}: "
        f"do not forward it. Or use {terminal}."
    )
