"""The channel summary: a run's one line in the channel, from which its thread is opened; counterpart of the card.

It is never an interaction's answer, and a probe finds it by its footer after a crash
(docs/contracts/cards.md, *Exactly once*).
"""

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.render.cards.cardview import Button
from ompycord.render.cards.headlines import Headline, headline_of
from ompycord.render.cards.view import footer_of, short_title
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["direct_message", "summary_message"]


def summary_message(
    snapshot: StatusSnapshot, render_context: RenderContext, *, thread: str | None, sign: Sign, redact: Redact
) -> RenderedMessage:
    """State, title and a link to the thread, None until it is open. It changes only when the word does."""
    sanitizer = Sanitizer(redact)
    headline = headline_of(snapshot, render_context, sanitizer)
    data = {
        "description": _line(snapshot, headline, sanitizer, f"<#{thread}>" if thread else ""),
        "color": headline.colour,
        "footer": {"text": footer_of(snapshot, render_context, sanitizer, OutboxKind.SUMMARY)},
    }
    return message(embeds=[data], sign=sign)


def direct_message(
    snapshot: StatusSnapshot, render_context: RenderContext, *, url: str, sign: Sign, redact: Redact
) -> RenderedMessage:
    """The same line for one person who chose direct messages; the whole is where the button leads."""
    sanitizer = Sanitizer(redact)
    headline = headline_of(snapshot, render_context, sanitizer)
    buttons = [Button(label="Go to the thread", style="link", url=url)]
    return message(_line(snapshot, headline, sanitizer, ""), buttons=buttons, sign=sign)


def _line(snapshot: StatusSnapshot, headline: Headline, sanitizer: Sanitizer, where: str) -> str:
    # A number in the word, such as 2/4, would cost an edit for each phase.
    word = headline.word.rstrip("0123456789/ ")
    title = sanitizer.line(short_title(snapshot, sanitizer), 200)
    return " · ".join(part for part in (f"{headline.glyph} **{word}**", title, where) if part)
