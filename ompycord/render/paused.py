"""A run is paused until a person resumes it: a message of its own, so that it notifies; counterpart of the card.

docs/contracts/cards.md, *Who is pinged*: a budget reached, an agent that crashed or goes in circles, a provider that
refuses. A run that a person stopped notifies no one.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import EndedBy, RunState, SuspendReason
from ompycord.render.cards.cardview import Button
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.names import agent_name, short_title
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.people import mention, user_ids
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer, isolated
from ompycord.text import cut
from ompycord.text.limits import EMBED_TITLE

__all__ = ["paused_message", "pings_paused"]

_WHAT: Final = {
    SuspendReason.BUDGET: "the run reached its budget.",
    SuspendReason.ACCOUNT: "a budget that the run shares is used up.",
    SuspendReason.INTERRUPTED: "{agent} crashed; the run is paused.",
    SuspendReason.PROVIDER: "the provider refuses; the run is paused.",
}
_ENDED: Final = {
    EndedBy.CLOCK: "{agent} ran out of time; the run is paused.",
    EndedBy.TURN: "{agent} was interrupted; the run is paused.",
}
"""What says it better where it is known who ended the agent."""


def pings_paused(snapshot: StatusSnapshot, iteration: int) -> bool:
    """Whether the run is still paused where it stopped in that iteration."""
    is_paused = snapshot.state is RunState.SUSPENDED and (snapshot.reason in _WHAT or snapshot.is_circling)
    return is_paused and snapshot.iteration == iteration


def paused_message(
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    ref: str,
    *,
    url: str | None,
    sign: Sign,
    redact: Redact,
    mentions: Sequence[str] = (),
    role_mentions: Sequence[str] = (),
) -> RenderedMessage:
    """Why it is paused and what continues it.

    `ref` names the outbox row, `url` the card, which has the buttons.
    """
    sanitizer = Sanitizer(redact)
    headline = headline_of(snapshot, render_context, sanitizer)
    users, roles = user_ids(mentions), user_ids(role_mentions)
    reason = snapshot.reason or SuspendReason.INTERRUPTED
    by = snapshot.ended_by if reason is SuspendReason.INTERRUPTED else None
    what = (_ENDED.get(by) if by else None) or _WHAT.get(reason, "the run is paused.")
    what = "{agent} goes in circles: decide what happens next." if snapshot.is_circling else what
    what = what.format(agent=agent_name(snapshot, sanitizer))
    who = mention(users, roles)
    embed: dict[str, object] = {
        "title": cut(
            f"{headline.glyph} {headline.word} · {isolated(short_title(snapshot, render_context, sanitizer))}",
            EMBED_TITLE,
        ),
        "description": headline.sentence,
        "color": headline.colour,
        "footer": {"text": footer_of(snapshot, render_context, sanitizer, OutboxKind.NOTICE, question_tag(ref))},
    }
    return message(
        f"{who}: {what}" if who else what[:1].upper() + what[1:],
        embeds=[embed],
        buttons=[Button(label="Go to the card", style="link", url=url)] if url else [],
        sign=sign,
        mentions=users,
        role_mentions=roles,
    )
