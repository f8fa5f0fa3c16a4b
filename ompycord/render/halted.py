"""A run stands still and only a person lets it go on: a message of its own, so that it rings; counterpart of the card.

docs/contracts/cards.md, *Who is pinged*: budget reached, and an agent that crashed. What somebody stopped by hand rings
nobody.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunState, SuspendReason
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.render.cardview import Button, Colour
from ompycord.render.faces import face_of
from ompycord.render.inert import Inert, Redact
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.people import mention, user_ids
from ompycord.render.surroundings import Surroundings
from ompycord.render.verdicts import agent_name
from ompycord.render.view import footer_of, short_title
from ompycord.text import cut
from ompycord.text.limits import EMBED_TITLE

__all__ = ["halted_message", "rings_halted"]

_WHAT: Final = {
    SuspendReason.BUDGET: "the run stopped at its limit.",
    SuspendReason.INTERRUPTED: "{agent} broke off; the run waits.",
}


def rings_halted(snapshot: StatusSnapshot, iteration: int) -> bool:
    """Whether the run still stands where it was halted in that iteration."""
    return snapshot.state is RunState.SUSPENDED and snapshot.reason in _WHAT and snapshot.iteration == iteration


def halted_message(
    snapshot: StatusSnapshot,
    around: Surroundings,
    ref: str,
    *,
    url: str | None,
    sign: Sign,
    redact: Redact,
    mentions: Sequence[str] = (),
    role_mentions: Sequence[str] = (),
) -> RenderedMessage:
    """Why it stands still and what lets it go on. `ref` names the outbox row, `url` the card, which has the buttons."""
    inert = Inert(redact)
    face = face_of(snapshot, around, inert)
    users, roles = user_ids(mentions), user_ids(role_mentions)
    reason = snapshot.reason or SuspendReason.INTERRUPTED
    what = _WHAT.get(reason, "the run waits.").format(agent=agent_name(snapshot, inert))
    who = mention(users, roles)
    embed: dict[str, object] = {
        "title": cut(f"{face.glyph} {face.word} · {short_title(snapshot, inert)}", EMBED_TITLE),
        "description": face.sentence,
        "color": Colour.GREY,
        "footer": {"text": footer_of(snapshot, around, inert, OutboxKind.NOTICE, question_tag(ref))},
    }
    return message(
        f"{who}: {what}" if who else what[:1].upper() + what[1:],
        embeds=[embed],
        buttons=[Button(label="Go to the card", style="link", url=url)] if url else [],
        sign=sign,
        mentions=users,
        role_mentions=roles,
    )
