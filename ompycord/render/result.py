"""The final answer: a new message that mentions the requester, since edits notify no one; counterpart of the card.

Evidence first: checks, what fails, what changed, the cost, the links.
"""

from collections.abc import Collection, Sequence
from typing import Final

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunOutcome
from ompycord.render.cards.actions import CARD_ACTIONS, CardAction
from ompycord.render.cards.card import embed
from ompycord.render.cards.cardview import Excerpt, Part
from ompycord.render.cards.truncation import fit
from ompycord.render.cards.view import footer_of, view
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.people import mention, user_ids
from ompycord.render.render_context import RenderContext
from ompycord.render.reports.answer import answer_message
from ompycord.render.sanitizer import Redact, Sanitizer, isolated

__all__ = ["result_message"]

_EVIDENCE: Final = frozenset(
    {
        *(Part.CHECKS, Part.EVIDENCE, Part.FAILING, Part.LEFT_OUT, Part.FILES, Part.BILLING, Part.CHAIN, Part.MESSAGE),
        *(Part.LINKS, Part.PRECHECK, Part.NOTES, Part.GAPS),
    }
)


def result_message(
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    *,
    sign: Sign,
    redact: Redact,
    mentions: Sequence[str] = (),
    actions: Collection[CardAction] = CARD_ACTIONS,
) -> RenderedMessage:
    """The outcome of the run, also when it paused for its budget. `mentions` are the people it notifies."""
    sanitizer = Sanitizer(redact)
    whole = render_context.model_copy(update={"live_url": None, "result_url": None})
    card = view(snapshot, whole, actions=actions, redact=redact)
    if snapshot.answer is not None and snapshot.outcome is RunOutcome.ANSWERED:
        footer = footer_of(snapshot, render_context, sanitizer, OutboxKind.RESULT)
        return answer_message(snapshot.answer, card, footer=footer, sign=sign, sanitizer=sanitizer, mentions=mentions)
    fields = tuple(field for field in card.fields if field.part in _EVIDENCE)
    footer = footer_of(snapshot, render_context, sanitizer, OutboxKind.RESULT)
    brief = card.model_copy(update={"fields": fields, "footer": footer, "prompt": Excerpt(), "transient_status": ""})
    users = user_ids(mentions)
    head = isolated(sanitizer.dead(card.title, 200))
    content = " ".join(
        part for part in (mention(users), f"{card.glyph} **{card.word}**{f' · {head}' if head else ''}") if part
    )
    fitted = fit(brief.model_copy(update={"author": brief.author if render_context.is_rehearsal else ""})).view
    data = {key: value for key, value in embed(fitted).items() if key != "title"}  # the content has it
    return message(content, embeds=[data], buttons=fitted.buttons, sign=sign, mentions=users)
