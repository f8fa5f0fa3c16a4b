"""`CardView` to the exact payload of a card; counterpart of `bot/delivery/live.py`, which edits the message.

A card is made of a snapshot and its render context. The hash is taken without the transient status, so gateway, breaker
and clock never cause an edit (docs/contracts/cards.md, *Renderers*); their state appears with the next edit that has
another cause.
"""

from collections.abc import Collection

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.render.cards.actions import CARD_ACTIONS, CardAction
from ompycord.render.cards.cardview import PLAN, CardView, FieldView
from ompycord.render.cards.truncation import fit
from ompycord.render.cards.view import view
from ompycord.render.message import Json, RenderedMessage, Sign, payload_hash, rows
from ompycord.render.phrases import iso
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact

__all__ = ["RenderedCard", "embed", "render", "render_card"]


class RenderedCard(RenderedMessage):
    """A card's message. Its content is empty: a card notifies no one."""

    needs_person: bool
    is_final: bool = False
    lost: tuple[str, ...] = ()
    """The steps of `truncation.py` that were needed, in order; for statistics."""


def embed(view: CardView, *, transient_status: str = "") -> Json:
    """The embed in Discord's shape. Empty parts are left out: Discord refuses them."""
    footer = f"{view.footer} · {transient_status}" if transient_status else view.footer
    data: Json = {
        "title": view.heading,
        "description": view.description,
        "color": view.colour,
        "fields": [_field(field) for field in view.fields if field.part not in PLAN],
        "footer": {"text": footer},
        "timestamp": iso(view.at),
    }
    if view.author:
        data["author"] = {"name": view.author}
    return data


def _field(field: FieldView) -> Json:
    return {"name": field.name, "value": field.value, "inline": field.inline}


def render_card(card: CardView, *, sign: Sign, is_final: bool = False) -> RenderedCard:
    """The payload of a card, cut to what Discord takes."""
    fitted, steps = fit(card)
    return RenderedCard(
        embeds=(embed(fitted, transient_status=fitted.transient_status),),
        components=rows(fitted.buttons, sign),
        payload_hash=payload_hash("", [embed(fitted)], fitted.buttons),
        needs_person=fitted.needs_person,
        is_final=is_final,
        lost=steps,
    )


def render(
    snapshot: StatusSnapshot,
    render_context: RenderContext,
    *,
    sign: Sign,
    redact: Redact,
    actions: Collection[CardAction] = CARD_ACTIONS,
) -> RenderedCard:
    """A card from a snapshot and its render context: `view`, then `render_card`."""
    card = view(snapshot, render_context, actions=actions, redact=redact)
    return render_card(card, sign=sign, is_final=snapshot.is_final)
