"""The channel summary: a run's one line in the channel, from which its thread is opened; counterpart of the card.

It is never an interaction's answer, and a probe finds it by its footer after a crash
(docs/contracts/cards.md, *Exactly once*).
"""

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.render.cards.blocks import facts_of
from ompycord.render.cards.cardview import Button
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.names import short_title
from ompycord.render.cards.view import footer_of
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer, isolated
from ompycord.text import cut
from ompycord.text.limits import EMBED_TITLE

__all__ = ["direct_message", "summary_message"]


def summary_message(
    snapshot: StatusSnapshot, render_context: RenderContext, *, url: str | None, sign: Sign, redact: Redact
) -> RenderedMessage:
    """Glyph, and title that links to the thread (`url`, None until it is open); state, requester, at the end the facts.

    While the run works it changes only when the word does.
    """
    sanitizer = Sanitizer(redact)
    headline = headline_of(snapshot, render_context, sanitizer)
    requester = sanitizer.line(snapshot.origin.requester_name or "", 60)
    facts = facts_of(snapshot, sanitizer) if snapshot.is_final else ""
    title = short_title(snapshot, render_context, sanitizer)
    data: dict[str, object] = {
        "title": cut(f"{headline.glyph} {isolated(title)}", EMBED_TITLE),
        "description": " · ".join(part for part in (f"**{headline.word}**", requester, facts) if part),
        "color": headline.colour,
        "footer": {"text": footer_of(snapshot, render_context, sanitizer, OutboxKind.SUMMARY)},
    }
    return message(embeds=[data | ({"url": url} if url else {})], sign=sign)


def direct_message(
    snapshot: StatusSnapshot, render_context: RenderContext, *, url: str, sign: Sign, redact: Redact
) -> RenderedMessage:
    """State and title for one person who chose direct messages; the whole is where the button leads."""
    sanitizer = Sanitizer(redact)
    headline = headline_of(snapshot, render_context, sanitizer)
    buttons = [Button(label="Go to the thread", style="link", url=url)]
    title = sanitizer.line(short_title(snapshot, render_context, sanitizer), 200)
    return message(f"{headline.glyph} **{headline.word}** · {isolated(title)}", buttons=buttons, sign=sign)
